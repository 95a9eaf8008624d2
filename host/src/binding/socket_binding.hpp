// Sockets: the connections that virgo.tcp, virgo.tls and virgo.unix give. Loop thread only.
#pragma once

#include <memory>
#include <string>

#include "net/connection.hpp"

struct lua_State;

namespace virgo::crypto {
class TlsSession;
}

namespace virgo::binding {

class Strand;

// Once per state, before the first socket. May raise.
void open_sockets(lua_State* L);

// Pushes a socket over `connection`, owned by `strand`; `kind` and `host` as Socket has
// them. Raises nothing.
void push_socket(lua_State* L, Strand& strand, std::unique_ptr<net::Connection> connection,
                 const char* kind, std::string host);

// Pushes the table of sock:certificate(), or nil. Raises nothing.
void push_tls_certificate(lua_State* L, const crypto::TlsSession& session);

}  // namespace virgo::binding
