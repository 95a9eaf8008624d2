// virgo.tcp: connections for scripts. What waits, waits at most until the strand
// ends (a run's deadline); what is opened is closed with the strand. lua-plugins/README.md is the
// reference. Loop thread only.
#pragma once

#include <memory>

#include "net/connection.hpp"

struct lua_State;

namespace virgo::binding {

class Strand;

// Leaves the table with `connect` on the stack. May raise.
int open_tcp(lua_State* L);

// Pushes a socket over `connection`, owned by `strand`. open_tcp() comes first.
void push_socket(lua_State* L, Strand& strand, std::unique_ptr<net::Connection> connection);

}  // namespace virgo::binding
