// native.web_socket: WebSocket frames for host/runtime/websocket.lua, without I/O. What
// arrives is put into a table of the caller's as a flat list of events (EventQueue):
//
//   "message", payload, is_text
//   "ping", payload       answered already
//   "pong", payload
//   "close", code, reason
//
// Functions that fail give nil, message, code (of Errc).
#include <array>
#include <cstdint>

#include "base/base64.hpp"
#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "http/web_socket.hpp"
#include "http/web_socket_handshake.hpp"
#include "runtime/boxed.hpp"
#include "runtime/event_queue.hpp"
#include "runtime/natives.hpp"
#include "runtime/outcome.hpp"

namespace virgo::runtime {
namespace {

constexpr const char* kCodec = "virgo.web_socket.codec";
constexpr lua_Number kMaxMessage = 16.0 * 1024 * 1024;

// Masks by the hundred: asking the system for four bytes costs as much.
class Masks {
 public:
  std::uint32_t next() {
    if (used_ == masks_.size()) refill();
    return masks_[used_++];
  }

 private:
  void refill() {
    // Fails only where the system has no randomness at all, and then TLS and keys fail.
    auto* bytes = reinterpret_cast<unsigned char*>(masks_.data());
    (void)crypto::fill_random({bytes, sizeof masks_});
    used_ = 0;
  }

  std::array<std::uint32_t, 128> masks_{};
  std::size_t used_ = masks_.size();
};

class Codec final : private http::WebSocket::Handler {
 public:
  Codec(http::WebSocket::Role role, std::size_t max_message)
      : socket_(role, options(max_message), *this) {}

  http::WebSocket& socket() { return socket_; }
  EventQueue& events() { return events_; }

 private:
  static http::WebSocket::Options options(std::size_t max_message) {
    http::WebSocket::Options out;
    out.max_message = max_message;
    out.random_mask = [] {
      static Masks masks;  // loop thread
      return masks.next();
    };
    return out;
  }

  void on_message(http::WebSocket::Kind kind, std::string_view payload) override {
    events_.add_name("message");
    events_.add_text(payload);
    events_.add_flag(kind == http::WebSocket::Kind::text);
  }
  void on_ping(std::string_view payload) override { add("ping", payload); }
  void on_pong(std::string_view payload) override { add("pong", payload); }
  void on_close(std::uint16_t code, std::string_view reason) override {
    events_.add_name("close");
    events_.add_number(code);
    events_.add_text(reason);
  }
  void add(const char* event, std::string_view payload) {
    events_.add_name(event);
    events_.add_text(payload);
  }

  http::WebSocket socket_;
  EventQueue events_;
};

Codec& self(lua_State* L) {
  return check_boxed<Codec>(L, kCodec);
}

http::WebSocket::Kind kind_at(lua_State* L, int index) {
  return lua_toboolean(L, index) != 0 ? http::WebSocket::Kind::text : http::WebSocket::Kind::binary;
}

int push(lua_State* L, const Outcome& outcome) {
  if (outcome.code != nullptr) return push_failure(L, outcome);
  lua_pushboolean(L, 1);
  return 1;
}

// feed(bytes, events) -> how many values there are in `events`
int feed(lua_State* L) {
  Codec& codec = self(L);
  const std::string_view bytes = check_text(L, 2);
  luaL_checktype(L, 3, LUA_TTABLE);
  codec.socket().feed(bytes);
  return codec.events().push(L, 3);
}

// end_of_stream(events) -> as feed
int end_of_stream(lua_State* L) {
  Codec& codec = self(L);
  luaL_checktype(L, 2, LUA_TTABLE);
  codec.socket().end_of_stream();
  return codec.events().push(L, 2);
}

// output() -> the bytes to send now, nil if there are none
int output(lua_State* L) {
  http::WebSocket& socket = self(L).socket();
  const std::string_view out = socket.output();
  if (out.empty()) return 0;
  lua_pushlstring(L, out.data(), out.size());
  socket.clear_output();
  return 1;
}

// send(payload, is_text)
int send(lua_State* L) {
  Codec& codec = self(L);
  const Outcome outcome(codec.socket().send(kind_at(L, 3), check_text(L, 2)));
  return push(L, outcome);
}

// send_fragment(payload, is_text, last)
int send_fragment(lua_State* L) {
  Codec& codec = self(L);
  const std::string_view payload = check_text(L, 2);
  const bool last = lua_toboolean(L, 4) != 0;
  const Outcome outcome(codec.socket().send_fragment(kind_at(L, 3), payload, last));
  return push(L, outcome);
}

int ping(lua_State* L) {
  Codec& codec = self(L);
  const std::string_view payload = opt_text(L, 2);
  const Outcome outcome(codec.socket().ping(payload));
  return push(L, outcome);
}

int pong(lua_State* L) {
  Codec& codec = self(L);
  const std::string_view payload = opt_text(L, 2);
  const Outcome outcome(codec.socket().pong(payload));
  return push(L, outcome);
}

// close(code | nil, reason | nil)
int close(lua_State* L) {
  Codec& codec = self(L);
  const lua_Number code = luaL_optnumber(L, 2, http::close_code::kNone);
  const std::string_view reason = opt_text(L, 3);
  if (!(code >= 0 && code <= UINT16_MAX)) return luaL_error(L, "no close code: %f", code);
  const Outcome outcome(codec.socket().close(static_cast<std::uint16_t>(code), reason));
  return push(L, outcome);
}

int closing(lua_State* L) {
  lua_pushboolean(L, self(L).socket().closing() ? 1 : 0);
  return 1;
}

int wants_close(lua_State* L) {
  lua_pushboolean(L, self(L).socket().wants_close() ? 1 : 0);
  return 1;
}

int abort(lua_State* L) {
  self(L).socket().abort();
  return 0;
}

constexpr luaL_Reg kMethods[] = {{"feed", feed},
                                 {"end_of_stream", end_of_stream},
                                 {"output", output},
                                 {"send", send},
                                 {"send_fragment", send_fragment},
                                 {"ping", ping},
                                 {"pong", pong},
                                 {"close", close},
                                 {"closing", closing},
                                 {"abort", abort},
                                 {"wants_close", wants_close},
                                 {nullptr, nullptr}};

// codec("client" | "server", max_message | nil)
int make_codec(lua_State* L) {
  static const char* const roles[] = {"client", "server", nullptr};
  const auto role = luaL_checkoption(L, 1, nullptr, roles) == 0 ? http::WebSocket::Role::client
                                                                : http::WebSocket::Role::server;
  const lua_Number most = luaL_optnumber(L, 2, kMaxMessage);
  constexpr double kMost = 9007199254740992.0;  // 2^53
  if (!(most >= 0 && most < kMost)) return luaL_error(L, "no size of a message: %f", most);
  push_boxed<Codec>(L, kCodec, kMethods, role, static_cast<std::size_t>(most));
  return 1;
}

// accept_value(key): what a server answers to Sec-WebSocket-Key
int accept_value(lua_State* L) {
  const std::string_view key = check_text(L, 1);
  char out[28] = {};  // 20 bytes in base64
  {
    std::string text(key);
    text += http::kAcceptGuid;
    encode_base64(crypto::sha1(text)).copy(out, sizeof out);
  }
  lua_pushlstring(L, out, sizeof out);
  return 1;
}

// new_key(): 16 random bytes in base64
int new_key(lua_State* L) {
  char out[24] = {};
  bool ok = false;
  if (const auto random = crypto::random_bytes(16); random) {
    encode_base64(random.value()).copy(out, sizeof out);
    ok = true;
  }
  if (!ok) return luaL_error(L, "the system has no random bytes");
  lua_pushlstring(L, out, sizeof out);
  return 1;
}

}  // namespace

int open_web_socket(lua_State* L) {
  static const luaL_Reg functions[] = {{"codec", make_codec},
                                       {"accept_value", accept_value},
                                       {"new_key", new_key},
                                       {nullptr, nullptr}};
  lua_createtable(L, 0, 3);
  luaL_register(L, nullptr, functions);
  return 1;
}

}  // namespace virgo::runtime
