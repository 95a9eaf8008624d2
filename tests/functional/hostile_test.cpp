// Hostile Lua plugins beside good checks, through the real agent: each is stopped and
// reported by its limit, the good ones skip no tick, and the memory comes back.
#include <gtest/gtest.h>

#include <map>

#include "functional/hostile_world.hpp"

namespace virgo::functional {
namespace {

// Short stretches, so that a machine shared with other tests has room between them. The
// bombs then meet this or their memory's limit, whichever is nearer.
constexpr const char* kLimits = "{lua_budget: 10ms, queue: 256MiB}";
constexpr double kMemoryOfEach = 0.15;  // MiB of a file that was stopped, with its state

bool has_ended_as_expected(const json::Value& record, const Hostile& hostile) {
  const std::string message = text_of(record, "message");
  const bool stopped = message.find("stopped after") != std::string::npos;
  // On a slow machine whatever works at all is stopped first.
  if (text_of(record, "status") == "limit" && stopped) return true;
  return text_of(record, "status") == hostile.status &&
         message.find(hostile.text) != std::string::npos;
}

bool seen(const std::vector<json::Value>& records, const Hostile& hostile) {
  const auto reports = reports_of(records, hostile.name);
  return std::any_of(reports.begin(), reports.end(),
                     [&](const json::Value* r) { return has_ended_as_expected(*r, hostile); });
}

bool is_suspended(const std::vector<json::Value>& records, const std::string& check) {
  const auto reports = reports_of(records, check);
  return std::any_of(reports.begin(), reports.end(), [](const json::Value* r) {
    return text_of(*r, "status") == "quarantined" &&
           text_of(*r, "message").find("suspended: 3 runs in succession") == 0;
  });
}

// No tick is missing between the first report and the last.
void expect_every_tick(const std::vector<json::Value>& records, const std::string& check,
                       double excused) {
  const auto reports = reports_of(records, check);
  ASSERT_FALSE(reports.empty());
  double missing = 0;
  double last = number_of(*reports.front(), "run");
  for (const json::Value* r : reports) {
    const double run = number_of(*r, "run");
    if (run > last + 1) missing += run - last - 1;
    last = run;
    EXPECT_EQ(text_of(*r, "status"), "ok") << json::to_json(*r);
  }
  EXPECT_LE(missing, excused) << check << " skipped ticks";
}

TEST(HostilePlugins, AreStoppedAndNamedAndHarmNobody) {
  HostileWorld world;
  ASSERT_GE(world.all.size(), 25u);
  world.endpoint.start();
  world.start(false, kLimits);
  ASSERT_TRUE(eventually([&] {
    return reports_of(world.endpoint.records(), good_check(0)).size() >= 10;
  })) << world.agent.err();
  const double before = world.resident_mib();
  world.agent.process().signal(SIGTERM);
  EXPECT_EQ(world.agent.process().wait(), 0);
  const std::size_t old = world.endpoint.records().size();

  // Each takes its 10 ms and somewhat more: once a second would be all of a processor.
  world.start(true, kLimits, 2500);
  const auto records = [&] {
    auto all = world.endpoint.records();
    all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(old));
    return all;
  };
  // What is missing, "" if nothing is. All are looked at in the same records: there are many.
  const auto missing = [&] {
    const auto now = records();
    for (const Hostile& h : world.all) {
      if (!seen(now, h)) return h.name + " did not end as " + h.status + ": " + h.text;
      if (h.status == "limit" && !is_suspended(now, h.name)) return h.name + " is not suspended";
    }
    return std::string();
  };
  EXPECT_TRUE(eventually([&] { return missing().empty(); })) << missing() << "\n"
                                                             << world.agent.err();
  if (!kSanitized) {
    // Those that break no limit go on, and may be at it.
    const double most = before + kMemoryOfEach * static_cast<double>(world.all.size());
    EXPECT_TRUE(eventually([&] { return world.resident_mib() <= most; }))
        << world.resident_mib() << " MiB, " << before << " before";
  }
  const double starved = starved_ms(world.agent.process().pid());
  world.agent.process().signal(SIGTERM);
  EXPECT_EQ(world.agent.process().wait(), 0) << world.agent.err();

  const auto all = records();
  // A sanitizer's build holds the loop longer than its limits say; and what a machine does
  // not let the agent do is not its doing.
  const double excused = kSanitized ? 1000 : starved / 50;
  for (int i = 0; i < kGoodChecks; ++i) expect_every_tick(all, good_check(i), excused);
}

// One call into C that nothing interrupts: 100 MiB are turned to capitals. The grace is
// shorter than that here.
constexpr const char* kStuck = R"lua(
local check = virgo.check { name = "test.stuck", metrics = { { name = "v" } } }
function check:collect(run)
  virgo.sleep(0)
  local text = ("x"):rep(100 * 2^20)
  while true do text:upper() end
end
)lua";
constexpr const char* kMended = R"lua(
local check = virgo.check { name = "test.stuck", metrics = { { name = "v" } } }
function check:collect(run) run:emit("v", 1) end
)lua";

// The same in the code that is asked what it leaves to the next version.
constexpr const char* kStuckHandover = R"lua(
local check = virgo.check { name = "test.stuck", metrics = { { name = "v" } } }
function check:collect(run) run:emit("v", 0) end
function check:handover()
  local text = ("x"):rep(100 * 2^20)
  while true do text:upper() end
end
)lua";

std::string stuck_yaml(const Endpoint& endpoint, const TempDir& plugins, const std::string& state) {
  return agent_yaml(endpoint,
                    "  - {name: stuck, type: test.stuck, interval: 500ms}\n"
                    "  - {name: good, type: good.count, interval: 100ms}\n",
                    format("plugins:\n  native: []\n  lua: [{}, {}/tests/lua/good]\nstate: {}\n"
                           "limits: {{lua_budget: 10ms, lua_grace: 10ms, lua_memory: 1GiB, "
                           "lua_cpu_per_run: 60s}}\n",
                           plugins.path(), source_dir(), state));
}

TEST(HungCheck, IsLeftBehindByTheProcessAndTriedAgainWhenItsFileChanges) {
  const TempDir plugins;
  write_file(plugins.file("stuck.lua"), kStuck, 0644);
  Endpoint endpoint;
  endpoint.start();
  Agent agent;
  agent.start(stuck_yaml(endpoint, plugins, agent.dir().file("state")));
  const auto last = [&](const std::string& check, const std::string& status) {
    const auto records = endpoint.records();
    const auto reports = reports_of(records, check);
    return !reports.empty() && text_of(*reports.back(), "status") == status;
  };
  ASSERT_TRUE(eventually([&] { return last("stuck", "quarantined"); })) << agent.err();
  EXPECT_TRUE(agent.process().running());
  EXPECT_TRUE(agent.process().says(
      format("check 'stuck' of {} is in a call that cannot be interrupted (limits.lua_grace): "
             "starting anew without it",
             plugins.file("stuck.lua"))))
      << agent.err();
  EXPECT_TRUE(eventually([&] { return last("good", "ok"); }));
  const auto records = endpoint.records();
  EXPECT_NE(text_of(*reports_of(records, "stuck").back(), "message")
                .find("not run: it held the agent in a call that could not be interrupted"),
            std::string::npos);

  // It is remembered over a restart, and forgotten when the file is another one.
  agent.process().signal(SIGTERM);
  EXPECT_EQ(agent.process().wait(), 0) << agent.err();
  const std::size_t before = records.size();
  agent.start(stuck_yaml(endpoint, plugins, agent.dir().file("state")));
  EXPECT_TRUE(eventually([&] {
    const auto now = endpoint.records();
    return now.size() > before + 5 && last("stuck", "quarantined");
  }));
  write_file(plugins.file("stuck.lua"), kMended, 0644);
  EXPECT_TRUE(eventually([&] { return last("stuck", "ok"); })) << agent.err();
}

TEST(HungCheck, ThatHangsWhenItIsReplacedIsNotHeldAgainstTheNextVersion) {
  const TempDir plugins;
  write_file(plugins.file("stuck.lua"), kStuckHandover, 0644);
  Endpoint endpoint;
  endpoint.start();
  Agent agent;
  agent.start(stuck_yaml(endpoint, plugins, agent.dir().file("state")));
  const auto emits = [&](double value) {
    const auto records = endpoint.records();
    const auto reports = reports_of(records, "stuck");
    if (reports.empty() || text_of(*reports.back(), "status") != "ok") return false;
    return number_of(reports.back()->find("samples")->items.at(0), "v") == value;
  };
  ASSERT_TRUE(eventually([&] { return emits(0); })) << agent.err();
  write_file(plugins.file("stuck.lua"), kMended, 0644);
  EXPECT_TRUE(agent.process().says(
      format("{} is in a call that cannot be interrupted (limits.lua_grace): starting anew "
             "without it",
             plugins.file("stuck.lua"))))
      << agent.err();
  EXPECT_TRUE(eventually([&] { return emits(1); })) << agent.err();
}

}  // namespace
}  // namespace virgo::functional
