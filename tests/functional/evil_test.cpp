// Checks that do everything wrong, beside checks that do nothing wrong: the latter
// miss no tick, and each of the former is reported under its own name.
//
// What "miss no tick" means: every tick is run, at most once, and late at worst.
// Only ticks that pass while the loop is held up for a whole interval leave a gap,
// which can happen until the checks that hold it are quarantined.
#include <signal.h>

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/format.hpp"
#include "functional/world.hpp"

namespace virgo::functional {
namespace {

using ::testing::HasSubstr;

struct Evil {
  const char* name;
  const char* item;     // of the list, after the name
  const char* status;   // that some report has
  const char* message;  // and what it says
};

constexpr Evil kEvil[] = {
    {"sleeps", "type: test.sleep_worker, timeout: 300ms, params: {for: 2s}", "timeout",
     "not finished within 300ms, nor in the 250ms after it"},
    {"late", "type: test.complete_late, timeout: 100ms, params: {after: 600ms}", "timeout",
     "not finished within 100ms"},
    {"twice", "type: test.complete_twice", "ok", ""},
    {"throws", "type: test.throw_worker", "failed",
     "threw an exception across the ABI: boom in collect"},
    {"throws-on-loop", "type: test.throw_loop", "failed", "boom in collect"},
    {"throws-42", "type: test.throw_int", "failed", "exception"},
    {"flood", "type: test.flood", "limit",
     "emitted 1000000 samples, the limit is 1000 (limits.samples_per_run); the first 1000 were "
     "kept"},
    {"hog", "type: test.sleep_loop, params: {for: 150ms}", "quarantined",
     "held the event loop longer than 100ms in 5 runs in succession"},
    {"lua-errors", "type: hostile.error_in_collect", "failed",
     "error_in_collect.lua:4: broken on purpose"},
    {"lua-callbacks", "type: hostile.error_in_every_callback", "failed", "from a callback"},
    {"lua-values", "type: hostile.error_values", "failed",
     "raised an error that is a table, not a text or {message=...}"},
    {"lua-endless", "type: hostile.endless_loop", "limit",
     "stopped after 100ms without coming back to the loop (limits.lua_budget), at "
     "endless_loop.lua:6"},
    // By their own limit, or by the scheduler's.
    {"lua-pcall", "type: hostile.endless_pcall", "quarantined", "runs in succession"},
    {"lua-handler", "type: hostile.endless_handler", "quarantined", "runs in succession"},
    {"lua-coroutine", "type: hostile.endless_coroutine", "quarantined", "runs in succession"},
    {"lua-tables", "type: hostile.table_bomb", "limit",
     "reached its memory cap of 8MiB (limits.lua_memory)"},
    {"lua-strings", "type: hostile.string_bomb", "limit",
     "reached its memory cap of 8MiB (limits.lua_memory)"},
    {"lua-recursion", "type: hostile.deep_recursion", "failed", "stack overflow"},
    {"lua-sleep", "type: hostile.sleeps_for_ever", "timeout",
     "no answer by the deadline; was waiting in virgo.sleep"},
    {"lua-busy", "type: hostile.busy_sleep", "timeout", "no answer by the deadline"},
    {"lua-samples", "type: hostile.series_flood", "limit", "limits.lua_series"},
    {"lua-log", "type: hostile.log_flood", "limit", "limits.lua_log_lines"},
    {"lua-yields", "type: hostile.yields_wrongly", "failed", "coroutine.yield"},
};

constexpr const char* kGood[] = {"good-loop", "good-worker", "good-lua"};
constexpr int kTicks = 10;  // of the good checks that are watched

std::string plugins() {
  return format("plugins:\n  native: [{}]\n  lua: [{}/tests/lua/hostile, {}/tests/lua/good]\n",
                test_plugins(), source_dir(), source_dir());
}

// Who is to meet another bound does not meet that of time before, on however slow a machine.
std::string unhurried() {
  std::string out = "lua_plugins:\n";
  for (const char* file : {"series_flood", "log_flood", "table_bomb", "string_bomb",
                           "deep_recursion", "error_in_every_callback"})
    out += format("  {}.lua: {{limits: {{budget: 10s, cpu_per_run: 10s, cpu_per_minute: 60s}}}}\n",
                  file);
  return out;
}

struct EvilChecks : ::testing::Test {
  Endpoint endpoint;
  Agent agent;

  void SetUp() override { endpoint.start(); }

  bool reported(const std::string& check, const std::string& status, const std::string& message) {
    for (const json::Value& r : endpoint.records())
      if (text_of(r, "check") == check && text_of(r, "status") == status &&
          text_of(r, "message").find(message) != std::string::npos)
        return true;
    return false;
  }
  double last_run(const std::string& check) {
    const auto records = endpoint.records();
    const auto reports = reports_of(records, check);
    return reports.empty() ? 0 : number_of(*reports.back(), "run");
  }
};

TEST_F(EvilChecks, HarmNobodyButThemselves) {
  std::string checks =
      "  - {name: good-loop, type: test.samples, interval: 500ms}\n"
      "  - {name: good-worker, type: test.kinds, interval: 500ms}\n"
      "  - {name: good-lua, type: good.count, interval: 500ms}\n";
  for (const Evil& evil : kEvil) checks += format("  - {{name: {}, {}}}\n", evil.name, evil.item);
  agent.start(agent_yaml(endpoint, checks,
                         plugins() + unhurried() +
                             "limits: {samples_per_run: 1000, queue: 256MiB, lua_series: 100}\n"
                             "defaults: {interval: 1s, timeout: 800ms}\n"));

  for (const Evil& evil : kEvil) {
    ASSERT_TRUE(agent.process().running()) << agent.err();
    EXPECT_TRUE(eventually([&] { return reported(evil.name, evil.status, evil.message); }))
        << evil.name << " was not reported as " << evil.status << ": " << evil.message << "\n"
        << agent.err();
  }

  // All that hold the loop are quarantined now: from here on not a tick is missing.
  std::map<std::string, double> from;
  for (const char* check : kGood) from[check] = last_run(check);
  for (const char* check : kGood)
    EXPECT_TRUE(eventually([&] { return last_run(check) >= from[check] + kTicks; }))
        << check << "\n"
        << agent.err();
  agent.process().signal(SIGTERM);
  EXPECT_EQ(agent.process().wait(), 0) << agent.err();

  const auto records = endpoint.records();
  for (const char* check : kGood) {
    std::set<double> runs;
    for (const json::Value* r : reports_of(records, check)) {
      EXPECT_TRUE(runs.insert(number_of(*r, "run")).second) << "twice: " << json::to_json(*r);
      if (number_of(*r, "run") > from[check] && number_of(*r, "run") <= from[check] + kTicks) {
        EXPECT_EQ(text_of(*r, "status"), "ok") << json::to_json(*r);
      }
    }
    for (int i = 1; i <= kTicks; ++i)
      EXPECT_TRUE(runs.contains(from[check] + i)) << check << " was not run";
    for (const json::Value* gap : gaps_of(records, check))
      EXPECT_LE(number_of(*gap, "to"), from[check]) << json::to_json(*gap);
  }
  // Whoever is stuck is skipped and counted, and whoever completes twice learns it.
  EXPECT_FALSE(gaps_of(records, "sleeps").empty());
  EXPECT_EQ(number_of(reports_of(records, "twice").at(1)->find("samples")->items.at(0), "v"), 3);
  // What comes after the end of a run is not taken.
  for (const json::Value* r : reports_of(records, "late"))
    if (text_of(*r, "message").find("nor in the 250ms after it") != std::string::npos) {
      EXPECT_TRUE(r->find("samples")->items.empty()) << json::to_json(*r);
    }
  const std::string log = agent.err();
  EXPECT_THAT(log, HasSubstr("check 'late' (test.complete): late emit() answered"));
  EXPECT_THAT(log, HasSubstr("check 'hog' held the event loop for "));
  EXPECT_THAT(log, HasSubstr("check 'hog' held the event loop longer than 100ms in 5 runs in "
                             "succession: quarantined"));
  EXPECT_THAT(log, HasSubstr("line 1\n    forged")) << "a line of the log that a check can forge";
  EXPECT_EQ(log.find("\nforged"), std::string::npos);
}

// Its check is given up by then, and nevertheless goes as it should (as the leak check sees).
TEST_F(EvilChecks, ACallMayComeBackWhileTheAgentStops) {
  agent.start(agent_yaml(
      endpoint, "  - {name: slow, type: test.sleep_worker, timeout: 10ms, params: {for: 430ms}}\n",
      plugins() + "defaults: {interval: 2s}\n"));
  EXPECT_TRUE(eventually([&] { return reported("slow", "timeout", "nor in the 250ms after it"); }));
  agent.process().signal(SIGTERM);
  EXPECT_EQ(agent.process().wait(), 0) << agent.err();
}

// A call that never comes back keeps neither the agent from stopping, nor, up to
// a number of them, other checks from the workers.
TEST_F(EvilChecks, DoNotKeepTheAgentFromStopping) {
  std::string checks = "  - {name: good, type: test.kinds}\n";
  for (int i = 0; i < 2; ++i)
    checks += format(
        "  - {{name: stuck-{}, type: test.sleep_worker, timeout: 50ms, params: {{for: "
        "600s}}}}\n",
        i);
  agent.start(agent_yaml(endpoint, checks,
                         plugins() + "limits: {workers: 1}\ndefaults: {interval: 200ms}\n"));
  for (const char* check : {"stuck-0", "stuck-1"})
    EXPECT_TRUE(eventually([&] { return reported(check, "timeout", "not finished within 50ms"); }))
        << agent.err();
  const double before = last_run("good");
  EXPECT_TRUE(eventually([&] { return last_run("good") > before + 3; })) << agent.err();
  const auto begun = std::chrono::steady_clock::now();
  agent.process().signal(SIGTERM);
  EXPECT_EQ(agent.process().wait(), 0) << agent.err();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(10));
  EXPECT_THAT(agent.err(), HasSubstr("native calls have not come back; leaving without them"));
}

// Many instances of one runaway file are always due; the agent still listens.
TEST_F(EvilChecks, InGreatNumbersStillLetTheAgentStop) {
  std::string checks;
  for (int i = 0; i < 100; ++i)
    checks += format("  - {{name: endless-{}, type: hostile.endless_pcall, interval: 500ms}}\n", i);
  agent.start(agent_yaml(endpoint, checks, plugins()));
  EXPECT_TRUE(eventually([&] { return !endpoint.records().empty(); })) << agent.err();
  const auto begun = std::chrono::steady_clock::now();
  agent.process().signal(SIGTERM);
  EXPECT_EQ(agent.process().wait(), 0) << agent.err();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(15));
  for (const json::Value& r : endpoint.records()) {
    if (r.find("gap") == nullptr) {
      EXPECT_EQ(text_of(r, "status"), "limit") << json::to_json(r);
    }
  }
}

}  // namespace
}  // namespace virgo::functional
