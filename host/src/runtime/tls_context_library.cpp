// native.tls.context: TLS contexts from a table of options.
#include <lua.hpp>

#include <string_view>

#include "lua/scratch.hpp"
#include "lua/state.hpp"
#include "runtime/tls_library.hpp"

namespace virgo::runtime {
namespace {

constexpr const char* kContext = "virgo.tls.context";

// The strings of a call, in a userdata while Lua may raise.
struct Options {
  crypto::ClientOptions client;
  crypto::ServerOptions server;
};
constexpr const char* kOptions = "virgo.tls.options";

std::string text_field(lua_State* L, const char* name) {
  std::size_t size = 0;
  lua_getfield(L, 1, name);
  const char* text = lua_isnil(L, -1) ? "" : lua_tolstring(L, -1, &size);
  if (text == nullptr) luaL_error(L, "tls: %s must be a string", name);
  const lua::HostWork unrefused(L);
  std::string copy(text, size);
  lua_pop(L, 1);
  return copy;
}

bool flag(lua_State* L, const char* name, bool fallback) {
  lua_getfield(L, 1, name);
  const bool set = lua_isnil(L, -1) ? fallback : lua_toboolean(L, -1) != 0;
  lua_pop(L, 1);
  return set;
}

void list_field(lua_State* L, const char* name, std::vector<std::string>& out) {
  lua_getfield(L, 1, name);
  if (!lua_isnil(L, -1)) {
    if (!lua_istable(L, -1)) luaL_error(L, "tls: %s must be a list of strings", name);
    for (int i = 1;; ++i) {
      lua_rawgeti(L, -1, i);
      if (lua_isnil(L, -1)) break;
      std::size_t size = 0;
      const char* text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &size) : nullptr;
      if (text == nullptr) luaL_error(L, "tls: %s must be a list of strings", name);
      out.emplace_back(text, size);
      lua_pop(L, 1);
    }
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

crypto::TlsVersion version_field(lua_State* L, const char* name, crypto::TlsVersion fallback) {
  lua_getfield(L, 1, name);
  crypto::TlsVersion version = fallback;
  if (!lua_isnil(L, -1)) {
    const char* text = lua_tostring(L, -1);
    const std::string_view wanted = text == nullptr ? "" : text;
    if (wanted == "TLSv1.2")
      version = crypto::TlsVersion::tls1_2;
    else if (wanted == "TLSv1.3")
      version = crypto::TlsVersion::tls1_3;
    else
      luaL_error(L, "tls: %s must be \"TLSv1.2\" or \"TLSv1.3\"", name);
  }
  lua_pop(L, 1);
  return version;
}

// The fields that both kinds have.
template <class Kind>
void read_common(lua_State* L, Kind& options) {
  options.certificate_pem = text_field(L, "cert");
  options.key_pem = text_field(L, "key");
  list_field(L, "ca", options.ca_pem);
  list_field(L, "alpn", options.alpn);
  options.system_ca = flag(L, "systemCa", false);
  options.min_version = version_field(L, "minVersion", options.min_version);
  options.max_version = version_field(L, "maxVersion", options.max_version);
  options.ciphers = text_field(L, "ciphers");
  options.verification = flag(L, "rejectUnauthorized", true) ? crypto::Verification::full
                                                             : crypto::Verification::none_insecure;
  lua_getfield(L, 1, "securityLevel");
  options.security_level = static_cast<int>(luaL_optinteger(L, -1, 1));
  if (options.security_level < 0 || options.security_level > 5)
    luaL_error(L, "tls: securityLevel must be from 0 to 5");
  lua_pop(L, 1);
}

std::shared_ptr<crypto::TlsContext> choose(const NamedContexts& servers, std::string_view name) {
  auto found = servers.find(name);
  if (found == servers.end()) {
    const std::size_t dot = name.find('.');
    if (dot == std::string_view::npos || dot == 0) return nullptr;
    found = servers.find("*" + std::string(name.substr(dot)));
  }
  return found == servers.end() ? nullptr : found->second;
}

// Lets go of the key, too.
int set_context(lua_State* L, Options& options, ContextBox& box,
                Result<std::shared_ptr<crypto::TlsContext>> made) {
  options = Options();
  if (!made) return push_failure(L, made.error());
  box.context = std::move(made).value();
  return 1;
}

int make_server(lua_State* L, Options& options, ContextBox& box) {
  box.servers = std::make_shared<NamedContexts>();
  options.server.choose_by_name = [servers = box.servers](std::string_view name) {
    return choose(*servers, name);
  };
  return set_context(L, options, box, crypto::TlsContext::server(options.server));
}

// context:setServers{ ["name"] = context, ["*.name"] = context }
int set_servers(lua_State* L) {
  const ContextBox& box = check_context(L, 1);
  luaL_checktype(L, 2, LUA_TTABLE);
  luaL_argcheck(L, box.servers != nullptr, 1, "a context of a server");
  box.servers->clear();
  lua_pushnil(L);
  while (lua_next(L, 2) != 0) {
    luaL_argcheck(L, lua_type(L, -2) == LUA_TSTRING, 2, "host names as keys");
    const ContextBox& other = check_context(L, lua_gettop(L));
    luaL_argcheck(L, other.servers != nullptr, 2, "contexts of servers");
    // Only weakly held by itself: the same context under a name is no circle.
    if (&other != &box) (*box.servers)[lua_tostring(L, -2)] = other.context;
    lua_pop(L, 1);
  }
  return 0;
}

int collect(lua_State* L) {
  static_cast<ContextBox*>(lua_touserdata(L, 1))->~ContextBox();
  return 0;
}

ContextBox& push_context(lua_State* L) {
  void* memory = lua_newuserdata(L, sizeof(ContextBox));
  if (luaL_newmetatable(L, kContext) != 0) {
    lua_pushcfunction(L, collect);
    lua_setfield(L, -2, "__gc");
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, set_servers);
    lua_setfield(L, -2, "setServers");
    lua_setfield(L, -2, "__index");
  }
  auto* box = new (memory) ContextBox();
  lua_setmetatable(L, -2);
  return *box;
}

}  // namespace

ContextBox& check_context(lua_State* L, int index) {
  return *static_cast<ContextBox*>(luaL_checkudata(L, index, kContext));
}

ContextBox* to_context(lua_State* L, int index) {
  if (lua_touserdata(L, index) == nullptr || lua_getmetatable(L, index) == 0) return nullptr;
  luaL_getmetatable(L, kContext);
  const bool same = lua_rawequal(L, -1, -2) != 0;
  lua_pop(L, 2);
  return same ? static_cast<ContextBox*>(lua_touserdata(L, index)) : nullptr;
}

int make_context(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  auto& options = lua::push_boxed<Options>(L, kOptions);
  const bool server = flag(L, "server", false);
  if (server) {
    read_common(L, options.server);
    const bool insecure = options.server.verification == crypto::Verification::none_insecure;
    if (flag(L, "requestCert", false))
      options.server.client_certificates =
          insecure ? crypto::ClientCertificates::request : crypto::ClientCertificates::require;
    options.server.tickets = flag(L, "resumption", true);
  } else {
    read_common(L, options.client);
    options.client.resumption = flag(L, "resumption", true);
  }
  ContextBox& box = push_context(L);
  const lua::HostWork unrefused(L);
  if (server) return make_server(L, options, box);
  return set_context(L, options, box, crypto::TlsContext::client(options.client));
}

}  // namespace virgo::runtime
