#include "endpoint/link.hpp"

#include "unit/endpoint/endpoint_world.hpp"

namespace virgo::endpoint {
namespace {

using namespace testing;
using virgo::testing::LogCapture;

class LinkTest : public net::testing::NetTest {
 protected:
  void SetUp() override {
    connect_pair(false);
    peer.attach(std::move(b.connection));
    link = std::make_unique<Link>(loop, std::move(a.connection), Names{"web-1", "endpoint"},
                                  conversation, [this](const Error& why) { ends.push_back(why); });
  }
  void TearDown() override {
    link.reset();
    peer.connection.reset();
    NetTest::TearDown();
  }
  // What `done` is told is kept here.
  std::function<void(const Reply&)> keep() {
    return [this](const Reply& r) { replies.push_back(r); };
  }
  std::string response(const std::string& id, const std::string& members) {
    return R"({"v":"1","source":"endpoint","target":"web-1","id":)" + id + "," + members + "}";
  }
  std::string request(const std::string& id, const std::string& method = "m") {
    return response(id, R"("method":")" + method + R"(","params":{})");
  }

  const LogCapture log;
  ScriptedConversation conversation;
  HandPeer peer;
  std::unique_ptr<Link> link;
  std::vector<Error> ends;
  std::vector<Reply> replies;
  const std::string text = "captured by value, so that a destroyed function shows";
};

TEST_F(LinkTest, OpensTheConversation) {
  EXPECT_EQ(conversation.opened_count, 0);
  link->open();
  EXPECT_EQ(conversation.opened_count, 1);
  EXPECT_EQ(link->peer(), listener->address());
  EXPECT_EQ(link->protocol(), "");
  EXPECT_FALSE(link->closed());
  EXPECT_FALSE(link->ready());
  link->set_ready();
  EXPECT_TRUE(link->ready());
}

TEST_F(LinkTest, RequestsGetTheirResponses) {
  link->open();
  std::string order;
  link->request("first", R"({"a":1})", 20s, [&](const Reply& r) {
    EXPECT_TRUE(r.ok);
    EXPECT_EQ(r.result.find("n")->i64, 1);
    order += "1";
  });
  link->request("second", "", 20s, [&](const Reply& r) {
    EXPECT_FALSE(r.ok);
    EXPECT_EQ(r.error.code, 401);
    EXPECT_EQ(r.error.message, "no");
    order += "2";
  });
  run_until([&] { return peer.lines.size() == 2; });
  EXPECT_EQ(peer.message(0).method, "first");
  EXPECT_EQ(peer.message(0).source, "web-1");
  EXPECT_EQ(peer.message(0).target, "endpoint");
  EXPECT_EQ(json::to_json(peer.message(0).body), R"({"a":1})");
  EXPECT_NE(peer.message(0).id.text, peer.message(1).id.text);
  // In the other order, and with an empty line between.
  peer.send(response(peer.message(1).id.text, R"("error":{"code":401,"message":"no"})"));
  peer.send("");
  peer.send(response(peer.message(0).id.text, R"("result":{"n":1})"));
  run_until([&] { return order.size() == 2; });
  EXPECT_EQ(order, "21");
  EXPECT_TRUE(ends.empty());
}

TEST_F(LinkTest, ARequestWithoutAResponseTimesOut) {
  link->open();
  const TimePoint begin = system_clock().now();
  link->request("slow", "", 20ms, keep());
  EXPECT_TRUE(replies.empty());
  run_until([&] { return !replies.empty(); });
  EXPECT_GE(system_clock().now() - begin, Duration(20ms));
  EXPECT_FALSE(replies[0].ok);
  EXPECT_EQ(replies[0].code, Errc::timeout);
  EXPECT_EQ(replies[0].error.code, 0);
  EXPECT_EQ(replies[0].error.message, "no reply to slow within 20ms");
  // The answer comes too late, and does no harm.
  peer.send(response(peer.message(0).id.text, R"("result":{})"));
  link->request("next", "", 20s, keep());
  run_until([&] { return peer.lines.size() == 2; });
  peer.send(response(peer.message(1).id.text, R"("result":{})"));
  run_until([&] { return replies.size() == 2; });
  EXPECT_TRUE(replies[1].ok);
  EXPECT_FALSE(link->closed());
}

TEST_F(LinkTest, ResponsesToNothingAreIgnored) {
  link->open();
  link->request("real", "", 20s, keep());
  run_until([&] { return peer.lines.size() == 1; });
  const std::string id = peer.message(0).id.text;
  for (const std::string& wrong :
       {"\"" + id + "\"", std::string("999"), std::string("-1"),
        std::string("18446744073709551615"), std::string("\"x\""), id + ".0"})
    peer.send(response(wrong, R"("result":{})"));
  peer.send(response(id, R"("result":{})"));
  peer.send(response(id, R"("result":{})"));  // twice
  run_until([&] { return !replies.empty(); });
  turn();
  EXPECT_EQ(replies.size(), 1u);
  EXPECT_FALSE(link->closed());
}

TEST_F(LinkTest, ThePeersRequestsAreAnsweredWithTheirIds) {
  conversation.on_request = [](Link& l, const Message& m) {
    if (m.method == "known")
      l.respond(m.id, R"({"yes":true})");
    else
      l.refuse(m.id, {404, "unknownMethod", "what?"});
  };
  link->open();
  peer.send(request("\"abc\"", "known"));
  peer.send(request("1.50", "other") + "\r");
  run_until([&] { return peer.lines.size() == 2; });
  EXPECT_NE(peer.lines[0].find("\"id\":\"abc\""), std::string::npos);
  EXPECT_EQ(json::to_json(peer.message(0).body), R"({"yes":true})");
  EXPECT_NE(peer.lines[1].find("\"id\":1.50"), std::string::npos);
  EXPECT_EQ(peer.message(1).error.code, 404);
}

TEST_F(LinkTest, TooManyOpenRequestsAreRefused) {
  link->open();
  for (unsigned i = 0; i < Link::kMaxOpenRequests + 1; ++i) peer.send(request(std::to_string(i)));
  run_until([&] { return peer.lines.size() == 1; });
  EXPECT_EQ(conversation.requests.size(), Link::kMaxOpenRequests);
  EXPECT_EQ(peer.message(0).error.code, 429);
  EXPECT_EQ(peer.message(0).id.text, std::to_string(Link::kMaxOpenRequests));
  // An answer makes room for one more.
  link->respond(conversation.requests[0].id, "");
  peer.send(request("1000"));
  peer.send(request("1001"));
  run_until([&] { return peer.lines.size() == 3; });
  EXPECT_EQ(conversation.requests.size(), Link::kMaxOpenRequests + 1);
  EXPECT_EQ(peer.message(2).error.code, 429);
  EXPECT_EQ(peer.message(2).id.text, "1001");
}

TEST_F(LinkTest, ThreeBadLinesAreBorneTheFourthIsNot) {
  link->open();
  for (unsigned i = 0; i < Link::kMaxBadLines; ++i) peer.send("garbage " + std::to_string(i));
  peer.send(request("1"));
  run_until([&] { return conversation.requests.size() == 1; });
  EXPECT_FALSE(link->closed());
  peer.send("one too many");
  peer.send(request("2"));
  run_until([&] { return !ends.empty(); });
  EXPECT_EQ(conversation.requests.size(), 1u) << "read on after the end";
  EXPECT_EQ(ends[0].code, Errc::invalid);
  EXPECT_EQ(ends[0].message, link->peer() + " sent 4 lines that are not messages");
  EXPECT_EQ(log.count("sent a line that is not a message"), 4u);
  EXPECT_EQ(log.count("\"garbage 0\""), 1u);
  run_until([&] { return peer.closed.has_value(); });
}

TEST_F(LinkTest, ALineOfExactlyTheLimitIsRead) {
  link->open();
  const std::string head = R"({"v":"1","id":1,"method":"m","params":")";
  const std::string tail = "\"}";
  const std::string line = head + std::string(kMaxLine - head.size() - tail.size(), 'x') + tail;
  ASSERT_EQ(line.size(), kMaxLine);
  peer.send(line);
  run_until([&] { return conversation.requests.size() == 1; });
  peer.send(line + "\r");
  run_until([&] { return conversation.requests.size() == 2; });
  EXPECT_TRUE(ends.empty());
  peer.send(line + " ");
  run_until([&] { return !ends.empty(); });
  EXPECT_EQ(ends[0].code, Errc::limit);
  EXPECT_EQ(ends[0].message, link->peer() + " sent a line longer than 1048576 bytes");
  EXPECT_EQ(conversation.requests.size(), 2u);
}

TEST_F(LinkTest, ALineOfSixtyFourMegabytesEndsTheLinkLongBeforeItsEnd) {
  link->open();
  peer.connection->set_max_queued(SIZE_MAX);
  for (int i = 0; i < 64; ++i) (void)peer.connection->write(std::string(1u << 20, 'x'));
  run_until([&] { return !ends.empty(); });
  EXPECT_EQ(ends[0].code, Errc::limit);
  EXPECT_GT(peer.connection->queued(), 32u << 20);
  run_until([&] { return peer.closed.has_value(); });
}

TEST_F(LinkTest, RequestsLargerThanALineAreRefusedAtHome) {
  link->open();
  link->request("big", "\"" + std::string(kMaxLine, 'x') + "\"", 20s, keep());
  EXPECT_TRUE(replies.empty()) << "called from within request()";
  run_until([&] { return !replies.empty(); });
  EXPECT_EQ(replies[0].code, Errc::limit);
  EXPECT_FALSE(link->closed());
  EXPECT_TRUE(peer.lines.empty());
}

TEST_F(LinkTest, TheLargestRequestIsExact) {
  link->open();
  const std::size_t empty = request_line({"web-1", "endpoint"}, 0, "m", "\"\"").size() - 1;
  const std::string fits = "\"" + std::string(kMaxLine - empty, 'x') + "\"";
  link->request("m", fits, 20s, keep());
  run_until([&] { return peer.lines.size() == 1; });
  EXPECT_EQ(peer.lines[0].size(), kMaxLine);
  link->request("m", fits.substr(1, 1) + fits, 20s, keep());
  run_until([&] { return !replies.empty(); });
  EXPECT_EQ(replies[0].code, Errc::limit);
}

TEST_F(LinkTest, ResultsLargerThanALineBecomeAnError) {
  conversation.on_request = [](Link& l, const Message& m) {
    l.respond(m.id, "\"" + std::string(kMaxLine, 'x') + "\"");
  };
  link->open();
  peer.send(request("5"));
  run_until([&] { return peer.lines.size() == 1; });
  EXPECT_EQ(peer.message(0).error.code, 413);
  EXPECT_EQ(peer.message(0).id.text, "5");
}

TEST_F(LinkTest, ClosingFailsWhatIsOpenThenTellsConversationAndOwner) {
  link->open();
  std::string order;
  conversation.on_closed = [&](const Error& why) { order += "C" + why.message; };
  link->request("a", "", 20s, [&](const Reply& r) {
    EXPECT_EQ(r.code, Errc::closed);
    EXPECT_EQ(r.error.message, "enough");
    order += "a";
  });
  link->request("b", "", 20s, [&](const Reply&) { order += "b"; });
  link->close({Errc::cancelled, "enough"});
  link->close({Errc::cancelled, "again"});
  EXPECT_TRUE(link->closed());
  EXPECT_EQ(order, "") << "called from within close()";
  run_until([&] { return !ends.empty(); });
  EXPECT_EQ(order, "abCenough");
  EXPECT_EQ(ends[0].message, "enough");
  turn();
  EXPECT_EQ(ends.size(), 1u);
  EXPECT_EQ(conversation.closes.size(), 1u);
  // What was sent before still goes out.
  run_until([&] { return peer.closed.has_value(); });
  EXPECT_EQ(peer.lines.size(), 2u);
}

TEST_F(LinkTest, RequestsAfterTheEndFailFromTheLoop) {
  link->open();
  link->close({Errc::cancelled, "enough"});
  link->request("late", "", 20s, keep());
  link->respond(json::Value{}, "");
  EXPECT_TRUE(replies.empty());
  run_until([&] { return !replies.empty(); });
  EXPECT_EQ(replies[0].code, Errc::closed);
  run_until([&] { return peer.closed.has_value(); });
  EXPECT_TRUE(peer.lines.empty());
}

TEST_F(LinkTest, ThePeersEndIsOurs) {
  link->open();
  link->request("a", "", 20s, keep());
  net::Connection::finish(std::move(peer.connection));
  run_until([&] { return !ends.empty(); });
  EXPECT_EQ(ends[0].code, Errc::closed);
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].code, Errc::closed);
}

TEST_F(LinkTest, WhenTheGoodbyeIsOverItSaysSo) {
  link->open();
  bool gone = false;
  link->close({Errc::cancelled, "enough"});
  link->when_gone([&] { gone = true; });
  run_until([&] { return peer.closed.has_value(); });
  EXPECT_FALSE(gone);
  link.reset();  // not needed for it
  peer.connection.reset();
  run_until([&] { return gone; });
}

TEST_F(LinkTest, WhenItHasGoneAlreadyItSaysSoFromTheLoop) {
  link->open();
  link->close({Errc::cancelled, "enough"});
  run_until([&] { return peer.closed.has_value(); });
  peer.connection.reset();
  bool first = false;
  link->when_gone([&] { first = true; });
  run_until([&] { return first; });
  bool second = false;
  link->when_gone([&] { second = true; });
  EXPECT_FALSE(second);
  run_until([&] { return second; });
}

TEST_F(LinkTest, APeerThatDoesNotReadEndsTheLink) {
  link->open();
  peer.connection->pause();
  int rounds = 0;
  run_until([&] {
    for (int i = 0; i < 4; ++i)
      link->request("m", "\"" + std::string(900'000, 'x') + "\"", 20s, keep());
    return ++rounds > 200 || !ends.empty();
  });
  ASSERT_FALSE(ends.empty());
  EXPECT_EQ(ends[0].code, Errc::limit);
  EXPECT_NE(ends[0].message.find("does not read"), std::string::npos) << ends[0].message;
}

TEST_F(LinkTest, CloseInEachCallback) {
  int which = 0;
  const Error enough{Errc::cancelled, "enough"};
  conversation.on_opened = [&](Link& l) {
    if (which == 0) l.close(enough);
  };
  conversation.on_request = [&](Link& l, const Message&) {
    if (which == 1) l.close(enough);
  };
  conversation.on_closed = [&](const Error&) { link->close(enough); };
  for (which = 0; which < 5; ++which) {
    if (which > 0) {
      link.reset();
      peer = HandPeer();
      ends.clear();
      SetUp();
    }
    link->open();
    link->request("a", "", which == 3 ? 1ms : 20s, [&](const Reply&) {
      if (which == 2 || which == 3) link->close(enough);
    });
    link->request("b", "", 20s, keep());
    peer.send(request("1"));
    peer.send(request("2"));
    if (which == 2) peer.send(response("0", R"("result":{})"));
    if (which == 4) link->close(enough);
    run_until([&] { return !ends.empty(); });
    EXPECT_EQ(ends.size(), 1u);
    EXPECT_EQ(ends[0].message, "enough");
    turn();
  }
}

TEST_F(LinkTest, DestructionInEachCallback) {
  int which = 0;
  std::string seen;
  auto destroy = [&, copy = text] {
    link.reset();
    seen = copy;
  };
  for (which = 0; which < 8; ++which) {
    SCOPED_TRACE(which);
    seen.clear();
    ends.clear();
    if (which > 0) {
      link.reset();
      peer = HandPeer();
      connect_pair(false);
      peer.attach(std::move(b.connection));
    }
    conversation.on_opened = nullptr;
    conversation.on_request = nullptr;
    conversation.on_closed = nullptr;
    if (which == 0) conversation.on_opened = [&, destroy](Link&) { destroy(); };
    if (which == 1) conversation.on_request = [&, destroy](Link&, const Message&) { destroy(); };
    if (which == 2) conversation.on_closed = [&, destroy](const Error&) { destroy(); };
    if (which > 0)
      link = std::make_unique<Link>(loop, std::move(a.connection), Names{"web-1", "endpoint"},
                                    conversation, [&, destroy](const Error&) {
                                      if (which == 3) destroy();
                                    });
    Link* l = link.get();
    l->open();
    if (link != nullptr) {
      auto done = [&, destroy](const Reply&) {
        if (which >= 4) destroy();
      };
      l->request("a", "", which == 5 ? 1ms : 20s, done);
      l->request("b", "", 20s, done);
      peer.send(request("1"));
      peer.send(request("2"));
      if (which == 4) peer.send(response("0", R"("result":{})"));
      if (which == 2 || which == 3 || which == 6) l->close({Errc::cancelled, "enough"});
      if (which == 7) net::Connection::finish(std::move(peer.connection));
    }
    run_until([&] { return !seen.empty(); });
    EXPECT_EQ(seen, text);
    turn();
  }
}

}  // namespace
}  // namespace virgo::endpoint
