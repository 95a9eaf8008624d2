// One connection to a peer that speaks the endpoint protocol: framing, the table
// of requests that wait for their response, and their timeouts. What is said is
// the Conversation's business. Loop thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "endpoint/conversation.hpp"
#include "endpoint/message.hpp"
#include "net/connection.hpp"
#include "net/line_splitter.hpp"
#include "uv/loop.hpp"
#include "uv/timer.hpp"

namespace virgo::endpoint {

// What came back for a request: a result, or an error of the peer's, or of ours
// (timeout, closed).
struct Reply {
  bool ok = false;
  json::Value result;
  RemoteError error;  // not ok; code 0 when it is ours
  Errc code = Errc::failed;
};

class Link {
 public:
  // More lines than this that are no messages, and the link is closed.
  static constexpr unsigned kMaxBadLines = 3;
  // Requests of the peer that are open at a time; more are refused (code 429).
  static constexpr unsigned kMaxOpenRequests = 64;

  // `ended` is called once, from the loop, after conversation.closed(); the
  // owner may destroy the link then. `conversation` outlives the link.
  Link(uv::Loop& loop, std::unique_ptr<net::Connection> connection, Names names,
       Conversation& conversation, std::function<void(const Error&)> ended);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // Begins the conversation.
  void open();

  // Sends a request (params: JSON text). `done` is called exactly once, never
  // from within request(), unless the link is destroyed first. It may destroy
  // the link, as any callback here.
  void request(std::string_view method, std::string_view params, Duration timeout,
               std::function<void(const Reply&)> done);
  void respond(const json::Value& id, std::string_view result);
  void refuse(const json::Value& id, const RemoteError& error);

  // The peer has accepted us: the owner's back-off starts anew.
  void set_ready();
  bool ready() const { return ready_; }

  // Ends the link: says goodbye, fails open requests, tells the conversation.
  // What was sent before still goes out. Harmless when closed already.
  void close(const Error& why);
  bool closed() const { return closed_; }
  // Of a closed link: `gone` is called, from the loop, when the goodbye is over
  // and its socket is closed, also if the link is destroyed before.
  void when_gone(std::function<void()> gone);

  const std::string& peer() const { return peer_; }
  std::string protocol() const;

 private:
  // Outlasts the link.
  struct Farewell {
    bool over = false;
    std::function<void()> gone;
  };
  struct Waiting {
    std::function<void(const Reply&)> done;
    std::unique_ptr<uv::Timer> timer;
  };
  void on_data(std::string_view bytes);
  void on_line(std::string_view line);
  void on_bad_line(const Error& error);
  void on_response(const Message& response);
  void settle(std::uint64_t id, const Reply& reply);
  void send(const std::string& line);
  void finish_connection();
  void tell_closed(const Error& why);

  uv::Loop& loop_;
  std::unique_ptr<net::Connection> connection_;
  const Names names_;
  Conversation& conversation_;
  std::function<void(const Error&)> ended_;
  const std::string peer_;
  net::LineSplitter lines_{kMaxLine};
  std::map<std::uint64_t, Waiting> waiting_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::shared_ptr<Farewell> farewell_ = std::make_shared<Farewell>();
  std::uint64_t next_id_ = 0;
  unsigned bad_lines_ = 0;
  unsigned open_requests_ = 0;
  bool ready_ = false;
  bool closed_ = false;
};

}  // namespace virgo::endpoint
