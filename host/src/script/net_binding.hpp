// The global `net`: TCP (and, for servers, TLS) for scripts. Each function opens
// into the table on top of the stack; to be called protected. Loop thread only.
#pragma once

#include "script/task.hpp"
#include "script/virgo_binding.hpp"

struct lua_State;

namespace virgo::script {

class TaskSet;

//   connect(host, port [, {timeout = seconds}]) -> socket | nil, message, code
//       Waits. Tries the host's addresses in turn. Without a timeout the task's
//       own end (a run's deadline) is the limit. The socket is closed with the
//       task that opened it.
//
// Sockets, whoever made them; those that read may wait, and take a timeout in
// seconds as their last argument:
//   read([n]) -> bytes | nil, message, code     exactly n bytes, or some
//   read_line([max]) -> line | nil, message, code   without \n or \r\n
//   write(bytes) -> true | nil, message, code   waits while much is unsent
//   close(), peer
int open_net(lua_State* L, const Surroundings& surroundings);

//   listen{host=, port=, certificate=, key=, accepted=function(socket),
//          refused=function(peer, message, code)} -> listener | nil, message, code
//       `accepted` runs as a task of its own that owns the socket. Without
//       certificate and key (PEM files) it listens in clear.
//   listener.address, listener:close()
// `tasks` outlives the state.
int open_net_listen(lua_State* L, const Surroundings& surroundings, TaskSet& tasks);

}  // namespace virgo::script
