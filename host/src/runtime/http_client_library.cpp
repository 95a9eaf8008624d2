// native.http_client: the client's side of HTTP/1.1 for host/runtime/http, without
// I/O. Bytes to send are returned; what arrives is put into a table of the caller's as
// a flat list of events (see EventQueue):
//
//   "informational", status, reason, minor, {name, value, ...}
//   "response", status, reason, minor, {name, value, ...}
//   "body", bytes
//   "end", {name, value, ...}           trailers
//   "upgrade", status, reason, minor, {name, value, ...}, rest
//                                       HTTP has ended; what came behind the head
//   "error", code, message              codes of Errc
//
// Headers to send are flat lists, too. Functions that fail give nil, message, code.
#include <cstdint>

#include "base/base64.hpp"
#include "http/client_session.hpp"
#include "lua/scratch.hpp"
#include "lua/state.hpp"
#include "runtime/boxed.hpp"
#include "runtime/event_queue.hpp"
#include "runtime/natives.hpp"
#include "runtime/outcome.hpp"

namespace virgo::runtime {
namespace {

constexpr const char* kSession = "virgo.http_client.session";
constexpr const char* kBody = "body";

class Session final : private http::ClientSession::Handler {
 public:
  explicit Session(const http::Limits& limits) : limits_(limits), http_(limits_, *this) {}

  void feed(std::string_view bytes) {
    http_.feed(bytes);
    end_upgrade();
  }
  void end_of_stream() { http_.end_of_stream(); }

  http::ClientSession& http() { return http_; }
  EventQueue& events() { return events_; }
  // Of the request being begun; here, so that an error leaks nothing.
  std::vector<http::Header>& headers() { return headers_; }

 private:
  void add_head(const char* event, const http::ResponseHead& head) {
    events_.add_name(event);
    events_.add_number(head.status);
    events_.add_text(head.reason);
    events_.add_number(head.minor);
    add_fields(head.headers);
  }
  void add_fields(const http::HeaderList& fields) {
    events_.add_list(fields.size() * 2);
    for (const http::Header& field : fields) {
      events_.add_text(field.name);
      events_.add_text(field.value);
    }
  }
  void end_upgrade() {
    if (!upgrading_) return;
    upgrading_ = false;
    events_.add_text(http_.take_rest());
  }

  void on_informational(const http::ResponseHead& head) override {
    add_head("informational", head);
  }
  void on_response(const http::ResponseHead& head, bool body_complete,
                   std::string_view body) override {
    upgrading_ = http_.upgraded();
    add_head(upgrading_ ? "upgrade" : "response", head);
    if (upgrading_) return;
    if (!body.empty()) on_body(body);
    if (!body_complete) return;
    events_.add_name("end");
    events_.add_list(0);
  }
  void on_body(std::string_view bytes) override {
    if (events_.ends_with_text_of(kBody)) {
      events_.extend_text(bytes);
      return;
    }
    events_.add_name(kBody);
    events_.add_text(bytes);
  }
  void on_body_end(const http::HeaderList& trailers) override {
    events_.add_name("end");
    add_fields(trailers);
  }
  void on_error(const Error& error) override {
    events_.add_name("error");
    events_.add_name(errc_name(error.code));
    events_.add_text(error.message);
  }

  http::Limits limits_;
  http::ClientSession http_;
  EventQueue events_;
  std::vector<http::Header> headers_;
  bool upgrading_ = false;  // the event is there but for the rest
};

Session& self(lua_State* L) {
  return check_boxed<Session>(L, kSession);
}

// The flat list at `index`, none for nil. The views are those of the table's strings.
void read_headers(lua_State* L, int index, std::vector<http::Header>& out) {
  out.clear();
  if (lua_isnoneornil(L, index)) return;
  luaL_checktype(L, index, LUA_TTABLE);
  const int n = static_cast<int>(lua_objlen(L, index));
  for (int i = 1; i < n; i += 2) {
    lua_rawgeti(L, index, i);
    lua_rawgeti(L, index, i + 1);
    // A number would be converted on the stack only, where nothing keeps it.
    if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
      luaL_error(L, "header names and values must be strings");
    std::size_t name_size = 0;
    std::size_t value_size = 0;
    const char* name = lua_tolstring(L, -2, &name_size);
    const char* value = lua_tolstring(L, -1, &value_size);
    out.push_back({{name, name_size}, {value, value_size}});
    lua_pop(L, 2);
  }
}

http::ClientSession::Request read_request(lua_State* L, Session& session) {
  http::ClientSession::Request request;
  request.method = check_text(L, 2);
  request.target = check_text(L, 3);
  if (!lua_isnoneornil(L, 4)) request.host = check_text(L, 4);
  read_headers(L, 5, session.headers());
  request.headers = session.headers();
  request.keep_alive = lua_toboolean(L, 6) != 0;
  return request;
}

int push_output(lua_State* L, Session& session, const Outcome& outcome) {
  if (outcome.code != nullptr) return push_failure(L, outcome);
  const std::string_view out = session.http().output();
  lua_pushlstring(L, out.data(), out.size());
  session.http().clear_output();
  return 1;
}

// request(method, target, host | nil, headers | nil, keep_alive, body | nil)
int request(lua_State* L) {
  Session& session = self(L);
  const http::ClientSession::Request request = read_request(L, session);
  const std::string_view body = lua_isnoneornil(L, 7) ? std::string_view() : check_text(L, 7);
  session.events().clear();
  const Outcome outcome(session.http().request(request, body));
  return push_output(L, session, outcome);
}

// write_head(method, target, host | nil, headers | nil, keep_alive)
int write_head(lua_State* L) {
  Session& session = self(L);
  const http::ClientSession::Request request = read_request(L, session);
  session.events().clear();
  const Outcome outcome(session.http().write_head(request));
  return push_output(L, session, outcome);
}

int write_body(lua_State* L) {
  Session& session = self(L);
  const std::string_view bytes = check_text(L, 2);
  const Outcome outcome(session.http().write_body(bytes));
  return push_output(L, session, outcome);
}

// finish(trailers | nil)
int finish(lua_State* L) {
  Session& session = self(L);
  read_headers(L, 2, session.headers());
  const Outcome outcome(session.http().finish(session.headers()));
  return push_output(L, session, outcome);
}

// feed(bytes, events) -> how many values there are in `events`
int feed(lua_State* L) {
  Session& session = self(L);
  const std::string_view bytes = check_text(L, 2);
  luaL_checktype(L, 3, LUA_TTABLE);
  session.feed(bytes);
  return session.events().push(L, 3);
}

// end_of_stream(events) -> as feed
int end_of_stream(lua_State* L) {
  Session& session = self(L);
  luaL_checktype(L, 2, LUA_TTABLE);
  session.end_of_stream();
  return session.events().push(L, 2);
}

int reusable(lua_State* L) {
  lua_pushboolean(L, self(L).http().reusable() ? 1 : 0);
  return 1;
}

int abort(lua_State* L) {
  self(L).http().abort();
  return 0;
}

constexpr luaL_Reg kMethods[] = {{"request", request},
                                 {"write_head", write_head},
                                 {"write_body", write_body},
                                 {"finish", finish},
                                 {"feed", feed},
                                 {"end_of_stream", end_of_stream},
                                 {"abort", abort},
                                 {"reusable", reusable},
                                 {nullptr, nullptr}};

// A field of the table of limits at 1, if there is one.
template <class T>
void read_limit(lua_State* L, const char* name, T& limit) {
  lua_getfield(L, 1, name);
  if (!lua_isnil(L, -1)) {
    const lua_Number value = luaL_checknumber(L, -1);
    if (!(value >= 0)) luaL_error(L, "%s must not be negative", name);
    constexpr double kMost = 9007199254740992.0;  // 2^53; above: no limit
    if (value < kMost) limit = static_cast<T>(value);
  }
  lua_pop(L, 1);
}

// session{max_head=, max_headers=, max_body=, ...}, names as in http::Limits
int make_session(lua_State* L) {
  http::Limits limits;
  if (!lua_isnoneornil(L, 1)) {
    luaL_checktype(L, 1, LUA_TTABLE);
    read_limit(L, "max_head", limits.max_head);
    read_limit(L, "max_headers", limits.max_headers);
    read_limit(L, "max_body", limits.max_body);
    read_limit(L, "max_trailers", limits.max_trailers);
    read_limit(L, "max_informational", limits.max_informational);
  }
  push_boxed<Session>(L, kSession, kMethods, limits);
  return 1;
}

// encode_base64(text)
int base64(lua_State* L) {
  const std::string_view text = check_text(L, 1);
  std::string& out = lua::push_scratch(L);
  const lua::HostWork unrefused(L);
  out = encode_base64(text);
  lua_pushlstring(L, out.data(), out.size());
  return 1;
}

}  // namespace

int open_http_client(lua_State* L) {
  static const luaL_Reg functions[] = {
      {"session", make_session}, {"encode_base64", base64}, {nullptr, nullptr}};
  lua_createtable(L, 0, 2);
  luaL_register(L, nullptr, functions);
  return 1;
}

}  // namespace virgo::runtime
