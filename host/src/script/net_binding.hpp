// The global `net`: TCP (and, for servers, TLS) for scripts. What waits, waits at
// most until the strand ends (a run's deadline); what is opened is closed with
// the strand. lua-plugins/README.md is the reference. Loop thread only.
#pragma once

#include <memory>

#include "net/connection.hpp"

struct lua_State;

namespace virgo::script {

class Strand;
class TaskSet;

// Leaves the table with `connect` on the stack. May raise.
int open_net(lua_State* L);

// Adds, to the table on top of the stack, for applications:
//   listen{host=, port=, certificate=, key=, accepted=function(socket),
//          refused=function(peer, message, code)} -> listener | nil, error
//       `accepted` runs as a task of its own that owns the socket. Without
//       certificate and key (PEM files) it listens in clear.
//   listener.address, listener:close()
// `tasks` outlives the state. May raise.
void open_net_listen(lua_State* L, TaskSet& tasks);

// Pushes a socket over `connection`, owned by `strand`. open_net() comes first.
void push_socket(lua_State* L, Strand& strand, std::unique_ptr<net::Connection> connection);

}  // namespace virgo::script
