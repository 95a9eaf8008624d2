// A thousand instances of each kind, once a second: not a tick is missing.
#include <signal.h>

#include <thread>

#include <gtest/gtest.h>

#include "base/format.hpp"
#include "functional/world.hpp"

namespace virgo::functional {
namespace {

// Sanitizers slow both sides down about tenfold.
constexpr int kInstances = kSanitized ? 100 : 1000;  // of each kind
constexpr int kTicks = 20;

TEST(Scale, ThousandsOfInstancesMissNoTick) {
  Endpoint endpoint({"--no-sync"});  // the disk is not what is tested
  endpoint.start();
  std::string checks;
  for (int i = 0; i < kInstances; ++i)
    checks += format(
        "  - {{name: native-{}, type: test.samples, params: {{count: 1}}}}\n"
        "  - {{name: lua-{}, type: good.count}}\n",
        i, i);
  Agent agent;
  agent.start(agent_yaml(endpoint, checks,
                         format("plugins:\n  native: [{}]\n  lua: [{}/tests/lua/good]\n"
                                "limits: {{queue: 256MiB}}\ndefaults: {{interval: 1s}}\n",
                                test_plugins(), source_dir())));

  // Every check has had its ticks when the slowest has.
  std::map<std::string, int> last;  // run of each check
  std::vector<json::Value> records;
  EXPECT_TRUE(eventually([&] {
    // Reading is work, too: not more often than once a second.
    std::this_thread::sleep_for(std::chrono::seconds(1));
    records = endpoint.records();
    last.clear();
    for (const json::Value& r : records)
      if (r.find("gap") == nullptr)
        last[text_of(r, "check")] = static_cast<int>(number_of(r, "run"));
    if (last.size() < 2 * kInstances) return false;
    for (const auto& [check, run] : last)
      if (run < kTicks) return false;
    return true;
  })) << agent.err();
  RecordProperty("agent_peak_mib", static_cast<int>(agent.process().peak_mib()));
  agent.process().signal(SIGTERM);
  EXPECT_EQ(agent.process().wait(), 0) << agent.err();

  double latest = 0;
  std::map<std::string, std::vector<bool>> seen;
  for (const json::Value& r : records) {
    const json::Value* gap = r.find("gap");
    if (gap != nullptr) {
      EXPECT_EQ(text_of(*gap, "reason"), "overlap") << json::to_json(r);
      continue;
    }
    EXPECT_EQ(text_of(r, "status"), "ok") << json::to_json(r);
    latest = std::max(latest, number_of(r, "late_us"));
    auto& runs = seen[text_of(r, "check")];
    const auto run = static_cast<std::size_t>(number_of(r, "run"));
    if (runs.size() <= run) runs.resize(run + 1);
    EXPECT_FALSE(runs[run]) << "twice: " << json::to_json(r);
    runs[run] = true;
  }
  EXPECT_EQ(seen.size(), 2u * kInstances);
  for (const auto& [check, runs] : seen)
    for (std::size_t run = 1; run <= kTicks; ++run) EXPECT_TRUE(runs[run]) << check << " " << run;
  RecordProperty("latest_us", static_cast<int>(latest));
}

}  // namespace
}  // namespace virgo::functional
