// A net::HttpServer for Lua. Internal to runtime/. Loop thread only.
#pragma once

#include <memory>
#include <string>

#include "net/http_server.hpp"
#include "runtime/http_binding.hpp"

struct lua_State;

namespace virgo::runtime {

class Program;

// The callbacks, in the order of their table in the registry.
enum HttpCallback : int {
  kRequest = 1,
  kBody,
  kBodyEnd,
  kDrain,
  kClosed,
  kSocketClosed,
  kUpgrade,
  kTransport
};
inline constexpr const char* kHttpCallbackNames[] = {
    "request", "body", "body_end", "drain", "closed", "socket_closed", "upgrade", "transport"};
inline constexpr const char* kHttpCallbacks = "virgo.http.callbacks";

// Calls the functions of one table (given to native.http_server.set_callbacks):
//   request(owner, connection, number, method, target, minor, headers, flags, body)
//     -> what stands for the request from then on, or nil if nobody waits for more
//   body(exchange, chunk), body_end(exchange, trailers), drain(exchange)
//   closed(exchange, message, code), socket_closed(what set_socket() got)
//   upgrade(exchange, handle or the object of a transport in Lua, rest)
//   transport(object, "write" | "pause" | "resume" | "finish" | "drop", data)
class HttpServerBinding final : public net::HttpHandler {
 public:
  // `owner`: the server's object, in the registry.
  HttpServerBinding(Program& program, net::HttpServerOptions options, int owner);
  ~HttpServerBinding();
  HttpServerBinding(const HttpServerBinding&) = delete;
  HttpServerBinding& operator=(const HttpServerBinding&) = delete;

  // Lets go of the owner: no request comes any more.
  void release();
  net::HttpServer& server() { return *server_; }
  Program& program() { return program_; }

  // Calls into Lua go to the thread that is running. Returns the one before.
  lua_State* enter(lua_State* L) { return std::exchange(L_, L); }
  void leave(lua_State* before) { L_ = before; }

  void forget_exchange(HttpConnectionRef& ref);

  // The transport in Lua of what adopt() returned.
  HttpConnectionRef& adopt(lua_State* L, int object_index);
  void feed(net::HttpConnection& connection, std::string_view bytes);
  void feed_end(net::HttpConnection& connection, const char* message);
  void feed_written(net::HttpConnection& connection, std::size_t bytes);

 private:
  class LuaTransport;
  void on_request(net::HttpConnection& connection, const http::RequestHead& head, bool complete,
                  std::string_view body) override;
  void on_body(net::HttpConnection& connection, std::string_view bytes) override;
  void on_body_end(net::HttpConnection& connection, const http::HeaderList& trailers) override;
  void on_drain(net::HttpConnection& connection) override;
  void on_upgrade(net::HttpConnection& connection, std::unique_ptr<net::HttpTransport> transport,
                  std::string rest) override;
  void on_closed(net::HttpConnection& connection, const Error& why) override;
  void on_rejected(const std::string& peer, const Error& why) override;

  HttpConnectionRef& ref_of(net::HttpConnection& connection);
  // Pushes the callback and the exchange; false if there is none.
  bool push_event(net::HttpConnection& connection, int callback);
  void push_callback(int which);
  bool call(int nargs, int nresults);
  void let_go(net::HttpConnection& connection);

  Program& program_;
  std::unique_ptr<net::HttpServer> server_;
  lua_State* L_;
  int owner_;
  int callbacks_ = 0;  // in the registry
  bool ending_ = false;
};

}  // namespace virgo::runtime
