// virgo.udp: datagrams for scripts. lua-plugins/README.md is the reference. Loop thread only.
#pragma once

#include <string_view>

#include "uv/udp.hpp"

struct lua_State;

namespace virgo::binding {

// Leaves the table with `connect` and `bind` on the stack. May raise.
int open_udp(lua_State* L);

// Pushes what receive() gives; returns how many values. Raises nothing.
int push_datagram(lua_State* L, std::string_view bytes, const sockaddr_storage& from,
                  bool with_address);

}  // namespace virgo::binding
