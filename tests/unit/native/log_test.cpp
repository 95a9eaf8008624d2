// What plugins say: under whose name, and how often.
#include "native/plugin_log.hpp"
#include "unit/native/native_world.hpp"

namespace virgo::native {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(LogBudget, ABurstThenOneASecond) {
  LogBudget budget;
  TimePoint now{seconds(1000)};
  std::uint64_t suppressed = 99;
  for (unsigned i = 0; i < LogBudget::kBurst; ++i) {
    EXPECT_TRUE(budget.take(now, suppressed));
    EXPECT_EQ(suppressed, 0u);
  }
  EXPECT_FALSE(budget.take(now, suppressed));
  EXPECT_FALSE(budget.take(now + milliseconds(999), suppressed));
  EXPECT_TRUE(budget.take(now + seconds(1), suppressed));
  EXPECT_EQ(suppressed, 2u);
  EXPECT_FALSE(budget.take(now + seconds(1), suppressed));
  EXPECT_TRUE(budget.take(now + milliseconds(2500), suppressed));
  EXPECT_EQ(suppressed, 1u);
  EXPECT_FALSE(budget.take(now + milliseconds(2999), suppressed));
  EXPECT_TRUE(budget.take(now + seconds(3), suppressed));
}

TEST(LogBudget, AfterALongSilenceTheBurstIsBackAndNoMore) {
  LogBudget budget;
  TimePoint now{};
  std::uint64_t suppressed = 0;
  while (budget.take(now, suppressed)) {
  }
  now += std::chrono::hours(24 * 365);
  unsigned lines = 0;
  while (budget.take(now, suppressed)) ++lines;
  EXPECT_EQ(lines, LogBudget::kBurst);
}

class PluginLog : public testing::Test {
 protected:
  uv::Loop loop;
  uv::WorkerPool pool{{}};
  FakeClock clock;
  Host agent{loop, pool, clock, {}};
};

TEST_F(PluginLog, ChecksAndModulesSpeakUnderTheirNamesWithABudgetEach) {
  LogLines log;
  ScriptedModule script(VIRGO_ON_LOOP);
  script.type.create = [](const virgo_host* host, virgo_check check, void** out) -> virgo_status {
    *out = nullptr;
    host->log(host, check, VIRGO_LOG_WARN, virgo_cstr("made"));
    host->log(host, 0, VIRGO_LOG_ERROR, virgo_cstr("of the module"));
    host->log(host, check, 77, {nullptr, 5});
    for (int i = 0; i < 20; ++i) host->log(host, check, VIRGO_LOG_WARN, virgo_cstr("again"));
    EXPECT_TRUE(host->log_enabled(host, check, VIRGO_LOG_ERROR));
    EXPECT_FALSE(host->log_enabled(host, check, VIRGO_LOG_TRACE));
    return VIRGO_OK;
  };
  script.type.configure = nullptr;
  script.type.destroy = nullptr;
  auto module = Module::open(agent, "scripted.so", script.raw());
  auto made = NativeCheckType::all_of(agent, *module);
  config::CheckSpec spec;
  spec.name = "disk";
  config::Problems problems;
  auto check = (*made)[0]->create(spec, problems);
  const auto lines = log.all();
  ASSERT_EQ(lines.size(), 11u);
  EXPECT_EQ(lines[0], "native: check 'disk' (test.module): made");
  EXPECT_EQ(lines[1], "native: module test.module: of the module");
  EXPECT_EQ(lines[2], "native: check 'disk' (test.module): ");
  EXPECT_EQ(lines[10], "native: check 'disk' (test.module): again");
}

TEST_F(PluginLog, SuppressedLinesAreCountedWhenTheNextOneComes) {
  LogLines log;
  ModuleVoice voice{"test.module", {}};
  for (unsigned i = 0; i < LogBudget::kBurst + 7; ++i)
    agent.handles().log(voice, 0, LogLevel::warn, "x");
  clock.advance(seconds(1));
  agent.handles().log(voice, 0, LogLevel::warn, "y");
  const auto lines = log.all();
  ASSERT_EQ(lines.size(), LogBudget::kBurst + 2);
  EXPECT_EQ(lines[LogBudget::kBurst], "native: module test.module: 7 more lines suppressed");
  EXPECT_EQ(lines[LogBudget::kBurst + 1], "native: module test.module: y");
}

}  // namespace
}  // namespace virgo::native
