// The agent on a host with a file system that does not answer.
#include <gmock/gmock.h>
#include <signal.h>

#include "functional/world.hpp"
#include "unit/plugins/dead_mount.hpp"

namespace virgo::functional {
namespace {

// Whether a report says so of the file system mounted there.
bool says_stuck(const json::Value& report, const std::string& point, double value) {
  for (const json::Value& sample : report.find("samples")->items) {
    const json::Value* labels = sample.find("l");
    if (text_of(sample, "n") == "virgo.filesystem.stuck" && labels != nullptr &&
        text_of(*labels, "system.filesystem.mountpoint") == point &&
        number_of(sample, "v") == value)
      return true;
  }
  return false;
}

TEST(DeadMount, IsReportedAndSlowsNothingDown) {
  const std::string why = native::own_mounts();
  if (!why.empty()) GTEST_SKIP() << why;
  const TempDir dir;
  native::DeadMount dead(dir.file("dead"));
  if (!dead.problem().empty()) GTEST_SKIP() << dead.problem();

  Endpoint endpoint;
  endpoint.start();
  Agent agent;
  agent.start(agent_yaml(endpoint,
                         "  - {name: cpu, type: virgo.cpu, interval: 100ms}\n"
                         "  - {name: disks, type: virgo.filesystem, interval: 500ms, params: "
                         "{include_mountpoints: [/, " +
                             dir.file("dead") + "]}}\n"));
  const auto stuck_reports = [&](double value) {
    std::size_t n = 0;
    const auto records = endpoint.records();
    for (const json::Value* r : reports_of(records, "disks"))
      n += says_stuck(*r, dir.file("dead"), value) ? 1 : 0;
    return n;
  };
  EXPECT_TRUE(eventually([&] { return stuck_reports(1) >= 5; })) << agent.err();
  dead.hang_up();
  EXPECT_TRUE(eventually([&] { return stuck_reports(0) >= 2; })) << agent.err();
  const auto records = endpoint.records();
  double last = 0;
  for (const json::Value* r : reports_of(records, "cpu")) {
    EXPECT_EQ(number_of(*r, "run"), last + 1) << json::to_json(*r);
    last = number_of(*r, "run");
  }
  EXPECT_GE(last, 20);
  EXPECT_THAT(gaps_of(records, "cpu"), testing::IsEmpty());
  for (const json::Value* r : reports_of(records, "disks")) EXPECT_EQ(text_of(*r, "status"), "ok");

  // Nor does it keep the agent from ending.
  agent.process().signal(SIGTERM);
  EXPECT_EQ(agent.process().wait(), 0) << agent.err();
}

TEST(DeadMount, DoesNotKeepTheAgentFromEnding) {
  if (kSanitized) GTEST_SKIP() << "the leak check at the end waits for every thread, hung or not";
  const std::string why = native::own_mounts();
  if (!why.empty()) GTEST_SKIP() << why;
  const TempDir dir;
  native::DeadMount dead(dir.file("dead"));
  if (!dead.problem().empty()) GTEST_SKIP() << dead.problem();
  Endpoint endpoint;
  endpoint.start();
  Agent agent;
  agent.start(agent_yaml(endpoint, "  - {name: disks, type: virgo.filesystem, interval: 500ms}\n"));
  EXPECT_TRUE(eventually([&] {
    const auto records = endpoint.records();
    const auto reports = reports_of(records, "disks");
    return !reports.empty() && says_stuck(*reports.back(), dir.file("dead"), 1);
  })) << agent.err();
  agent.process().signal(SIGTERM);
  EXPECT_EQ(agent.process().wait(), 0) << agent.err();
}

}  // namespace
}  // namespace virgo::functional
