// What Lua does to a connection of a server: each function gets the connection and the
// number of the request it means.
#include <lua.hpp>

#include "lua/state.hpp"
#include "runtime/http_binding.hpp"
#include "runtime/http_server_binding.hpp"
#include "runtime/net_handle.hpp"

namespace virgo::runtime {
namespace {

constexpr const char* kConnection = "virgo.http.connection";

// By its mark, as a look-up of the metatable would cost more than the rest.
HttpConnectionRef& ref_at(lua_State* L) {
  auto* ref = static_cast<HttpConnectionRef*>(lua_touserdata(L, 1));
  if (ref == nullptr || lua_type(L, 1) != LUA_TUSERDATA ||
      lua_objlen(L, 1) != sizeof(HttpConnectionRef) || ref->mark != &HttpConnectionRef::kMark)
    luaL_typerror(L, 1, kConnection);
  return *ref;
}

const char* code_of(const Error& error) {
  switch (error.code) {
    case Errc::closed:
      return "ECONNRESET";
    case Errc::invalid:
      return "EINVAL";
    default:
      return "EPROTO";
  }
}

int push_failure(lua_State* L, const char* message, const char* code) {
  lua_pushnil(L);
  lua_pushstring(L, message);
  lua_pushstring(L, code);
  return 3;
}

std::string_view text_or_empty(lua_State* L, int index) {
  std::size_t size = 0;
  const char* text = lua_tolstring(L, index, &size);
  return text == nullptr ? std::string_view() : std::string_view(text, size);
}

// What HttpServerBinding needs to call Lua from inside a call from Lua.
class Inside {
 public:
  Inside(lua_State* L, HttpServerBinding& server) : server_(server), before_(server.enter(L)) {}
  ~Inside() { server_.leave(before_); }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

 private:
  HttpServerBinding& server_;
  lua_State* before_;
};

enum Flags : int { kClose = 1, kNoDate = 2 };

void apply(net::HttpConnection& c, int flags) {
  if ((flags & kClose) != 0) c.close_after_response();
  if ((flags & kNoDate) != 0) c.omit_date();
}

// The response is complete: what stands for the request is let go, if its body is here.
int push_finished(lua_State* L, net::HttpConnection& c, const Result<void>& result) {
  HttpConnectionRef& ref = ref_at(L);
  if (result && ref.exchange != 0 && !c.in_body()) ref.server->forget_exchange(ref);
  return push_result(L, result);
}

using Fields = std::span<const http::Header>;

// What begins a response: connection number status reason headers body flags.
template <class Write>
int begin_response(lua_State* L, Write write) {
  net::HttpConnection* c = request_at(L);
  if (c == nullptr) return push_over(L);
  const int status = static_cast<int>(luaL_checkinteger(L, 3));
  const int flags = static_cast<int>(lua_tointeger(L, 7));
  const char* error = nullptr;
  const Fields* headers = read_header_table(L, 5, &error);
  if (headers == nullptr) return push_failure(L, error, "EINVAL");
  const lua::HostWork work(L);
  const Inside inside(L, *ref_at(L).server);
  apply(*c, flags);
  return write(*c, status, *headers);
}

int respond(lua_State* L) {
  return begin_response(L, [L](net::HttpConnection& c, int status, const Fields& headers) {
    return push_finished(L, c,
                         c.respond(status, text_or_empty(L, 4), headers, text_or_empty(L, 6)));
  });
}

int write_head(lua_State* L) {
  return begin_response(L, [L](net::HttpConnection& c, int status, const Fields& headers) {
    const auto written = c.write_head(status, text_or_empty(L, 4), headers, text_or_empty(L, 6));
    if (!written) return push_result(L, written);
    lua_pushboolean(L, !c.congested());
    return 1;
  });
}

// connection number status headers
int write_informational(lua_State* L) {
  net::HttpConnection* c = request_at(L);
  if (c == nullptr) return push_over(L);
  const int status = static_cast<int>(luaL_checkinteger(L, 3));
  const char* error = nullptr;
  const auto* headers = read_header_table(L, 4, &error);
  if (headers == nullptr) return push_failure(L, error, "EINVAL");
  const lua::HostWork work(L);
  const Inside inside(L, *ref_at(L).server);
  return push_result(L, c->write_informational(status, *headers));
}

// connection number body -> whether more may be written at once
int write_body(lua_State* L) {
  net::HttpConnection* c = request_at(L);
  if (c == nullptr) return push_over(L);
  const std::string_view body = text_or_empty(L, 3);
  const lua::HostWork work(L);
  const Inside inside(L, *ref_at(L).server);
  const Result<void> written = c->write_body(body);
  if (!written) return push_result(L, written);
  lua_pushboolean(L, !c->congested());
  return 1;
}

// connection number trailers body
int finish(lua_State* L) {
  net::HttpConnection* c = request_at(L);
  if (c == nullptr) return push_over(L);
  const char* error = nullptr;
  const auto* trailers = read_header_table(L, 3, &error);
  if (trailers == nullptr) return push_failure(L, error, "EINVAL");
  const lua::HostWork work(L);
  const Inside inside(L, *ref_at(L).server);
  return push_finished(L, *c, c->finish(*trailers, text_or_empty(L, 4)));
}

int write_continue(lua_State* L) {
  net::HttpConnection* c = request_at(L);
  if (c == nullptr) return push_over(L);
  const lua::HostWork work(L);
  const Inside inside(L, *ref_at(L).server);
  return push_result(L, c->write_continue());
}

int pause_body(lua_State* L) {
  net::HttpConnection* c = request_at(L);
  if (c == nullptr) return push_over(L);
  const Inside inside(L, *ref_at(L).server);
  c->pause_body();
  return 0;
}

int resume_body(lua_State* L) {
  net::HttpConnection* c = request_at(L);
  if (c == nullptr) return push_over(L);
  const Inside inside(L, *ref_at(L).server);
  c->resume_body();
  return 0;
}

// connection number headers|nil: with headers 101 is written
int upgrade(lua_State* L) {
  net::HttpConnection* c = request_at(L);
  if (c == nullptr) return push_over(L);
  const char* error = nullptr;
  const auto* headers = read_header_table(L, 3, &error);
  if (headers == nullptr) return push_failure(L, error, "EINVAL");
  const bool answer = lua_istable(L, 3);
  const lua::HostWork work(L);
  const Inside inside(L, *ref_at(L).server);
  return push_result(L, answer ? c->accept_upgrade(*headers) : c->hand_over());
}

// ---- of the connection, without a number

int abort(lua_State* L) {
  HttpConnectionRef& ref = ref_at(L);
  if (ref.connection == nullptr) return 0;
  const Inside inside(L, *ref.server);
  ref.connection->abort();
  return 0;
}

int is_written(lua_State* L) {
  const HttpConnectionRef& ref = ref_at(L);
  lua_pushboolean(L, ref.connection == nullptr || ref.connection->written());
  return 1;
}

int address(lua_State* L, bool peer) {
  const HttpConnectionRef& ref = ref_at(L);
  if (ref.connection == nullptr) return push_over(L);
  const lua::HostWork work(L);
  return push_address(L, peer ? ref.connection->peer() : ref.connection->local());
}

int peer(lua_State* L) {
  return address(L, true);
}

int local(lua_State* L) {
  return address(L, false);
}

int protocol(lua_State* L) {
  const HttpConnectionRef& ref = ref_at(L);
  if (ref.connection == nullptr) return push_over(L);
  const lua::HostWork work(L);
  const std::string name = ref.connection->protocol();
  lua_pushlstring(L, name.data(), name.size());
  return 1;
}

// connection -> what set_socket() got
int get_socket(lua_State* L) {
  const HttpConnectionRef& ref = ref_at(L);
  if (ref.socket == 0) return 0;
  lua_rawgeti(L, LUA_REGISTRYINDEX, ref.socket);
  return 1;
}

// connection object -> whether it will be told of the end
int set_socket(lua_State* L) {
  HttpConnectionRef& ref = ref_at(L);
  if (ref.connection != nullptr && ref.socket == 0) {
    lua_pushvalue(L, 2);
    ref.socket = luaL_ref(L, LUA_REGISTRYINDEX);
  }
  lua_pushboolean(L, ref.connection != nullptr);
  return 1;
}

// ---- of a transport in Lua

int feed(lua_State* L) {
  const HttpConnectionRef& ref = ref_at(L);
  std::size_t size = 0;
  const char* bytes = luaL_checklstring(L, 2, &size);
  if (ref.connection == nullptr) return push_over(L);
  lua_settop(L, 2);  // keeps the bytes
  const Inside inside(L, *ref.server);
  ref.server->feed(*ref.connection, {bytes, size});
  lua_pushboolean(L, 1);
  return 1;
}

// connection [message]: the stream has ended, or failed
int feed_end(lua_State* L) {
  const HttpConnectionRef& ref = ref_at(L);
  const char* message = luaL_optstring(L, 2, nullptr);
  if (ref.connection == nullptr) return push_over(L);
  const Inside inside(L, *ref.server);
  ref.server->feed_end(*ref.connection, message);
  return 0;
}

// connection bytes: so many have left
int feed_written(lua_State* L) {
  const HttpConnectionRef& ref = ref_at(L);
  const auto size = static_cast<std::size_t>(luaL_checknumber(L, 2));
  if (ref.connection == nullptr) return push_over(L);
  const Inside inside(L, *ref.server);
  ref.server->feed_written(*ref.connection, size);
  return 0;
}

}  // namespace

HttpConnectionRef* push_http_connection_ref(lua_State* L) {
  auto* ref = new (lua_newuserdata(L, sizeof(HttpConnectionRef))) HttpConnectionRef;
  luaL_newmetatable(L, kConnection);
  lua_setmetatable(L, -2);
  return ref;
}

net::HttpConnection* request_at(lua_State* L) {
  const HttpConnectionRef& ref = ref_at(L);
  if (ref.connection == nullptr ||
      ref.connection->request_number() != static_cast<unsigned>(luaL_checkinteger(L, 2)))
    return nullptr;
  return ref.connection;
}

int push_over(lua_State* L) {
  return push_failure(L, "the connection or the request is over", "ECONNRESET");
}

int push_result(lua_State* L, const Result<void>& result) {
  if (!result) return push_failure(L, result.error().message.c_str(), code_of(result.error()));
  lua_pushboolean(L, 1);
  return 1;
}

void add_http_connection_functions(lua_State* L) {
  static const luaL_Reg functions[] = {{"respond", respond},
                                       {"write_head", write_head},
                                       {"write_informational", write_informational},
                                       {"write_body", write_body},
                                       {"finish", finish},
                                       {"write_continue", write_continue},
                                       {"pause_body", pause_body},
                                       {"resume_body", resume_body},
                                       {"upgrade", upgrade},
                                       {"abort", abort},
                                       {"is_written", is_written},
                                       {"peer", peer},
                                       {"local_address", local},
                                       {"protocol", protocol},
                                       {"get_socket", get_socket},
                                       {"set_socket", set_socket},
                                       {"feed", feed},
                                       {"feed_end", feed_end},
                                       {"feed_written", feed_written},
                                       {"parse_headers", parse_headers},
                                       {nullptr, nullptr}};
  luaL_register(L, nullptr, functions);
}

}  // namespace virgo::runtime
