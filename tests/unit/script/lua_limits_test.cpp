// The bounds of a plugin file, each at its edge, and the circuit breaker.
#include "lua_checks.hpp"
#include "script/circuit_breaker.hpp"
#include "script/cpu_meter.hpp"
#include "script/series_meter.hpp"

namespace virgo::script {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class LuaLimitsTest : public LuaCheckTest {
 protected:
  // A check that does `body`, loaded once.
  check::Check* check_of(const std::string& body) {
    EXPECT_TRUE(load("local check = virgo.check { name = 'limited', metrics = { { name = 'v' } },\n"
                     "needs = { net = {'tcp'}, read = {'/proc/'} } }\n"
                     "function check:collect(run)\n" +
                     body + "\nend")
                    .empty());
    return make("limited");
  }
  bool says(const std::string& text) {
    return runs_.back()->text().find(text) != std::string::npos;
  }
};

TEST_F(LuaLimitsTest, ProcessorTimeOfARunCountsAcrossItsWaits) {
  limits_.lua_cpu_per_run = milliseconds(20);
  check::Check* check = check_of(R"(
    while true do
      local until_ = os.clock() + 0.001
      while os.clock() < until_ do end
      virgo.sleep(0)
    end)");
  EXPECT_EQ(collect(*check).status(), Status::limit);
  EXPECT_TRUE(says("stopped after 20ms of processor time in one run (limits.lua_cpu_per_run)"))
      << runs_.back()->text();
}

TEST_F(LuaLimitsTest, ProcessorTimeOfAMinuteIsOfAllRuns) {
  limits_.lua_cpu_per_minute = milliseconds(100);
  limits_.lua_cpu_per_run = seconds(10);
  limits_.lua_budget = seconds(10);
  check::Check* check =
      check_of("local until_ = os.clock() + 0.03\nwhile os.clock() < until_ do end");
  bool stopped = false;
  for (int i = 0; i < 20 && !stopped; ++i) stopped = collect(*check).status() == Status::limit;
  ASSERT_TRUE(stopped);
  EXPECT_TRUE(says("100ms of processor time in a minute (limits.lua_cpu_per_minute)"))
      << runs_.back()->text();
  EXPECT_EQ(collect(*check).status(), Status::limit);
  EXPECT_TRUE(says("(limits.lua_cpu_per_minute)")) << runs_.back()->text();
}

TEST_F(LuaLimitsTest, LabelsAndTextsAreBounded) {
  check::Check* check = check_of(R"(
    local labels = {}
    for i = 1, self.most or 16 do labels["l" .. i] = ("x"):rep(1024) end
    self.most = 17
    run:emit("v", 1, labels))");
  EXPECT_EQ(collect(*check).status(), Status::ok) << runs_.back()->text();
  EXPECT_EQ(collect(*check).status(), Status::limit);
  EXPECT_TRUE(
      says("1 samples were refused: a run may report 5000 (limits.samples_per_run), each "
           "with at most 16 labels and texts of at most 1024 bytes"))
      << runs_.back()->text();
}

TEST_F(LuaLimitsTest, SeriesAreBounded) {
  limits_.lua_series = 3;
  check::Check* check = check_of(R"(
    for i = 1, (self.n or 3) do run:emit("v", i, { i = i }) end
    self.n = 4)");
  EXPECT_EQ(collect(*check).status(), Status::ok) << runs_.back()->text();
  EXPECT_EQ(collect(*check).status(), Status::limit);
  EXPECT_TRUE(says("reported more than 3 different series (limits.lua_series)"));
  EXPECT_EQ(runs_.back()->samples().size(), 3u);
}

TEST_F(LuaLimitsTest, LogLinesAreBounded) {
  limits_.lua_log_lines = 3;
  check::Check* check = check_of("for i = 1, (self.n or 3) do run:log('line') end self.n = 1");
  EXPECT_EQ(collect(*check).status(), Status::ok) << runs_.back()->text();
  EXPECT_EQ(collect(*check).status(), Status::limit);
  EXPECT_TRUE(says("wrote more than 3 lines into the log in a minute (limits.lua_log_lines)"));
}

TEST_F(LuaLimitsTest, AFileHasItsOwnBounds) {
  limits_.lua_series = 1;
  config::LuaPluginSpec own;
  own.file = "test.lua";
  own.limits.lua_series = 2;
  own.limits.lua_memory = 2u << 20;
  files_.push_back(own);
  check::Check* check = check_of(R"(
    run:emit("v", 1, { i = 1 })
    run:emit("v", 1, { i = 2 })
    if self.again then local s = ("x"):rep(3 * 2^20) end
    self.again = true)");
  EXPECT_EQ(collect(*check).status(), Status::ok) << runs_.back()->text();
  EXPECT_EQ(collect(*check).status(), Status::limit);
  EXPECT_TRUE(says("its memory cap of 2MiB")) << runs_.back()->text();
}

TEST_F(LuaLimitsTest, TheConfigurationNarrowsWhatIsDeclared) {
  config::LuaPluginSpec own;
  own.file = "test.lua";
  own.net.emplace();
  own.read = std::vector<std::string>{"/proc/uptime"};
  files_.push_back(own);
  check::Check* check = check_of(R"lua(
    assert(virgo.fs.read("/proc/uptime"))
    local ok, why = pcall(virgo.fs.read, "/proc/loadavg")
    assert(why:find("virgo.fs.read: the configuration does not allow /proc/loadavg to this plugin (lua_plugins.test.lua.allow.read)", 1, true), why)
    ok, why = pcall(virgo.tcp.connect, "127.0.0.1", 1)
    assert(why:find("does not allow tcp to this plugin (lua_plugins.test.lua.allow.net)", 1, true), why))lua");
  EXPECT_EQ(collect(*check).status(), Status::ok) << runs_.back()->text();
}

TEST_F(LuaLimitsTest, ThreeStrikesSuspendACheckAndSaySo) {
  limits_.lua_series = 1;
  check::Check* check = check_of("run:emit('v', 1, {i = 1}) run:emit('v', 1, {i = 2})");
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(check->suspension().has_value());
    EXPECT_EQ(collect(*check).status(), Status::limit);
  }
  ASSERT_TRUE(check->suspension().has_value());
  EXPECT_EQ(check->suspension()->limit, "limits.lua_series");
  EXPECT_EQ(check->suspension()->value, "1");
  EXPECT_EQ(collect(*check).status(), Status::quarantined);
  EXPECT_TRUE(
      says("suspended: 3 runs in succession reached limits.lua_series (1); tried again in "))
      << runs_.back()->text();
}

// Another check of the file may have ended it.
TEST_F(LuaLimitsTest, ARunThatWasCancelledForgivesNothing) {
  limits_.lua_series = 1;
  check::Check* check = check_of(
      "run:emit('v', 1, {i = 1})\n"
      "if run.number == 3 then virgo.sleep(60) end\n"
      "run:emit('v', 1, {i = 2})");
  EXPECT_EQ(collect(*check).status(), Status::limit);
  EXPECT_EQ(collect(*check).status(), Status::limit);
  RecordedRun& open = start(*check);
  check->cancel(open);
  EXPECT_EQ(open.status(), Status::cancelled);
  EXPECT_FALSE(check->suspension().has_value());
  EXPECT_EQ(collect(*check).status(), Status::limit);
  EXPECT_TRUE(check->suspension().has_value());
}

TEST(CircuitBreaker, OpensAtTheThirdStrikeAndDoublesItsPause) {
  const TimePoint t{seconds(1000)};
  CircuitBreaker breaker;
  EXPECT_FALSE(breaker.exceeded(t, "a", "1"));
  EXPECT_FALSE(breaker.exceeded(t, "a", "1"));
  EXPECT_FALSE(breaker.is_open(t));
  EXPECT_TRUE(breaker.exceeded(t, "b", "2"));
  EXPECT_TRUE(breaker.is_open(t + minutes(1) - Duration(1)));
  EXPECT_FALSE(breaker.is_open(t + minutes(1)));  // one run is tried
  EXPECT_EQ(breaker.sentence(t + seconds(20)),
            "suspended: 3 runs in succession reached b (2); tried again in 40s");
  EXPECT_TRUE(breaker.exceeded(t + minutes(1), "b", "2"));
  EXPECT_TRUE(breaker.is_open(t + minutes(3) - Duration(1)));
  EXPECT_FALSE(breaker.is_open(t + minutes(3)));
  EXPECT_EQ(breaker.suspension().strikes, 4u);
  TimePoint now = t + minutes(3);
  for (int i = 0; i < 10; ++i) {
    breaker.exceeded(now, "b", "2");
    now = breaker.suspension().until;
  }
  breaker.exceeded(now, "b", "2");
  EXPECT_EQ(breaker.suspension().until - now, hours(1));
  breaker.kept_within();
  EXPECT_FALSE(breaker.is_open(now));
  EXPECT_FALSE(breaker.exceeded(now, "a", "1"));
}

TEST(CircuitBreaker, ARunWithinTheLimitsForgivesAll) {
  CircuitBreaker breaker;
  breaker.exceeded({}, "a", "1");
  breaker.exceeded({}, "a", "1");
  breaker.kept_within();
  EXPECT_FALSE(breaker.exceeded({}, "a", "1"));
}

TEST(CpuMeter, FillsEvenly) {
  const TimePoint t{seconds(5)};
  CpuMeter meter(seconds(6), t);
  EXPECT_EQ(meter.left(t), seconds(6));
  meter.use(seconds(7));
  EXPECT_EQ(meter.left(t), seconds(-1));
  EXPECT_EQ(meter.left(t + seconds(10)), Duration{});
  EXPECT_EQ(meter.left(t + seconds(20)), seconds(1));
  EXPECT_EQ(meter.left(t + hours(1)), seconds(6));
}

TEST(SeriesMeter, ForgetsWhatWasNotSeen) {
  SeriesMeter meter(2, TimePoint{});
  const metric::Label a[] = {{"k", "a"}};
  const metric::Label b[] = {{"k", "b"}};
  EXPECT_TRUE(meter.admit("m", a));
  EXPECT_TRUE(meter.admit("m", b));
  EXPECT_TRUE(meter.admit("m", a));
  EXPECT_FALSE(meter.admit("m", {}));
  EXPECT_FALSE(meter.admit("n", a));
  meter.pass_time(TimePoint{minutes(5)});
  EXPECT_TRUE(meter.admit("m", a));
  EXPECT_FALSE(meter.admit("m", {}));
  EXPECT_EQ(meter.size(), 2u);
  meter.pass_time(TimePoint{minutes(10)});  // `b` was not seen since
  EXPECT_EQ(meter.size(), 1u);
  EXPECT_TRUE(meter.admit("m", {}));
}

}  // namespace
}  // namespace virgo::script
