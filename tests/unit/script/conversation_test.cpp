// LuaConversation over a real connection, with the test as the peer.
#include "script/lua_conversation.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "deliver/memory_queue.hpp"
#include "endpoint/link.hpp"
#include "net/connect.hpp"
#include "net/line_splitter.hpp"
#include "net/listener.hpp"
#include "unit/log_capture.hpp"
#include "unit/loop_fixture.hpp"

namespace virgo::script {
namespace {

struct Conversation : testing::LoopTest {
  lua::Watchdog watchdog;
  deliver::MemoryQueue queue{1u << 20, 42};
  metric::CheckIdentity identity{"cpu", "virgo.cpu", "native"};
  std::string dir;
  std::unique_ptr<LuaConversation> conversation;
  // The agent's end and ours.
  std::unique_ptr<endpoint::Link> link;
  std::unique_ptr<net::Connection> peer;
  net::LineSplitter lines{endpoint::kMaxLine};
  std::vector<std::string> heard;
  std::string ended;

  void SetUp() override {
    char path[] = "/tmp/virgo-conversation-XXXXXX";
    ASSERT_NE(mkdtemp(path), nullptr);
    dir = path;
  }
  void TearDown() override {
    link.reset();
    peer.reset();
    conversation.reset();
    std::filesystem::remove_all(dir);
    loop.run();
    LoopTest::TearDown();
  }

  Result<void> load(const std::string& source) {
    const std::string file = dir + "/conversation.lua";
    std::ofstream(file) << source;
    return load_file(file);
  }
  Result<void> load_file(const std::string& file) {
    AgentInfo info;
    info.id = "web-07";
    info.version = "1.2.3";
    info.token = "secret";
    info.request_timeout = std::chrono::seconds(10);
    info.checks = {identity};
    info.stopping = [] { return false; };
    auto made = LuaConversation::load(loop, watchdog, queue, info, file);
    if (!made) return made.error();
    conversation = std::move(made).value();
    return {};
  }

  // Connects both ends and opens the conversation.
  void open() {
    ended.clear();
    heard.clear();
    std::unique_ptr<net::Connection> mine;
    auto listener = net::Listener::open(
        loop, {}, {.accepted = [&](auto c) { peer = std::move(c); }, .refused = {}});
    ASSERT_TRUE(listener.ok());
    net::ConnectOptions options;
    options.host = "127.0.0.1";
    options.port = (*listener)->port();
    const net::Connector connector(loop, options, [&](auto result) {
      ASSERT_TRUE(result.ok());
      mine = std::move(result).value();
    });
    run_until([&] { return peer && mine; });
    peer->set_handlers({.data =
                            [this](std::string_view bytes) {
                              lines.feed(bytes);
                              while (auto line = lines.next()) heard.emplace_back(*line);
                            },
                        .closed = [](const Error&) {},
                        .drained = {}});
    link = std::make_unique<endpoint::Link>(loop, std::move(mine),
                                            endpoint::Names{"web-07", "endpoint"}, *conversation,
                                            [this](const Error& why) { ended = why.message; });
    link->open();
  }
  json::Value hear(std::size_t n) {
    run_until([&] { return heard.size() > n; });
    auto value = json::parse(heard.size() > n ? heard[n] : "{}");
    return value.ok() ? std::move(value).value() : json::Value();
  }
  void say(const std::string& line) { ASSERT_TRUE(peer->write(line + "\n").ok()); }
  void put_report(std::uint64_t run) {
    queue.append({&identity, run, run, 0, "\"check\":\"cpu\",\"run\":" + std::to_string(run)});
  }
};

TEST_F(Conversation, TheShippedOneGreetsDeliversAndAcknowledges) {
  ASSERT_TRUE(
      load_file(std::string(VIRGO_SOURCE_DIR) + "/lua-plugins/agent/conversation.lua").ok());
  open();
  const json::Value hello = hear(0);
  EXPECT_EQ(hello.find("method")->text, "handshake.hello");
  const json::Value& params = *hello.find("params");
  EXPECT_EQ(params.find("dialect")->text, "virgo/1");
  EXPECT_EQ(params.find("token")->text, "secret");
  EXPECT_EQ(params.find("epoch")->number, 42);
  EXPECT_EQ(params.find("checks")->items[0].find("check")->text, "cpu");
  EXPECT_FALSE(link->ready());
  say(R"({"v":"1","id":0,"source":"endpoint","target":"web-07","result":{"dialect":"virgo/1","heartbeat_interval":60000}})");
  run_until([&] { return link->ready(); });

  put_report(7);
  const json::Value batch = hear(1);
  EXPECT_EQ(batch.find("method")->text, "batch.post");
  EXPECT_EQ(batch.find("params")->find("reports")->items[0].find("run")->number, 7);
  EXPECT_EQ(queue.load().records, 1u) << "kept until it is acknowledged";
  say(R"({"v":"1","id":1,"source":"endpoint","target":"web-07","result":{"acked":1}})");
  run_until([&] { return queue.load().records == 0; });
}

TEST_F(Conversation, TheShippedOneEndsWhenItIsRefused) {
  ASSERT_TRUE(
      load_file(std::string(VIRGO_SOURCE_DIR) + "/lua-plugins/agent/conversation.lua").ok());
  open();
  hear(0);
  say(R"({"v":"1","id":0,"source":"endpoint","target":"web-07","error":{"code":401,"message":"unknown token"}})");
  run_until([&] { return !ended.empty(); });
  EXPECT_EQ(ended, "the endpoint refused us: unknown token");
}

TEST_F(Conversation, RequestsAreAnsweredByTheirHandlers) {
  ASSERT_TRUE(load(R"(
    local c = { requests = {} }
    function c.opened(link) end
    c.requests["echo"] = function(link, params) virgo.sleep(0.001) return { said = params.text } end
    c.requests["no"] = function() return nil, 403, "not today" end
    c.requests["odd"] = function() return { f = print_nothing or function() end } end
    return c)")
                  .ok());
  open();
  say(R"({"v":"1","id":"a","source":"endpoint","target":"x","method":"echo","params":{"text":"hi"}})");
  EXPECT_EQ(hear(0).find("result")->find("said")->text, "hi");
  say(R"({"v":"1","id":"b","source":"endpoint","target":"x","method":"no"})");
  EXPECT_EQ(hear(1).find("error")->find("message")->text, "not today");
  EXPECT_EQ(hear(1).find("error")->find("code")->number, 403);
  say(R"({"v":"1","id":"c","source":"endpoint","target":"x","method":"none.such"})");
  EXPECT_EQ(hear(2).find("error")->find("code")->number, 404);
  say(R"({"v":"1","id":"d","source":"endpoint","target":"x","method":"odd"})");
  EXPECT_EQ(hear(3).find("error")->find("code")->number, 500);
  EXPECT_FALSE(link->closed());
}

TEST_F(Conversation, AnErrorEndsTheConnectionAndSaysWhere) {
  const testing::LogCapture log;
  ASSERT_TRUE(load("local c = { requests = {} }\n"
                   "function c.opened(link) error('lost my words') end\n"
                   "return c\n")
                  .ok());
  open();
  run_until([&] { return !ended.empty(); });
  EXPECT_NE(ended.find("conversation.lua:2: lost my words"), std::string::npos) << ended;
}

TEST_F(Conversation, OneThatNeverComesBackIsStoppedAndMadeAnew) {
  const testing::LogCapture log;
  ASSERT_TRUE(load("local c = { requests = {} }\n"
                   "function c.opened(link)\n"
                   "  while true do end\n"
                   "end\n"
                   "c.requests['ping'] = function() return {} end\n"
                   "return c\n")
                  .ok());
  for (int again = 0; again < 2; ++again) {
    open();
    run_until([&] { return !ended.empty(); });
    EXPECT_NE(ended.find("conversation.lua:3"), std::string::npos) << ended;
    link.reset();
    peer.reset();
  }
}

// Other tasks of the conversation wait for replies, which "come" when the link
// ends: their state cannot be stopped a second time, so they must not run.
TEST_F(Conversation, NothingRunsInAStateThatWasStopped) {
  const testing::LogCapture log;
  ASSERT_TRUE(load(R"(
    local c = { requests = {} }
    function c.opened(link)
      link:spawn(function()
        link:request("never.answered", {}, 60)
        virgo.log.info("ran again")
      end)
      virgo.sleep(0.01)
      while true do end
    end
    return c)")
                  .ok());
  open();
  run_until([&] { return !ended.empty(); });
  EXPECT_NE(ended.find("stopped after 500ms"), std::string::npos) << ended;
  EXPECT_EQ(ended.find("limits."), std::string::npos) << "no option sets this bound: " << ended;
  EXPECT_EQ(log.count("ran again"), 0u);
}

TEST_F(Conversation, WhatCannotBeLoadedSaysWhere) {
  EXPECT_NE(load("return {\n  opened = = 1 }").error().message.find("conversation.lua:2"),
            std::string::npos);
  EXPECT_NE(load("return 7").error().message.find("must return a table"), std::string::npos);
  EXPECT_NE(load("error('at once')").error().message.find("conversation.lua:1: at once"),
            std::string::npos);
  EXPECT_NE(load_file(dir + "/absent.lua").error().message.find("absent.lua"), std::string::npos);
}

// A conversation whose words tell which version speaks. `version` and `more` are put in.
std::string speaker(int version, const std::string& more = "") {
  return "local version = " + std::to_string(version) + R"(
    local c, count = { requests = {} }, 0
    local function speak(link)
      while true do
        link:request("tick", { version = version, count = count }, 60)
        count = count + 1
        virgo.sleep(0.001)
      end
    end
    c.opened = speak
    function c.resumed(link, handed) count = handed.count speak(link) end
    function c.handover() return { count = count, from = version } end
    c.requests["quick"] = function() return { version = version } end
    c.requests["slow"] = function() virgo.sleep(0.05) return { version = version } end
    )" + more +
         "\nreturn c\n";
}

struct ReplacedConversation : Conversation {
  const testing::LogCapture log;

  void rewrite(const std::string& source) {
    std::ofstream(dir + "/conversation.lua") << source;
    conversation->reload();
  }
  void ask(const std::string& id, const std::string& method) {
    say(R"({"v":"1","id":")" + id + R"(","source":"endpoint","target":"x","method":")" + method +
        "\"}");
  }
  // Answers a request of the agent's.
  void reply(const json::Value& request) {
    say(R"({"v":"1","id":)" + request.find("id")->text +
        R"(,"source":"endpoint","target":"web-07","result":{}})");
  }
  static double number(const json::Value& message, const std::string& part,
                       const std::string& key) {
    const json::Value* params = message.find(part);
    const json::Value* value = params == nullptr ? nullptr : params->find(key);
    return value == nullptr ? -1 : value->number;
  }
  static double version(const json::Value& message) {
    return number(message, message.find("method") == nullptr ? "result" : "params", "version");
  }
  // The messages from number `from` on that have this method, "" for responses.
  std::vector<json::Value> of_kind(const std::string& method, std::size_t from = 0) {
    std::vector<json::Value> out;
    for (std::size_t i = from; i < heard.size(); ++i) {
      json::Value m = hear(i);
      const json::Value* is = m.find("method");
      if (is == nullptr ? method.empty() : is->text == method) out.push_back(std::move(m));
    }
    return out;
  }
  std::optional<json::Value> answer_to(const std::string& id) {
    for (json::Value& m : of_kind(""))
      if (m.find("id")->text == id) return std::move(m);
    return {};
  }
};

TEST_F(ReplacedConversation, GoesOnWhereTheOldOneWas) {
  ASSERT_TRUE(load(speaker(1)).ok());
  open();
  reply(hear(0));
  const json::Value second = hear(1);
  EXPECT_EQ(number(second, "params", "count"), 1);
  ask("s", "slow");
  turn();
  rewrite(speaker(2));
  EXPECT_EQ(conversation->states(), 2u);
  // It answers at once, but does not speak while the old one waits for its reply.
  ask("q", "quick");
  run_until([&] { return answer_to("q").has_value(); });
  EXPECT_EQ(version(*answer_to("q")), 2);
  turn();
  EXPECT_EQ(of_kind("tick").size(), 2u);
  reply(second);
  run_until([&] { return of_kind("tick").size() == 3 && of_kind("").size() == 2; });
  const json::Value third = of_kind("tick")[2];
  EXPECT_EQ(version(third), 2);
  EXPECT_EQ(number(third, "params", "count"), 2) << "the old one has seen its reply";
  EXPECT_EQ(version(*answer_to("s")), 1) << "the old one answers what it was asked";
  run_until([&] { return conversation->states() == 1; });
  EXPECT_EQ(log.count("speaks"), 0u);
  reply(third);
  run_until([&] { return log.count("the new " + dir + "/conversation.lua speaks") == 1; });
  EXPECT_FALSE(link->closed());
  EXPECT_EQ(log.count("ERROR"), 0u);
}

TEST_F(ReplacedConversation, TheOneBetweenNeverSpeaks) {
  ASSERT_TRUE(load(speaker(1)).ok());
  open();
  const json::Value first = hear(0);
  for (int version = 2; version <= 5; ++version) rewrite(speaker(version));
  reply(first);
  EXPECT_EQ(version(hear(1)), 5);
  EXPECT_EQ(number(hear(1), "params", "count"), 1);
  run_until([&] { return conversation->states() == 1; });
}

TEST_F(ReplacedConversation, ABrokenFileIsReportedOnceAndNotUsed) {
  ASSERT_TRUE(load(speaker(1)).ok());
  open();
  hear(0);
  rewrite("local c = {}\nreturn = c");
  rewrite("local c = {}\nreturn = c");
  EXPECT_EQ(log.count("conversation.lua:2:"), 1u);
  EXPECT_NE(conversation->problem().find("conversation.lua:2:"), std::string::npos);
  EXPECT_EQ(log.count("the conversation that runs goes on"), 1u);
  std::filesystem::remove(dir + "/conversation.lua");
  conversation->reload();
  conversation->reload();
  EXPECT_EQ(log.count("conversation.lua: No such file"), 1u);
  EXPECT_NE(conversation->problem().find("No such file"), std::string::npos);
  ask("q", "quick");
  EXPECT_EQ(version(hear(1)), 1);
  rewrite("while true do end");
  EXPECT_EQ(log.count("stopped after 500ms"), 1u);
  // The text that runs is no change; a good one is used again.
  rewrite(speaker(1));
  EXPECT_EQ(conversation->states(), 1u);
  EXPECT_EQ(conversation->problem(), "");
  rewrite(speaker(2));
  ask("r", "quick");
  EXPECT_EQ(version(hear(2)), 2);
}

// In whichever way it fails, the old one goes on with the same connection.
TEST_F(ReplacedConversation, FailingBeforeAnExchangeBringsTheOldOneBack) {
  const char* ways[] = {
      "function c.resumed(link, handed) error('lost my words') end",
      "function c.resumed(link, handed) link:close('not with me') end",
      "function c.resumed(link, handed) while true do end end",
      "function c.resumed(link, handed) virgo.sleep(0.001) local t = nil + 1 end",
      "c.opened = nil c.resumed = 7 function c.requests.quick() error('cannot') end",
  };
  for (const char* way : ways) {
    ASSERT_TRUE(load(speaker(1)).ok());
    open();
    const json::Value first = hear(0);
    rewrite(speaker(2, way));
    if (std::string(way).find("c.opened = nil") == 0) {
      EXPECT_EQ(log.count("must return a table with `opened`"), 1u);
      continue;
    }
    reply(first);
    run_until([&] { return of_kind("tick").size() == 2; });
    const json::Value second = of_kind("tick")[1];
    EXPECT_EQ(version(second), 1) << way;
    EXPECT_EQ(number(second, "params", "count"), 1) << "handed over twice: " << way;
    EXPECT_FALSE(link->closed()) << way;
    run_until([&] { return conversation->states() == 1; });
    conversation->reload();
    EXPECT_EQ(conversation->states(), 1u) << "the same text is not tried again";
    link.reset();
    peer.reset();
    conversation.reset();
  }
  EXPECT_EQ(log.count("failed before it had completed an exchange"), 4u);
}

TEST_F(ReplacedConversation, ARequestThatFailsOnTrialIsAnsweredAndBringsTheOldOneBack) {
  ASSERT_TRUE(load(speaker(1)).ok());
  open();
  hear(0);
  rewrite(speaker(2, "function c.requests.quick() error('cannot') end"));
  ask("q", "quick");
  EXPECT_EQ(number(hear(1), "error", "code"), 500);
  ask("r", "quick");
  EXPECT_EQ(version(hear(2)), 1);
  EXPECT_FALSE(link->closed());
}

TEST_F(ReplacedConversation, OneThatCannotTakeOverBeginsAnew) {
  ASSERT_TRUE(load(speaker(1)).ok());
  open();
  reply(hear(0));
  rewrite(
      "local c = { requests = {} }\n"
      "function c.opened(link) link:request('new.words', {}, 9) end\nreturn c\n");
  run_until([&] { return !ended.empty(); });
  EXPECT_NE(ended.find("has no function resumed(link, handed)"), std::string::npos) << ended;
  link.reset();
  peer.reset();
  open();
  EXPECT_EQ(hear(0).find("method")->text, "new.words");
}

TEST_F(ReplacedConversation, WithoutAConnectionTheNextOneIsItsOwn) {
  ASSERT_TRUE(load(speaker(1)).ok());
  rewrite(speaker(2));
  open();
  EXPECT_EQ(version(hear(0)), 2);
  reply(hear(0));
  hear(1);
  EXPECT_EQ(conversation->states(), 1u);
  // One that cannot keep a connection is not kept either.
  rewrite(speaker(3, "function c.opened(link) error('bad start') end"));
  link->close({Errc::closed, "cut"});
  run_until([&] { return !ended.empty(); });
  link.reset();
  peer.reset();
  open();
  EXPECT_EQ(version(hear(0)), 2);
  EXPECT_FALSE(link->closed());
  EXPECT_NE(conversation->problem().find("bad start"), std::string::npos);
}

TEST_F(ReplacedConversation, WhatCannotBeHandedOverIsSaid) {
  ASSERT_TRUE(load(speaker(1, "function c.handover() return { f = virgo.sleep } end")).ok());
  open();
  const json::Value first = hear(0);
  rewrite(speaker(2,
                  "function c.resumed(link, handed)"
                  " link:request('got', { nothing = handed == nil }, 9) end"));
  reply(first);
  EXPECT_TRUE(hear(1).find("params")->find("nothing")->boolean);
  EXPECT_EQ(log.count("handover: .f is a function"), 1u);
}

// Reports are under way while it is replaced: none is lost and none comes twice.
TEST_F(ReplacedConversation, TheShippedOneDeliversEachReportOnce) {
  std::ifstream shipped(std::string(VIRGO_SOURCE_DIR) + "/lua-plugins/agent/conversation.lua");
  const std::string text((std::istreambuf_iterator<char>(shipped)), {});
  ASSERT_TRUE(load(text).ok());
  open();
  hear(0);
  say(R"({"v":"1","id":0,"source":"endpoint","target":"web-07","result":{"dialect":"virgo/1","heartbeat_interval":60000}})");
  run_until([&] { return link->ready(); });
  std::vector<double> seen;
  std::size_t at = 1;
  std::uint64_t put = 0;
  int beats = 0;
  const auto answer = [&] {
    for (; at < heard.size(); ++at) {
      const json::Value m = hear(at);
      const std::string id = m.find("id")->text;
      if (m.find("method")->text == "heartbeat.post") {
        ++beats;
        reply(m);
        continue;
      }
      for (const json::Value& r : m.find("params")->find("reports")->items)
        seen.push_back(r.find("run")->number);
      say(R"({"v":"1","id":)" + id +
          R"(,"source":"endpoint","target":"web-07","result":{"acked":)" +
          m.find("params")->find("reports")->items.back().find("seq")->text + "}}");
    }
  };
  for (int version = 0; version < 30; ++version) {
    for (int i = 0; i < 3; ++i) put_report(++put);
    turn(version % 5);
    rewrite(text + "-- " + std::to_string(version));
    turn(version % 3);
    answer();
  }
  run_until([&] {
    answer();
    return queue.load().records == 0;
  });
  // One that takes over shows that it can speak.
  run_until([&] {
    answer();
    return conversation->states() == 1 && beats > 0;
  });
  ASSERT_EQ(seen.size(), put);
  for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(seen[i], i + 1);
  EXPECT_FALSE(link->closed());
}

}  // namespace
}  // namespace virgo::script
