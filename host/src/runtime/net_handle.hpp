// A connection of net/ as a handle with the methods of luv's, so that net.Socket and
// other modules take it for one of theirs. Internal to runtime/. Loop thread only.
#pragma once

#include <memory>
#include <string>

#include "net/connection.hpp"

struct lua_State;

namespace virgo::runtime {

// Pushes the handle, which owns the connection. Methods: read_start(fn(err, chunk)),
// read_stop, write(data, fn(err)), try_write, shutdown(fn(err)), close(fn), is_closing,
// is_active, is_readable, is_writable, getpeername, getsockname, nodelay, keepalive,
// get_write_queue_size.
void push_net_handle(lua_State* L, std::unique_ptr<net::Connection> connection);

// Pushes {ip=, port=, family=} of "127.0.0.1:80", or the path of a unix socket.
int push_address(lua_State* L, const std::string& name);

}  // namespace virgo::runtime
