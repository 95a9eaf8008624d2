// Plugin files that change while their checks run.
#include <filesystem>
#include <fstream>

#include "script/plugin_check.hpp"
#include "unit/script/lua_checks.hpp"
#include "uv/inspect.hpp"

namespace virgo::script {
namespace {

// A check that emits its version and how often it was collected, which it hands over.
std::string counter(int version, const std::string& more = "", const std::string& params = "") {
  return "local check = virgo.check { name = 'counter', metrics = { { name = 'version' }, "
         "{ name = 'count' } }, params = { host = { type = 'text', default = 'h' }" +
         params + R"( } }
    function check:configure(handed) self.count = handed and handed.count or 0 end
    function check:handover() return { count = self.count } end
    function check:collect(run)
      self.count = self.count + 1
      run:emit('version', )" +
         std::to_string(version) + R"()
      run:emit('count', self.count)
    end
    )" + more +
         "\n";
}

struct PluginReload : LuaCheckTest {
  std::unique_ptr<LuaPlugins> plugins;
  check::Check* check = nullptr;
  std::string agent = "me";

  void TearDown() override {
    checks_.clear();
    plugins.reset();
    LuaCheckTest::TearDown();
  }
  void put(const std::string& text, const std::string& name = "counter.lua") {
    std::ofstream(folder_ + "/" + name) << text;
  }
  std::string path(const std::string& name = "counter.lua") { return folder_ + "/" + name; }
  void begin(const std::string& text, const Params& params = {}) {
    put(text);
    plugins = std::make_unique<LuaPlugins>(registry_, services());
    plugins->use_state(state(), agent);
    ASSERT_TRUE(plugins->load(folder_).empty());
    check = make("counter", params);
    ASSERT_NE(check, nullptr);
  }
  std::string state() { return folder_ + "/state"; }
  PluginFile::Changes change(const std::string& text, const std::string& name = "counter.lua") {
    put(text, name);
    return plugins->changed(folder_, {{name, false}});
  }
  PluginFile::Changes remove(const std::string& name = "counter.lua") {
    std::filesystem::remove(path(name));
    return plugins->changed(folder_, {{name, true}});
  }
  // "version count", or the status and explanation.
  std::string run() { return outcome(collect(*check)); }
  static std::string outcome(const RecordedRun& run) {
    if (run.status() != Status::ok)
      return std::string(metric::status_name(run.status())) + ": " + run.text();
    std::string out;
    for (std::size_t i = 0; i < run.samples().size(); ++i)
      out +=
          (out.empty() ? "" : " ") + std::to_string(static_cast<int>(run.samples().value(i).f64));
    return out;
  }
  std::size_t instances() { return static_cast<PluginCheck*>(check)->instances(); }
  std::size_t logged(const std::string& part) {
    std::size_t n = 0;
    for (const std::string& line : log_) n += line.find(part) != std::string::npos ? 1 : 0;
    return n;
  }
};

TEST_F(PluginReload, TheNewOneGoesOnWithWhatTheOldOneHandsOver) {
  begin(counter(1));
  EXPECT_EQ(run(), "1 1");
  for (int version = 2; version < 50; ++version) {
    EXPECT_EQ(change(counter(version)).provided, std::vector<std::string>{"counter"});
    EXPECT_EQ(run(), std::to_string(version) + " " + std::to_string(version));
    EXPECT_EQ(instances(), 1u);
  }
  EXPECT_TRUE(change(counter(49)).provided.empty()) << "the same text";
}

TEST_F(PluginReload, ABrokenFileLeavesTheOldOneAndIsReportedOnce) {
  begin(counter(1));
  const struct {
    std::string text;
    const char* says;
  } broken[] = {
      {"local check = virgo.check {\n  name = = 1 }", "counter.lua:2:"},
      {"error('at once')", "counter.lua:1: at once"},
      {"local x = 1", "declares no check"},
      {counter(2, "function check:configure(handed) error('not so') end"), "not so"},
      {counter(2, "function check:configure(handed) return nil, 'not like that' end"),
       "not like that"},
      {counter(2, "while true do end"), "stopped after"},
      {counter(2, "function check:configure() while true do end end"), "stopped after"},
      {counter(2, "", ", port = { type = 'int', required = true }"), "port"},
  };
  int n = 0;
  for (const auto& b : broken) {
    log_.clear();
    for (int again = 0; again < 3; ++again) EXPECT_TRUE(change(b.text).provided.empty()) << b.text;
    EXPECT_EQ(logged(b.says), 1u) << b.text << testing::PrintToString(log_);
    EXPECT_EQ(logged("the one before goes on"), 1u) << b.text;
    ASSERT_EQ(plugins->broken().size(), 1u);
    EXPECT_EQ(plugins->broken()[0].file, path());
    EXPECT_NE(plugins->broken()[0].problem.find(b.says), std::string::npos);
    EXPECT_TRUE(plugins->broken()[0].before_runs);
    EXPECT_EQ(run(), "1 " + std::to_string(++n));
  }
  // The text that runs is put back: no change, and the next broken one is told again.
  EXPECT_TRUE(change(counter(1)).provided.empty());
  EXPECT_TRUE(plugins->broken().empty());
  log_.clear();
  change(broken[0].text);
  EXPECT_EQ(logged("counter.lua:2:"), 1u);
  EXPECT_EQ(change(counter(3)).provided.size(), 1u);
  EXPECT_EQ(run(), "3 " + std::to_string(n + 1));
  EXPECT_TRUE(plugins->broken().empty());
}

TEST_F(PluginReload, AFileThatNeverRanIsBrokenUntilItIsGone) {
  begin(counter(1));
  change("local = 1", "other.lua");
  ASSERT_EQ(plugins->broken().size(), 1u);
  EXPECT_FALSE(plugins->broken()[0].before_runs);
  remove("other.lua");
  EXPECT_TRUE(plugins->broken().empty());
}

TEST_F(PluginReload, OneWithoutTheMetricsOfAlertRulesIsRefused) {
  put(counter(1));
  plugins = std::make_unique<LuaPlugins>(registry_, services());
  ASSERT_TRUE(plugins->load(folder_).empty());
  config::CheckSpec with_rule = spec("counter", {});
  with_rule.alerts.emplace_back();
  with_rule.alerts[0].metric = "count";
  with_rule.alerts[0].path = "checks[0].alert[0]";
  checks_.push_back(registry_.create(with_rule, problems_));
  check = checks_.back().get();
  ASSERT_NE(check, nullptr);
  std::string text = counter(2);
  const std::string count = "{ name = 'count' }";
  text.replace(text.find(count), count.size(), "{ name = 'counted' }");
  EXPECT_TRUE(change(text).provided.empty());
  ASSERT_EQ(plugins->broken().size(), 1u);
  EXPECT_NE(plugins->broken()[0].problem.find(
                "checks[0].alert[0].metric: 'counter' has no metric 'count'"),
            std::string::npos)
      << plugins->broken()[0].problem;
  EXPECT_EQ(run(), "1 1");
}

TEST_F(PluginReload, AnOpenRunEndsOnTheOldState) {
  begin(counter(1, "function check:collect(run) virgo.sleep(0.02) run:emit('version', 1) end"));
  RecordedRun& open = start(*check);
  change(counter(2));
  EXPECT_EQ(instances(), 2u);
  change(counter(3));
  EXPECT_EQ(instances(), 2u) << "the one between had no run";
  settle(*check, open);
  EXPECT_EQ(outcome(open), "1");
  EXPECT_EQ(run(), "3 1");
  EXPECT_EQ(instances(), 1u);
}

TEST_F(PluginReload, AnOpenRunOfTheOldOneIsCancelledAtItsDeadline) {
  begin(counter(1, "function check:collect(run) virgo.sleep(100) end"));
  RecordedRun& open = start(*check, milliseconds(30));
  change(counter(2));
  settle(*check, open);
  EXPECT_EQ(open.status(), Status::timeout);
  EXPECT_NE(open.text().find("virgo.sleep"), std::string::npos);
  EXPECT_EQ(run(), "2 1");
  RecordedRun& again = start(*check);
  check->abandon(again);
}

TEST_F(PluginReload, WhatWasMadeOfParametersIsMadeAnew) {
  begin(counter(1), {{"host", scalar("db")}});
  const auto more = [](const char* type) {
    return std::string("function check:collect(run) run:emit('version', self.host == ") + type +
           " and 1 or 0) end";
  };
  change(counter(2, more("'db'")));
  EXPECT_EQ(run(), "1");
  // A declaration that the configuration does not fit is refused, with its place.
  const std::string source =
      "local check = virgo.check { name = 'counter', metrics = { { name = 'version' } } }\n"
      "function check:collect(run) end";
  change(source);
  EXPECT_EQ(logged("agent.yaml:7:3"), 1u) << testing::PrintToString(log_);
  EXPECT_EQ(run(), "1");
}

// The samples of an open run point at what the old declaration says.
TEST_F(PluginReload, MetricsLiveAsLongAsARunOfTheirs) {
  begin(counter(1, "function check:collect(run) run:emit('count', 7) virgo.sleep(0.01) end"));
  RecordedRun& open = start(*check);
  const std::string other =
      "local check = virgo.check { name = 'counter', metrics = { { name = 'other' } } }\n"
      "function check:configure(handed) self.host = nil end\n"
      "function check:collect(run) run:emit('other', 9) end";
  change(other);
  ASSERT_EQ(open.samples().size(), 1u);
  EXPECT_EQ(open.samples().metric(0).name, "count");
  settle(*check, open);
  EXPECT_EQ(run(), "9");
  ASSERT_EQ(registry_.find("counter")->metrics().size(), 1u);
  EXPECT_EQ(registry_.find("counter")->metrics()[0].name, "other");
}

TEST_F(PluginReload, AFileThatIsGoneAndComesAgain) {
  begin(counter(1));
  EXPECT_EQ(run(), "1 1");
  EXPECT_EQ(remove().gone, std::vector<std::string>{"counter"});
  EXPECT_EQ(run(), "unsupported: the plugin file " + path() + " is gone");
  EXPECT_EQ(instances(), 0u);
  EXPECT_EQ(make("counter"), nullptr);
  ASSERT_EQ(problems_.size(), 1u);
  EXPECT_NE(problems_[0].text.find("is gone"), std::string::npos);
  EXPECT_EQ(change(counter(2)).provided.size(), 1u);
  EXPECT_EQ(run(), "2 2") << "it goes on counting";
  // Another file may provide it.
  remove();
  EXPECT_EQ(change(counter(3), "other.lua").provided.size(), 1u);
  EXPECT_EQ(run(), "3 3");
  change(counter(4));
  EXPECT_EQ(logged("exists already, from " + path("other.lua")), 1u);
  EXPECT_EQ(run(), "3 4");
  // The one that was refused is used when the other goes.
  EXPECT_EQ(remove("other.lua").provided, std::vector<std::string>{"counter"});
  EXPECT_EQ(run(), "4 5");
}

// One that ran by itself goes with its file.
TEST_F(PluginReload, WhatACheckHasLeftWaitsForItsFile) {
  std::filesystem::create_directory(state());
  begin(counter(1));
  run();
  plugins->save();
  EXPECT_EQ(run(), "1 2");
  remove();
  checks_.clear();
  change(counter(2));
  check = make("counter");
  EXPECT_EQ(run(), "2 3") << "not what was saved before";

  remove();
  plugins->save();
  checks_.clear();
  plugins.reset();
  registry_ = check::Registry();
  begin(counter(3));
  EXPECT_EQ(run(), "3 4") << "also in the next process";
}

TEST_F(PluginReload, ACheckGoesOnWhereTheOneWhosePlaceItTakesIs) {
  begin(counter(1));
  EXPECT_EQ(run(), "1 1");
  check = make("counter");
  checks_.erase(checks_.begin());
  EXPECT_EQ(run(), "1 2");
  change(counter(2));
  EXPECT_EQ(run(), "2 3");
}

TEST_F(PluginReload, TwoChecksOfOneNameAreRefused) {
  begin(counter(1));
  EXPECT_TRUE(change(counter(2) + counter(3)).provided.empty());
  EXPECT_EQ(logged("check 'counter' is declared already in this file"), 1u);
  EXPECT_EQ(run(), "1 1");
}

TEST_F(PluginReload, OneThatWasRenamedIsOneChange) {
  begin(counter(1));
  std::filesystem::rename(path(), path("a.lua"));
  const auto changes = plugins->changed(folder_, {{"a.lua", false}, {"counter.lua", true}});
  EXPECT_EQ(changes.provided, std::vector<std::string>{"counter"});
  EXPECT_EQ(run(), "1 1");
}

TEST_F(PluginReload, TypesThatComeAndGoInOneFile) {
  begin(counter(1));
  const std::string second =
      "local more = virgo.check { name = 'more', metrics = { { name = 'x' } }, interval = '5s' }\n"
      "function more:collect(run) end\n";
  const auto changes = change(counter(2) + second);
  EXPECT_EQ(changes.provided, (std::vector<std::string>{"counter", "more"}));
  EXPECT_EQ(plugins->self_starting(),
            (std::map<std::string, Duration>{{"more", std::chrono::seconds(5)}}));
  EXPECT_EQ(change(second).gone, std::vector<std::string>{"counter"});
  EXPECT_EQ(run(),
            "unsupported: " + path() + " does not declare the check type 'counter' any more");
  change(counter(3));
  EXPECT_EQ(run(), "3 1") << testing::PrintToString(log_);
  EXPECT_TRUE(plugins->self_starting().empty());
}

TEST_F(PluginReload, WhatCannotBeHandedOverIsSaidAndNotMissed) {
  begin(counter(1, "function check:handover() return { f = check.collect } end"));
  EXPECT_EQ(run(), "1 1");
  change(counter(2, "function check:handover() error('broken') end"));
  EXPECT_EQ(logged("hands nothing over: handover: .f is a function"), 1u);
  EXPECT_EQ(run(), "2 1");
  change(counter(3, "function check:handover() while true do end end"));
  EXPECT_EQ(logged("hands nothing over: handover(): counter.lua"), 1u);
  EXPECT_EQ(run(), "3 1");
  change(counter(4));
  EXPECT_EQ(run(), "4 1");
}

TEST_F(PluginReload, BackgroundsChangeHands) {
  const auto server = [](int version) {
    return counter(version,
                   "function check:background() virgo.log.info('begins " + std::to_string(version) +
                       "') while true do virgo.sleep(0.001) self.beats = (self.beats or 0) + 1 "
                       "end end");
  };
  begin(server(1));
  EXPECT_EQ(run(), "1 1");
  change(server(2));
  EXPECT_EQ(logged("begins 2"), 1u) << "at once: it may listen to somebody";
  EXPECT_EQ(run(), "2 2");
  EXPECT_EQ(logged("begins 1"), 1u);
  EXPECT_EQ(logged("begins 2"), 1u);
  EXPECT_EQ(instances(), 1u);
  // One that fails at once is reported by the next run.
  change(counter(3, "function check:background() error('no port') end"));
  EXPECT_NE(run().find("failed: background(): counter.lua"), std::string::npos);
}

TEST_F(PluginReload, APortChangesHands) {
  const auto server = [](int version) {
    return "local check = virgo.check { name = 'counter', metrics = { { name = 'version' } },\n"
           "  needs = { net = { 'udp', 'listen' } } }\n"
           "function check:configure(handed) self.port = handed end\n"
           "function check:handover() return self.port end\n"
           "function check:background()\n"
           "  local sock = assert(virgo.udp.bind('127.0.0.1', self.port or 0))\n"
           "  local _, port = sock:address()\n"
           "  self.port = port\n"
           "  while true do self.got = sock:receive() end\n"
           "end\n"
           "function check:collect(run)\n"
           "  if not self.got then virgo.udp.connect('127.0.0.1', self.port):send('x') end\n"
           "  while not self.got do virgo.sleep(0.001) end\n"
           "  run:emit('version', " +
           std::to_string(version) +
           ")\n"
           "end\n";
  };
  begin(server(1));
  EXPECT_EQ(run(), "1");
  for (int version = 2; version < 5; ++version) {
    change(server(version));
    EXPECT_EQ(run(), std::to_string(version));
  }
  EXPECT_EQ(logged("hands nothing over"), 0u);
}

TEST_F(PluginReload, WhatIsHandedOverSurvivesTheProcess) {
  std::filesystem::create_directory(state());
  begin(counter(1));
  EXPECT_EQ(run(), "1 1");
  EXPECT_EQ(run(), "1 2");
  plugins->save();
  const std::string file = state() + "/handover/me/counter_instance.json";
  struct stat info {};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777u, 0600u);

  checks_.clear();
  plugins.reset();
  registry_ = check::Registry();
  begin(counter(2));
  EXPECT_EQ(run(), "2 3");

  // Another agent of this host has its own.
  checks_.clear();
  plugins.reset();
  registry_ = check::Registry();
  agent = "../me";
  begin(counter(2));
  EXPECT_EQ(run(), "2 1");
  plugins->save();
  EXPECT_EQ(::stat((state() + "/handover/%2e.%2fme/counter_instance.json").c_str(), &info), 0);

  // One that is no such file is said, and nothing else happens.
  checks_.clear();
  plugins.reset();
  registry_ = check::Registry();
  agent = "me";
  begin(counter(2));
  std::ofstream(file) << "{\"handed\": 7, ";
  checks_.clear();
  check = make("counter");
  EXPECT_EQ(logged("'counter_instance' begins anew"), 1u);
  EXPECT_EQ(run(), "2 1");
  // With nothing to hand over nothing stays.
  change(counter(3, "check.handover = nil"));
  plugins->save();
  EXPECT_NE(::stat(file.c_str(), &info), 0);
}

// Old generations are closed: their states, and the handles of what ran beside.
TEST_F(PluginReload, NothingStaysOfOldGenerations) {
  const auto server = [](int version) {
    return counter(version, "function check:background() while true do virgo.sleep(0.5) end end\n");
  };
  begin(server(0));
  EXPECT_EQ(run(), "0 1");
  for (int i = 0; i < 20; ++i) loop_.run_once(false);
  const std::size_t handles = uv::list_handles(loop_).size();
  std::vector<std::weak_ptr<const LuaCheckType>> old;
  for (int version = 1; version <= 100; ++version) {
    old.push_back(static_cast<PluginType*>(registry_.find("counter"))->now());
    ASSERT_FALSE(change(server(version)).provided.empty());
    change("this is broken");
    EXPECT_EQ(run(), std::to_string(version) + " " + std::to_string(version + 1));
  }
  for (int i = 0; i < 20; ++i) loop_.run_once(false);
  // A type lives as long as a check or a state of its generation.
  for (const auto& type : old) EXPECT_TRUE(type.expired());
  EXPECT_EQ(instances(), 1u);
  EXPECT_EQ(uv::list_handles(loop_).size(), handles);
}

}  // namespace
}  // namespace virgo::script
