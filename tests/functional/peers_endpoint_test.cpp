// Whatever is on the other end, the endpoint says what is wrong in one clear line,
// stays alive and small, and writes each report of a good agent exactly once.
#include <algorithm>
#include <filesystem>

#include <gtest/gtest.h>

#include "base/format.hpp"
#include "functional/bad_agent.hpp"

namespace virgo::functional {
namespace {

TEST_F(BadAgent, ThatDoesNotSpeakTls) {
  auto talk = functional::call(wire, endpoint, false);
  talk->send("GET / HTTP/1.1\r\nHost: virgo\r\n\r\n");
  EXPECT_TRUE(says("the client does not speak TLS (it sent \"GET / HTTP/1.1"));
  ends(*talk);
  goes_on();
}

// Both ends of the silence: before TLS, and after it.
TEST_F(BadAgent, ThatSaysNothing) {
  auto silent = functional::call(wire, endpoint, false);
  auto polite = call();
  auto slow = call();  // a hello that comes so slowly that it never ends
  auto next_byte = std::chrono::steady_clock::now();
  const auto dribble = [&] {
    if (std::chrono::steady_clock::now() >= next_byte) {
      slow->send(" ");
      next_byte += std::chrono::milliseconds(20);
    }
    return silent->over() && polite->over() && slow->over();
  };
  EXPECT_TRUE(wire.until(dribble)) << endpoint.process().err();
  EXPECT_TRUE(says("no TLS handshake within 10000 ms"));
  EXPECT_TRUE(wire.until([&] {
    const std::string err = endpoint.process().err();
    return err.find("sent nothing in time") != err.rfind("sent nothing in time");
  })) << endpoint.process().err();
  goes_on();
}

TEST_F(BadAgent, ThatDoesNotBeginWithHello) {
  auto talk = call();
  EXPECT_EQ(error_code(ask(wire, *talk, 3, "batch.post", batch(1, {1}))), 400);
  ends(*talk);
  EXPECT_TRUE(says("did not begin with handshake.hello"));
  EXPECT_EQ(hello_code("17"), 400);
  EXPECT_EQ(hello_code("{}"), 401);
  goes_on();
}

TEST_F(BadAgent, WhoseHelloIsRefused) {
  const std::string token = endpoint.token();
  EXPECT_EQ(hello_code(hello_params("x", "guess")), 401);
  EXPECT_EQ(hello_code(hello_params("x", token.substr(1))), 401);
  EXPECT_EQ(hello_code(hello_params("x", "")), 401);
  EXPECT_EQ(hello_code(R"({"dialect":"virgo/1","token":{"a":1},"agent_id":"x"})"), 401);
  EXPECT_TRUE(says("gave a token that is not known here"));
  EXPECT_EQ(hello_code(hello_params("x", token, "rackspace/1")), 400);
  EXPECT_TRUE(says("speaks another dialect than virgo/1"));
  EXPECT_EQ(hello_code(hello_params("", token)), 400);
  EXPECT_EQ(hello_code(hello_params(std::string(200, 'x'), token)), 400);
  EXPECT_EQ(hello_code(hello_params("a\\u0000b", token)), 400);
  EXPECT_EQ(hello_code(hello_params("a\\nb", token)), 400);
  EXPECT_EQ(hello_code(format(R"({{"dialect":"virgo/1","token":"{}","agent_id":7}})", token)), 400);
  EXPECT_TRUE(says("has no usable agent_id"));
  EXPECT_EQ(endpoint.process().err().find(token), std::string::npos);
  EXPECT_TRUE(std::filesystem::is_empty(endpoint.dir() + "/reports"));
  goes_on();
}

// An agent's name is a file's name here, and never a way out of the folder.
TEST_F(BadAgent, WhoseNameIsAPath) {
  for (const std::string& name :
       {std::string("../../x"), std::string(".."), std::string("/etc/passwd"),
        std::string(".hidden"), std::string("a/b"), std::string("%2f"), std::string(80, '/')}) {
    auto talk = greet(name);
    EXPECT_EQ(acked(ask(wire, *talk, 1, "batch.post", batch(1, {1}))), 1) << name;
    talk->close();
  }
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(endpoint.dir() + "/reports")) {
    EXPECT_TRUE(entry.is_regular_file());
    EXPECT_NE(entry.path().filename().string()[0], '.');
    const std::string text = read_file(entry.path());
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
    ++files;
  }
  EXPECT_EQ(files, 7u);
  // In the file's name a slash takes three characters: at 128 there is no room.
  EXPECT_EQ(hello_code(hello_params(std::string(128, '/'), endpoint.token())), 400);
  for (const auto& entry : std::filesystem::directory_iterator(endpoint.dir()))
    EXPECT_EQ(entry.path().string().find(".ndjson"), std::string::npos) << entry.path();
  goes_on();
}

TEST_F(BadAgent, ThatSendsBadLines) {
  auto talk = call();
  talk->send("this is no JSON\n42\n[]\n");
  const auto hello = ask(wire, *talk, 0, "handshake.hello", hello_params("x", endpoint.token()));
  EXPECT_TRUE(hello && hello->find("result") != nullptr);
  EXPECT_TRUE(says("sent a line that is not a message"));
  EXPECT_TRUE(says("\"this is no JSON\""));
  talk->send("\x1b[31mred\xff\n");
  ends(*talk);
  EXPECT_TRUE(says("sent 4 lines that are not messages"));
  EXPECT_EQ(endpoint.process().err().find('\x1b'), std::string::npos);
  goes_on();
}

TEST_F(BadAgent, ThatSendsAnEndlessLine) {
  const std::string line(64u << 20, 'x');
  auto stranger = call();
  stranger->send(line);
  ends(*stranger);
  EXPECT_TRUE(says("a line of more than 1048576 bytes"));
  auto known = greet("x");
  known->send(line);
  ends(*known);
  EXPECT_TRUE(says("(agent 'x'): a line of more than 1048576 bytes"));
  goes_on();
}

// The largest line there may be, full of small values: refused as a line, or as a
// batch, but never at the price of much memory.
TEST_F(BadAgent, ThatSendsVeryManyValues) {
  auto talk = greet("x");
  const auto line = [](int id, std::size_t values) {
    std::string reports = "[";
    while (values-- > 0) reports += "{},";
    return request_line(id, "batch.post", R"({"epoch":1,"reports":)" + reports + "0]}");
  };
  talk->send(line(1, 340'000));
  EXPECT_TRUE(says("sent a line that is not a message: more than 200000 values"));
  talk->send(line(2, 190'000));
  EXPECT_TRUE(wire.until([&] { return talk->response(2) != nullptr; }));
  EXPECT_EQ(error_code(*talk->response(2)), 400);
  goes_on();
}

TEST_F(BadAgent, WhoseBatchesAreWrong) {
  auto talk = greet("x");
  int id = 0;
  const auto code = [&](const std::string& params) {
    return error_code(ask(wire, *talk, ++id, "batch.post", params));
  };
  for (const char* params :
       {"[]", "{}", "7", R"({"epoch":1})", R"({"reports":[]})", R"({"epoch":1,"reports":7})",
        R"({"epoch":"x","reports":[]})", R"({"epoch":1,"reports":[7]})",
        R"({"epoch":1,"reports":[{"check":"c","status":"ok"}]})",
        R"({"epoch":1,"reports":[{"seq":0,"check":"c","status":"ok"}]})",
        R"({"epoch":1,"reports":[{"seq":-1,"check":"c","status":"ok"}]})",
        R"({"epoch":1,"reports":[{"seq":1.5,"check":"c","status":"ok"}]})",
        R"({"epoch":1,"reports":[{"seq":1e300,"check":"c","status":"ok"}]})",
        R"({"epoch":1,"reports":[{"seq":{},"check":"c","status":"ok"}]})",
        R"({"epoch":-5,"reports":[{"seq":1,"check":"c","status":"ok"}]})",
        R"({"epoch":0.5,"reports":[{"seq":1,"check":"c","status":"ok"}]})",
        // Neither a report nor a gap.
        R"({"epoch":1,"reports":[{"seq":1}]})",
        R"({"epoch":1,"reports":[{"seq":1,"status":"ok"}]})",
        R"({"epoch":1,"reports":[{"seq":1,"check":{},"status":"ok","samples":[]}]})",
        R"({"epoch":1,"reports":[{"seq":1,"gap":7}]})",
        R"({"epoch":1,"reports":[{"seq":1,"gap":{}}]})"}) {
    EXPECT_EQ(code(params), 400) << params;
  }
  EXPECT_EQ(code(batch(1, {2, 1})), 400);
  EXPECT_EQ(code(batch(1, {1, 1})), 400);
  EXPECT_TRUE(endpoint.records("x").empty());
  // None of that has ended the conversation, nor spoilt it.
  EXPECT_EQ(acked(ask(wire, *talk, ++id, "batch.post", batch(1, {1, 2}))), 2);
  EXPECT_EQ(seqs(endpoint.records("x")), (std::vector<int>{1, 2}));
  goes_on();
}

// Reports whose members are not what they should be are stored, and shown as well
// as can be.
TEST_F(BadAgent, WhoseReportsAreOdd) {
  endpoint.kill();
  endpoint.add_arguments({"--show"});
  endpoint.start();
  auto talk = greet("x");
  int seq = 0;
  for (
      const char* members :
      {R"("samples":[])", R"("samples":{})", R"("samples":[7,"x",null,[],{}])",
       R"("samples":[],"message":{},"runtime":[],"duration_us":"long")",
       R"("samples":[{"n":7,"v":{},"u":{},"l":7,"k":0},{"n":"m","v":1,"l":[1,"x"]}],"duration_us":-1e308)",
       R"("samples":[{"n":"m","v":"1e999","u":"By","l":{"a":{},"b":null}}],"started_us":"x")",
       R"("samples":[{"n":"%s\u001b[2J","v":1,"u":"{}1"}],"agent":"y","epoch":99)"}) {
    ++seq;
    const std::string params =
        format(R"({{"epoch":1,"reports":[{{"seq":{},"check":"c\u001b[2J","status":"ok",{}}}]}})",
               seq, members);
    EXPECT_EQ(acked(ask(wire, *talk, seq, "batch.post", params)), seq) << members;
  }
  for (const json::Value& r : endpoint.records("x")) {
    EXPECT_EQ(text_of(r, "agent"), "x");
    EXPECT_EQ(number_of(r, "epoch"), 1);
  }
  EXPECT_EQ(endpoint.records("x").size(), static_cast<std::size_t>(seq));
  goes_on();
  EXPECT_EQ(endpoint.process().err().find("failed"), std::string::npos) << endpoint.process().err();
  EXPECT_NE(endpoint.process().out().find("system.uptime"), std::string::npos);
  EXPECT_EQ(endpoint.process().out().find('\x1b'), std::string::npos) << endpoint.process().out();
}

TEST_F(BadAgent, ThatRepeatsItself) {
  auto talk = greet("x");
  const auto post = [&](Talk& to, int id, const std::vector<int>& seqs) {
    return acked(ask(wire, to, id, "batch.post", batch(1000, seqs)));
  };
  EXPECT_EQ(post(*talk, 1, {1, 2, 3}), 3);
  EXPECT_EQ(post(*talk, 2, {1, 2, 3}), 3);
  EXPECT_EQ(post(*talk, 3, {2, 3, 4, 7}), 7);
  auto again = greet("x");
  EXPECT_EQ(post(*again, 1, {3, 4, 7, 8}), 8);
  endpoint.kill();
  endpoint.start();
  again = greet("x");
  EXPECT_EQ(post(*again, 1, {7, 8, 9}), 9);
  EXPECT_EQ(seqs(endpoint.records("x")), (std::vector<int>{1, 2, 3, 4, 7, 8, 9}));
  // A new epoch counts anew.
  EXPECT_EQ(acked(ask(wire, *again, 2, "batch.post", batch(2000, {1}))), 1);
  EXPECT_EQ(seqs(endpoint.records("x")), (std::vector<int>{1, 2, 3, 4, 7, 8, 9, 1}));
  goes_on();
}

// The answer to a batch was lost, and the batch comes again over another
// connection, while the first is still being written.
TEST_F(BadAgent, ThatRepeatsItselfAtOnce) {
  constexpr int kConnections = 8;
  std::vector<std::unique_ptr<Talk>> talks;
  for (int i = 0; i < kConnections; ++i) talks.push_back(greet("x"));
  for (int round = 1; round <= 20; ++round) {
    for (auto& talk : talks)
      talk->send(request_line(round, "batch.post", batch(1000, {2 * round - 1, 2 * round})));
    for (auto& talk : talks)
      EXPECT_TRUE(wire.until([&] { return talk->response(round) != nullptr; }));
  }
  std::vector<int> expected;
  for (int seq = 1; seq <= 40; ++seq) expected.push_back(seq);
  EXPECT_EQ(seqs(endpoint.records("x")), expected);
  goes_on();
}

TEST_F(BadAgent, ThatAsksForUnknownThings) {
  auto talk = greet("x");
  EXPECT_EQ(error_code(ask(wire, *talk, 1, "endpoint.format", "{}")), 404);
  talk->send("{\"v\":\"1\",\"id\":2,\"method\":{\"a\":1}}\n{\"v\":\"1\",\"id\":3,\"result\":{}}\n");
  EXPECT_TRUE(wire.until([&] { return talk->response(2) != nullptr; }));
  EXPECT_EQ(error_code(*talk->response(2)), 404);
  const auto beat = ask(wire, *talk, 4, "heartbeat.post", R"({"timestamp":1})");
  EXPECT_TRUE(beat && number_of(*beat->find("result"), "timestamp") > 1.6e12);
  // A second hello is an unknown method by now.
  EXPECT_EQ(error_code(ask(wire, *talk, 5, "handshake.hello", "{}")), 404);
  goes_on();
}

TEST_F(BadAgent, ThatComesAsAHerd) {
  std::vector<std::unique_ptr<Talk>> talks;
  for (int i = 0; i < 200; ++i) talks.push_back(call());
  const std::string token = endpoint.token();
  for (int i = 0; i < 200; ++i)
    talks[i]->send(request_line(0, "handshake.hello", hello_params(format("agent-{}", i), token)) +
                   request_line(1, "batch.post", batch(1, {1, 2, 3})));
  for (auto& talk : talks) EXPECT_TRUE(wire.until([&] { return talk->response(1) != nullptr; }));
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(acked(*talks[i]->response(1)), 3);
    EXPECT_EQ(endpoint.records(format("agent-{}", i)).size(), 3u);
  }
  for (std::size_t i = 0; i < talks.size(); ++i) i % 2 == 0 ? talks[i]->cut() : talks[i]->close();
  goes_on();
}

TEST_F(BadAgent, ThatAsksVeryMuchAndDoesNotListen) {
  auto talk = greet("x");
  talk->stop_reading();
  std::string requests;
  for (int i = 0; i < 200'000; ++i) requests += request_line(i, "heartbeat.post", "{}");
  talk->send(requests);
  // Its own turn never comes to an end, but others have theirs.
  goes_on();
}

TEST_F(BadAgent, ThatGoesAwayWithoutAWord) {
  auto talk = greet("x");
  talk->send("{\"v\":\"1\",\"id\":1,\"method\":\"batch.p");
  talk->cut();
  EXPECT_TRUE(says("the client cut the connection without a TLS close"));
  // Nor does one that just falls silent stay for ever: two heartbeats and 5 s.
  auto silent = greet("y");
  EXPECT_TRUE(says("(agent 'y'): sent nothing in time"));
  goes_on();
}

}  // namespace
}  // namespace virgo::functional
