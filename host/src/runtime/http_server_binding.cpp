#include "runtime/http_server_binding.hpp"

#include <lua.hpp>

#include "lua/state.hpp"
#include "runtime/net_handle.hpp"
#include "runtime/program.hpp"

namespace virgo::runtime {
namespace {

void push_text(lua_State* L, std::string_view text) {
  lua_pushlstring(L, text.data(), text.size());
}

void drop_ref(lua_State* L, int& ref) {
  if (ref != 0) luaL_unref(L, LUA_REGISTRYINDEX, ref);
  ref = 0;
}

enum RequestFlags : int { kComplete = 1, kKeepAlive = 2, kUpgradeOffered = 4, kContinue = 8 };

int flags_of(const http::RequestHead& head, bool complete) {
  int flags = complete ? kComplete : 0;
  if (head.keep_alive) flags |= kKeepAlive;
  if (!head.upgrade.empty() || head.is_connect()) flags |= kUpgradeOffered;
  if (head.expect_continue) flags |= kContinue;
  return flags;
}

const char* code_of(const Error& why) {
  switch (why.code) {
    case Errc::timeout:
      return "ETIMEDOUT";
    case Errc::invalid:
    case Errc::limit:
      return "EPROTO";
    default:
      return "ECONNRESET";
  }
}

}  // namespace

// ---- a byte stream that Lua has

class HttpServerBinding::LuaTransport final : public net::HttpTransport {
 public:
  LuaTransport(HttpServerBinding& binding, int object) : binding_(binding), object_(object) {}
  ~LuaTransport() override {
    if (!finished_ && !binding_.ending_) tell("drop");
    drop_ref(binding_.program_.state().raw(), object_);
  }

  void set_receiver(Receiver& receiver) override { receiver_ = &receiver; }
  void write(std::span<const std::string_view> pieces) override {
    writing_ = true;
    for (const std::string_view piece : pieces) {
      queued_ += piece.size();
      tell("write", piece);
    }
    writing_ = false;
  }
  std::size_t queued() const override { return queued_; }
  void pause() override { tell("pause"); }
  void resume() override { tell("resume"); }
  std::string peer() const override { return {}; }
  std::string local() const override { return {}; }
  std::string protocol() const override { return {}; }
  void finish() override {
    finished_ = true;
    tell("finish");
  }

  Receiver& receiver() { return *receiver_; }
  // Whether that was all, and the receiver is to be told: not from inside write().
  bool written(std::size_t bytes) {
    queued_ -= std::min(bytes, queued_);
    return queued_ == 0 && !writing_;
  }
  int object() const { return object_; }
  // It goes on in Lua without us.
  void set_finished() { finished_ = true; }

 private:
  void tell(const char* what, std::string_view data = {}) {
    lua_State* L = binding_.L_;
    luaL_checkstack(L, 8, "http transport");
    binding_.push_callback(kTransport);
    lua_rawgeti(L, LUA_REGISTRYINDEX, object_);
    lua_pushstring(L, what);
    push_text(L, data);
    binding_.call(3, 0);
  }

  HttpServerBinding& binding_;
  Receiver* receiver_ = nullptr;
  int object_;
  std::size_t queued_ = 0;
  bool writing_ = false;
  bool finished_ = false;
};

// ---- the server

HttpServerBinding::HttpServerBinding(Program& program, net::HttpServerOptions options, int owner)
    : program_(program),
      server_(std::make_unique<net::HttpServer>(program.loop(), options, *this)),
      L_(program.state().raw()),
      owner_(owner) {
  lua_getfield(L_, LUA_REGISTRYINDEX, kHttpCallbacks);
  callbacks_ = luaL_ref(L_, LUA_REGISTRYINDEX);
}

HttpServerBinding::~HttpServerBinding() {
  ending_ = true;  // by the collector: no Lua is called any more
  server_.reset();
  drop_ref(L_, owner_);
  drop_ref(L_, callbacks_);
}

void HttpServerBinding::push_callback(int which) {
  lua_rawgeti(L_, LUA_REGISTRYINDEX, callbacks_);
  lua_rawgeti(L_, -1, which);
  lua_remove(L_, -2);
}

void HttpServerBinding::release() {
  drop_ref(L_, owner_);
}

bool HttpServerBinding::call(int nargs, int nresults) {
  if (program_.state().silent()) {
    lua_pop(L_, nargs + 1);
    return false;
  }
  if (program_.state().call(L_, nargs, nresults) == lua::Exit::done) return true;
  program_.uncaught();
  return false;
}

// Made at the first request, so that a connection without one costs Lua nothing.
HttpConnectionRef& HttpServerBinding::ref_of(net::HttpConnection& connection) {
  if (connection.user() == nullptr) {
    HttpConnectionRef* made = push_http_connection_ref(L_);
    made->self = luaL_ref(L_, LUA_REGISTRYINDEX);
    made->connection = &connection;
    made->server = this;
    connection.set_user(made);
  }
  return *static_cast<HttpConnectionRef*>(connection.user());
}

void HttpServerBinding::on_request(net::HttpConnection& connection, const http::RequestHead& head,
                                   bool complete, std::string_view body) {
  lua_State* L = L_;
  luaL_checkstack(L, 16, "http request");
  HttpConnectionRef& ref = ref_of(connection);
  forget_exchange(ref);
  push_callback(kRequest);
  lua_rawgeti(L, LUA_REGISTRYINDEX, ref.object != 0 ? ref.object : owner_);
  lua_rawgeti(L, LUA_REGISTRYINDEX, ref.self);
  lua_pushinteger(L, connection.request_number());
  push_text(L, head.method);
  push_text(L, head.target);
  lua_pushinteger(L, head.minor);
  push_text(L, raw_headers(head.headers));
  lua_pushinteger(L, flags_of(head, complete));
  if (body.empty())
    lua_pushnil(L);
  else
    push_text(L, body);
  if (!call(9, 1)) return;
  if (lua_istable(L, -1) && connection.user() != nullptr)
    ref.exchange = luaL_ref(L, LUA_REGISTRYINDEX);
  else
    lua_pop(L, 1);
}

void HttpServerBinding::forget_exchange(HttpConnectionRef& ref) {
  drop_ref(L_, ref.exchange);
}

bool HttpServerBinding::push_event(net::HttpConnection& connection, int callback) {
  const auto* ref = static_cast<HttpConnectionRef*>(connection.user());
  if (ref == nullptr || ref->exchange == 0) return false;
  luaL_checkstack(L_, 8, "http event");
  push_callback(callback);
  lua_rawgeti(L_, LUA_REGISTRYINDEX, ref->exchange);
  return true;
}

void HttpServerBinding::on_body(net::HttpConnection& connection, std::string_view bytes) {
  if (!push_event(connection, kBody)) return;
  push_text(L_, bytes);
  call(2, 0);
}

void HttpServerBinding::on_body_end(net::HttpConnection& connection,
                                    const http::HeaderList& trailers) {
  if (!push_event(connection, kBodyEnd)) return;
  if (trailers.empty())
    lua_pushnil(L_);
  else
    push_header_pairs(L_, trailers);
  call(2, 0);
  if (!connection.in_response() && connection.user() != nullptr)
    forget_exchange(*static_cast<HttpConnectionRef*>(connection.user()));
}

void HttpServerBinding::on_drain(net::HttpConnection& connection) {
  if (push_event(connection, kDrain)) call(1, 0);
}

void HttpServerBinding::on_closed(net::HttpConnection& connection, const Error& why) {
  if (push_event(connection, kClosed)) {
    push_text(L_, why.message);
    lua_pushstring(L_, code_of(why));
    // The request is over by now for Lua.
    static_cast<HttpConnectionRef*>(connection.user())->connection = nullptr;
    call(3, 0);
  }
  const auto* ref = static_cast<HttpConnectionRef*>(connection.user());
  if (ref != nullptr && ref->socket != 0) {
    luaL_checkstack(L_, 4, "http event");
    push_callback(kSocketClosed);
    lua_rawgeti(L_, LUA_REGISTRYINDEX, ref->socket);
    call(1, 0);
  }
  let_go(connection);
}

void HttpServerBinding::let_go(net::HttpConnection& connection) {
  auto* ref = static_cast<HttpConnectionRef*>(connection.user());
  if (ref == nullptr) return;
  ref->connection = nullptr;
  connection.set_user(nullptr);
  forget_exchange(*ref);
  drop_ref(L_, ref->socket);
  drop_ref(L_, ref->object);
  drop_ref(L_, ref->self);
}

void HttpServerBinding::on_upgrade(net::HttpConnection& connection,
                                   std::unique_ptr<net::HttpTransport> transport,
                                   std::string rest) {
  if (push_event(connection, kUpgrade)) {
    if (auto* in_lua = dynamic_cast<LuaTransport*>(transport.get())) {
      in_lua->set_finished();
      lua_rawgeti(L_, LUA_REGISTRYINDEX, in_lua->object());
    } else {
      push_net_handle(L_, transport->release());
    }
    push_text(L_, rest);
    static_cast<HttpConnectionRef*>(connection.user())->connection = nullptr;
    call(3, 0);
  }
  let_go(connection);
}

// A client that could not be served is its own problem; a program has its metrics.
void HttpServerBinding::on_rejected(const std::string& /*peer*/, const Error& /*why*/) {}

HttpConnectionRef& HttpServerBinding::adopt(lua_State* L, int object_index) {
  lua_pushvalue(L, object_index);
  const int object = luaL_ref(L, LUA_REGISTRYINDEX);
  net::HttpConnection& connection = server_->adopt(std::make_unique<LuaTransport>(*this, object));
  HttpConnectionRef& ref = ref_of(connection);
  lua_pushvalue(L, object_index);
  ref.object = luaL_ref(L, LUA_REGISTRYINDEX);
  return ref;
}

void HttpServerBinding::feed(net::HttpConnection& connection, std::string_view bytes) {
  static_cast<LuaTransport&>(connection.transport()).receiver().on_input(bytes);
}

void HttpServerBinding::feed_end(net::HttpConnection& connection, const char* message) {
  net::HttpTransport::Receiver& receiver =
      static_cast<LuaTransport&>(connection.transport()).receiver();
  if (message == nullptr)
    receiver.on_input_end();
  else
    receiver.on_lost({Errc::closed, message});
}

void HttpServerBinding::feed_written(net::HttpConnection& connection, std::size_t bytes) {
  auto& transport = static_cast<LuaTransport&>(connection.transport());
  if (transport.written(bytes)) transport.receiver().on_written();
}

}  // namespace virgo::runtime
