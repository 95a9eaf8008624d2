// A Link with a scripted conversation on one end of a loopback connection, and a
// bare connection that speaks lines by hand on the other.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "endpoint/link.hpp"
#include "net/line_splitter.hpp"
#include "unit/net/net_world.hpp"

namespace virgo::endpoint::testing {

using namespace std::chrono_literals;

class ScriptedConversation final : public Conversation {
 public:
  void opened(Link& link) override {
    ++opened_count;
    if (on_opened) on_opened(link);
  }
  void requested(Link& link, const Message& request) override {
    requests.push_back(request);
    if (on_request) on_request(link, request);
  }
  void closed(const Error& why) override {
    closes.push_back(why);
    if (on_closed) on_closed(why);
  }

  std::function<void(Link&)> on_opened;
  std::function<void(Link&, const Message&)> on_request;
  std::function<void(const Error&)> on_closed;
  int opened_count = 0;
  std::vector<Message> requests;
  std::vector<Error> closes;
};

// The other end: sends lines as they are, collects what comes.
struct HandPeer {
  void attach(net::testing::ConnectionPtr c) {
    connection = std::move(c);
    connection->set_handlers({.data =
                                  [this](std::string_view bytes) {
                                    splitter.feed(bytes);
                                    while (const auto line = splitter.next())
                                      lines.emplace_back(*line);
                                  },
                              .closed = [this](const Error& e) { closed = e; },
                              .drained = {}});
  }
  void send(const std::string& line) { (void)connection->write(line + "\n"); }
  Message message(std::size_t i) {
    auto m = parse_message(lines.at(i));
    EXPECT_TRUE(m.ok()) << lines.at(i);
    return m.ok() ? *m : Message{};
  }
  net::testing::ConnectionPtr connection;
  net::LineSplitter splitter{kMaxLine};
  std::vector<std::string> lines;
  std::optional<Error> closed;
};

}  // namespace virgo::endpoint::testing
