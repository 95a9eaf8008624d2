// LuaConversation over a real connection, with the test as the peer.
#include "script/lua_conversation.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>

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

}  // namespace
}  // namespace virgo::script
