// What the files of native.tls share. Internal to runtime/.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "crypto/tls_context.hpp"

struct lua_State;

namespace virgo::runtime {

// Contexts by the name a client asks for; "*.x" stands for one label before ".x".
using NamedContexts = std::map<std::string, std::shared_ptr<crypto::TlsContext>, std::less<>>;

// A context in its userdata.
struct ContextBox {
  std::shared_ptr<crypto::TlsContext> context;
  std::shared_ptr<NamedContexts> servers;  // of a server
};

// native.tls.context(options) -> context | nil, message, code. Options: server,
// cert, key, ca (list), systemCa, alpn (list), minVersion, maxVersion,
// requestCert, rejectUnauthorized, ciphers, securityLevel, resumption.
int make_context(lua_State* L);
// The context at `index`, or raises.
ContextBox& check_context(lua_State* L, int index);
// The same, or null; does not raise.
ContextBox* to_context(lua_State* L, int index);

// Pushes nil, the message and its code; returns 3.
int push_failure(lua_State* L, const Error& error);
// "ECERT" and so on, as in host/docs/lua/tls.md.
const char* code_name(Errc code);

}  // namespace virgo::runtime
