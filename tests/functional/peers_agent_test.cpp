// Whatever an endpoint does to it, the agent says what is wrong in one clear line,
// stays alive and small, and reports as soon as a good endpoint is there.
#include <signal.h>

#include <gtest/gtest.h>

#include "base/format.hpp"
#include "base/text.hpp"
#include "functional/wire.hpp"

namespace virgo::functional {
namespace {

using std::chrono::floor;
using std::chrono::hours;
using std::chrono::seconds;
using std::chrono::system_clock;

constexpr const char* kLoopback = "127.0.0.1";

crypto::Validity valid_now() {
  return crypto::Validity::for_days(floor<seconds>(system_clock::now()), 2);
}

struct BadEndpoint : ::testing::Test {
  Endpoint good;
  Wire wire;
  std::optional<FakeEndpoint> fake;
  Agent agent;

  // An agent with one Lua check that reports to the port of `good`.
  void start_agent(const std::string& request_timeout) {
    agent.start(agent_yaml(good, "  - uptime\n", "defaults: {interval: 200ms}\n",
                           "  request_timeout: " + request_timeout + "\n  connect_timeout: 1s\n"));
  }
  // The same, and a false endpoint on that port.
  FakeEndpoint& begin(FakeEndpoint::Kind kind = FakeEndpoint::Kind::tls,
                      const std::string& request_timeout = "1s") {
    fake.emplace(wire, good, kind);
    good.use_port(fake->port());
    start_agent(request_timeout);
    return *fake;
  }
  bool says(const std::string& text) { return wire.says(agent.process(), text); }

  // A good endpoint comes: the agent reports to it, then stops as asked.
  void recovers() {
    fake.reset();
    good.start();
    EXPECT_TRUE(eventually([&] { return reports_of(good.records(), "uptime").size() >= 2; }))
        << agent.err();
    if (!kSanitized) {
      EXPECT_LT(agent.process().peak_mib(), 60);
    }
    agent.process().signal(SIGTERM);
    EXPECT_EQ(agent.process().wait(), 0) << agent.err();
  }
};

TEST_F(BadEndpoint, ThatDoesNotKnowTheToken) {
  good.start();
  const std::string tokens = read_file(good.dir() + "/tokens");
  const std::string token = good.token();
  start_agent("1s");
  EXPECT_TRUE(agent.process().says("the endpoint accepted us"));
  good.kill();
  write_file(good.dir() + "/tokens", "another-token\n");
  good.start();
  EXPECT_TRUE(agent.process().says("the endpoint refused us: the token is not known here"));
  EXPECT_TRUE(good.process().says("gave a token that is not known here"));
  EXPECT_EQ((agent.err() + good.process().err()).find(token), std::string::npos);
  good.kill();
  write_file(good.dir() + "/tokens", tokens);
  recovers();
}

TEST_F(BadEndpoint, OfAnotherAuthority) {
  const Endpoint stranger;
  reissue(good, stranger, {kLoopback}, valid_now());
  good.start();
  start_agent("1s");
  EXPECT_TRUE(agent.process().says("not signed by a certificate authority in " + good.ca()));
  EXPECT_TRUE(good.process().says("does not trust our certificate"));
  good.kill();
  reissue(good, good, {kLoopback}, valid_now());
  recovers();
}

TEST_F(BadEndpoint, WithAnotherHostsCertificate) {
  reissue(good, good, {"db1.example.com", "10.1.2.3"}, valid_now());
  good.start();
  start_agent("1s");
  EXPECT_TRUE(agent.process().says(
      "the certificate is for 'db1.example.com, 10.1.2.3', not for '127.0.0.1'"));
  EXPECT_TRUE(good.process().says("does not accept our certificate"));
  good.kill();
  reissue(good, good, {kLoopback}, valid_now());
  recovers();
}

TEST_F(BadEndpoint, WithAnExpiredCertificate) {
  const auto now = floor<seconds>(system_clock::now());
  reissue(good, good, {kLoopback}, {now - hours(48), now - hours(24)});
  good.start();
  EXPECT_TRUE(good.process().says("expired"));
  start_agent("1s");
  EXPECT_TRUE(agent.process().says("the server's certificate expired on " +
                                   crypto::format_utc(now - hours(24))));
  EXPECT_TRUE(good.process().says("has expired"));
  good.kill();
  reissue(good, good, {kLoopback}, {now + hours(24), now + hours(48)});
  good.start();
  EXPECT_TRUE(agent.process().says("is not valid before " + crypto::format_utc(now + hours(24))));
  good.kill();
  reissue(good, good, {kLoopback}, valid_now());
  recovers();
}

TEST_F(BadEndpoint, ThatDoesNotSpeakTls) {
  begin(FakeEndpoint::Kind::plain).opened = [](Talk& talk) { talk.send("220 mail ready\r\n"); };
  EXPECT_TRUE(says("the server does not speak TLS (it sent \"220 mail ready"));
  recovers();
}

TEST_F(BadEndpoint, ThatDoesNotEvenShakeHands) {
  begin(FakeEndpoint::Kind::plain);
  EXPECT_TRUE(says("no success within 1s (while in the TLS handshake); next try in"));
  recovers();
}

TEST_F(BadEndpoint, InTheHandshakeDoesNotKeepTheAgentFromStopping) {
  FakeEndpoint& peer = begin(FakeEndpoint::Kind::plain, "60s");
  EXPECT_TRUE(wire.until([&] { return !peer.talks().empty(); }));
  agent.process().signal(SIGTERM);
  EXPECT_EQ(agent.process().wait(), 0) << agent.err();
}

TEST_F(BadEndpoint, ThatHangsUpInTheHandshake) {
  begin(FakeEndpoint::Kind::plain).opened = [](Talk& talk) { talk.close(); };
  EXPECT_TRUE(says("closed the connection before the TLS handshake"));
  recovers();
}

TEST_F(BadEndpoint, ThatSendsGarbage) {
  std::string garbage;
  for (std::uint32_t i = 0, x = 1; i < 100'000; ++i, x = x * 1664525 + 1013904223)
    garbage += static_cast<char>(x >> 24);
  begin().opened = [&](Talk& talk) { talk.send(garbage); };
  EXPECT_TRUE(says("sent a line that is not a message"));
  EXPECT_TRUE(says("sent 4 lines that are not messages; next try in"));
  recovers();
}

// Lines that are not messages are named each, and do no harm up to the fourth.
TEST_F(BadEndpoint, ThatSendsLinesWhichAreNoMessages) {
  const std::string deep = std::string(1000, '[') + std::string(1000, ']');
  const std::string_view lines[] = {
      "42",
      "hello there",
      "{}",
      R"({"v":"2","id":1})",
      R"({"v":"1"})",
      R"({"v":"1","id":{}})",
      R"({"v":"1","id":5,"method":7})",
      deep,
      "{\"v\":\"1\",\"id\":\"\xff\xfe\"}",
  };
  std::size_t next = 0;
  begin().message = [&](Talk& talk, const json::Value& m) {
    if (text_of(m, "method") == "handshake.hello" && next < std::size(lines)) {
      for (int i = 0; i < 3 && next < std::size(lines); ++i)
        talk.send(std::string(lines[next++]) + "\n");
      FakeEndpoint::answer(talk, m);
      talk.close();
      return;
    }
    FakeEndpoint::answer(talk, m);
  };
  for (const char* what :
       {"not a JSON object", "\"hello there\"", "version is not \"1\"", "no id, or one that is",
        "method is not a string", "nested deeper than 32", "\\xff\\xfe"})
    EXPECT_TRUE(says(what));
  EXPECT_TRUE(says("the endpoint accepted us"));
  recovers();
}

TEST_F(BadEndpoint, ThatSendsAnEndlessLine) {
  const std::string line(64u << 20, 'x');
  begin().opened = [&](Talk& talk) { talk.send(line); };
  EXPECT_TRUE(says("sent a line longer than 1048576 bytes; next try in"));
  recovers();
}

TEST_F(BadEndpoint, ThatAnswersUnderAnotherId) {
  begin().message = [](Talk& talk, const json::Value& m) {
    json::Value other = m;
    for (std::size_t i = 0; i < other.keys.size(); ++i)
      if (other.keys[i] == "id") other.items[i].text = "12345";
    FakeEndpoint::answer(talk, other);
    talk.send("{\"v\":\"1\",\"id\":\"0\",\"result\":{\"dialect\":\"virgo/1\"}}\n");
    talk.send("{\"v\":\"1\",\"id\":18446744073709551616,\"result\":{}}\n");
    talk.send("{\"v\":\"1\",\"id\":-1,\"result\":{}}\n{\"v\":\"1\",\"id\":0.5,\"result\":{}}\n");
  };
  EXPECT_TRUE(says("answered a request that is not open (id 12345)"));
  EXPECT_TRUE(says("the endpoint refused us: no reply to handshake.hello within 1s; next try in"));
  recovers();
}

TEST_F(BadEndpoint, ThatFallsSilentAfterHello) {
  begin().message = [](Talk& talk, const json::Value& m) {
    if (text_of(m, "method") == "handshake.hello") FakeEndpoint::answer(talk, m);
  };
  EXPECT_TRUE(says("a batch was not accepted: no reply to batch.post within 1s; next try in"));
  recovers();
}

TEST_F(BadEndpoint, ThatDoesNotAnswerHeartbeats) {
  begin().message = [](Talk& talk, const json::Value& m) {
    if (text_of(m, "method") != "heartbeat.post") FakeEndpoint::answer(talk, m);
  };
  EXPECT_TRUE(says("no heartbeat: no reply to heartbeat.post within 1s; next try in"));
  recovers();
}

TEST_F(BadEndpoint, WhoseHelloIsUnusable) {
  const char* results[] = {
      R"({"dialect":"virgo/1"})",
      R"({"dialect":"virgo/1","heartbeat_interval":"soon"})",
      R"({"dialect":"virgo/1","heartbeat_interval":0})",
      R"({"dialect":"virgo/9","heartbeat_interval":1000})",
      "null",
      R"("welcome")",
      "[]",
  };
  std::size_t next = 0;
  begin().message = [&](Talk& talk, const json::Value& m) {
    if (text_of(m, "method") == "handshake.hello")
      talk.send(result_line(m, results[next++ % std::size(results)]));
  };
  EXPECT_TRUE(says("the endpoint's hello has no usable heartbeat_interval (milliseconds)"));
  EXPECT_TRUE(says("the endpoint does not speak the dialect virgo/1"));
  EXPECT_TRUE(wire.until([&] { return next > std::size(results); })) << agent.err();
  EXPECT_EQ(agent.err().find("the endpoint accepted us"), std::string::npos);
  recovers();
}

TEST_F(BadEndpoint, WhoseAcknowledgementsAreNonsense) {
  const char* results[] = {"{}",
                           R"({"acked":null})",
                           R"({"acked":"many"})",
                           R"({"acked":0})",
                           R"({"acked":-1e300})",
                           R"({"acked":[1]})"};
  std::size_t next = 0;
  begin().message = [&](Talk& talk, const json::Value& m) {
    if (text_of(m, "method") == "batch.post" && next < std::size(results))
      talk.send(result_line(m, results[next++]));
    else
      FakeEndpoint::answer(talk, m);
  };
  EXPECT_TRUE(says("the endpoint acknowledged nothing of a batch; next try in"));
  EXPECT_TRUE(wire.until([&] { return next == std::size(results); })) << agent.err();
  recovers();
}

// What is not really acknowledged stays in the queue, and nothing is sent twice.
TEST_F(BadEndpoint, ThatAcknowledgesMoreThanItGot) {
  std::vector<double> runs;
  begin().message = [&](Talk& talk, const json::Value& m) {
    if (text_of(m, "method") != "batch.post") return FakeEndpoint::answer(talk, m);
    for (const json::Value& r : m.find("params")->find("reports")->items)
      runs.push_back(number_of(r, "run"));
    talk.send(result_line(m, R"({"acked":1e15})"));
  };
  EXPECT_TRUE(wire.until([&] { return runs.size() >= 8; })) << agent.err();
  for (std::size_t i = 0; i < runs.size(); ++i) EXPECT_EQ(runs[i], static_cast<double>(i + 1));
  recovers();
}

// A part of a batch is acknowledged: the rest comes again.
TEST_F(BadEndpoint, ThatAcknowledgesAPart) {
  std::vector<double> runs;
  bool slow = true;  // until several reports wait
  begin().message = [&](Talk& talk, const json::Value& m) {
    if (text_of(m, "method") != "batch.post") return FakeEndpoint::answer(talk, m);
    const auto& reports = m.find("params")->find("reports")->items;
    if (slow && reports.size() < 3) return talk.close();
    slow = false;
    runs.push_back(number_of(reports.front(), "run"));
    talk.send(result_line(m, format(R"({{"acked":{:.0f}}})", number_of(reports.front(), "seq"))));
  };
  EXPECT_TRUE(wire.until([&] { return runs.size() >= 8; })) << agent.err();
  for (std::size_t i = 0; i < runs.size(); ++i) EXPECT_EQ(runs[i], static_cast<double>(i + 1));
  recovers();
}

TEST_F(BadEndpoint, ThatRefusesBatches) {
  begin().message = [](Talk& talk, const json::Value& m) {
    if (text_of(m, "method") != "batch.post") return FakeEndpoint::answer(talk, m);
    talk.send(format(
        R"({{"v":"1","id":{},"error":{{"code":500,"type":"storage","message":"no room\nleft"}}}})"
        "\n",
        m.find("id")->text));
  };
  EXPECT_TRUE(says("a batch was not accepted: no room"));
  recovers();
}

TEST_F(BadEndpoint, ThatAsksWhatIsNotKnown) {
  FakeEndpoint& peer = begin();
  const auto answered = [&](std::size_t n) {
    std::vector<json::Value> out;
    EXPECT_TRUE(wire.until([&] {
      out.clear();
      for (const json::Value& m : peer.talks().back()->messages())
        if (m.find("method") == nullptr) out.push_back(m);
      return out.size() >= n;
    })) << agent.err();
    out.resize(n);
    return out;
  };
  EXPECT_TRUE(says("the endpoint accepted us"));
  Talk& talk = *peer.talks().back();
  talk.send(request_line(7, "format.disk", "{}"));
  talk.send("{\"v\":\"1\",\"id\":\"a \\\"b\\\"\",\"method\":\"opened\",\"params\":null}\n");
  talk.send(request_line(9, "agent.info", "17"));
  const auto replies = answered(3);
  EXPECT_EQ(number_of(replies[0], "id"), 7);
  EXPECT_EQ(number_of(*replies[0].find("error"), "code"), 404);
  EXPECT_NE(text_of(*replies[0].find("error"), "message").find("'format.disk'"), std::string::npos);
  EXPECT_EQ(text_of(replies[1], "id"), "a \"b\"");
  EXPECT_EQ(number_of(*replies[1].find("error"), "code"), 404);
  const json::Value* info = replies[2].find("result");
  ASSERT_NE(info, nullptr) << json::to_json(replies[2]);
  EXPECT_EQ(text_of(*info, "agent_id"), "test-agent");
  EXPECT_EQ(text_of(*info, "version"), VIRGO_VERSION);
  EXPECT_GT(number_of(*info, "epoch"), 1.6e12);
  EXPECT_EQ(text_of(info->find("checks")->items.at(0), "check"), "uptime");
  recovers();
}

TEST_F(BadEndpoint, ThatAsksVeryMuch) {
  constexpr int kRequests = 20'000;
  FakeEndpoint& peer = begin(FakeEndpoint::Kind::tls, "60s");
  EXPECT_TRUE(says("the endpoint accepted us"));
  Talk& talk = *peer.talks().back();
  int replies = 0;
  talk.on_message = [&](Talk& t, const json::Value& m) {
    if (m.find("method") == nullptr && number_of(m, "id") >= 1'000) ++replies;
    FakeEndpoint::answer(t, m);
  };
  std::string requests;
  for (int i = 0; i < kRequests; ++i) requests += request_line(1'000 + i, "agent.info", "{}");
  talk.send(requests);
  EXPECT_TRUE(wire.until([&] { return replies == kRequests; })) << replies << "\n" << agent.err();
  recovers();
}

TEST_F(BadEndpoint, ThatAsksVeryMuchAndDoesNotListen) {
  FakeEndpoint& peer = begin(FakeEndpoint::Kind::tls, "60s");
  EXPECT_TRUE(says("the endpoint accepted us"));
  Talk& talk = *peer.talks().back();
  talk.stop_reading();
  std::string requests;
  for (int i = 0; i < 100'000; ++i) requests += request_line(i, "agent.info", "{}");
  talk.send(requests);
  EXPECT_TRUE(says("does not read"));
  recovers();
}

TEST_F(BadEndpoint, ThatHangsUpInMidLine) {
  FakeEndpoint& peer = begin();
  peer.message = [](Talk& talk, const json::Value&) {
    talk.send(R"({"v":"1","id":0,"result":{"dialect":"virgo/1","heartbe)");
    talk.close();
  };
  EXPECT_TRUE(says("the connection to the endpoint has ended: the other side closed"));
  peer.message = [](Talk& talk, const json::Value&) { talk.cut(); };
  EXPECT_TRUE(says("the server cut the connection without a TLS close"));
  recovers();
}

// Byte by byte is slow, but right.
TEST_F(BadEndpoint, ThatDribbles) {
  FakeEndpoint& peer = begin();
  int batches = 0;
  peer.message = [&](Talk& talk, const json::Value& m) {
    if (text_of(m, "method") == "handshake.hello")
      for (const char c : result_line(m, R"({"dialect":"virgo/1","heartbeat_interval":1000})"))
        talk.send({&c, 1});
    else
      FakeEndpoint::answer(talk, m);
    if (text_of(m, "method") == "batch.post") ++batches;
  };
  EXPECT_TRUE(wire.until([&] { return batches >= 2; })) << agent.err();
  recovers();
}

}  // namespace
}  // namespace virgo::functional
