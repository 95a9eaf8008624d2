// virgo.filesystem with file systems that do not answer: FUSE ones whose other end is held
// by the test.
#include <chrono>

#include "unit/plugins/dead_mount.hpp"
#include "unit/plugins/proc_tree.hpp"

namespace virgo::native {
namespace {

using metric::Status;
using testing::HasSubstr;
using Clock = std::chrono::steady_clock;

// ThreadSanitizer starts one of its own with the first.
#if defined(__SANITIZE_THREAD__)
constexpr std::size_t kSanitizersThread = 1;
#else
constexpr std::size_t kSanitizersThread = 0;
#endif

class DeadFilesystem : public ShippedPlugin {
 protected:
  DeadFilesystem() : ShippedPlugin("filesystem") {}

  void SetUp() override {
    const std::string why = own_mounts();
    if (!why.empty()) GTEST_SKIP() << why;
    const DeadMount probe(root + "/probe");
    if (!probe.problem().empty()) GTEST_SKIP() << probe.problem();
    std::filesystem::create_directories(root + "/data");
  }
  // "/", /data, and the lines of the dead ones: "0:901 /dead".
  void table(const std::vector<std::pair<std::string, std::string>>& dead) {
    std::string text = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n";
    for (const auto& [device, point] : dead)
      text += "5 1 " + device + " / " + point + " rw - fuse.x dead rw\n";
    text += "6 1 8:2 / /data rw - ext4 /dev/sda2 rw\n";
    write("/proc/self/mountinfo", text);
  }
  static std::string stuck(const std::string& point) {
    return "virgo.filesystem.stuck{system.device=dead,system.filesystem.mountpoint=" + point +
           ",system.filesystem.type=fuse.x,system.filesystem.mode=rw}";
  }
  static std::string limit(const std::string& point, int disk) {
    return "system.filesystem.limit{system.device=/dev/sda" + std::to_string(disk) +
           ",system.filesystem.mountpoint=" + point +
           ",system.filesystem.type=ext4,system.filesystem.mode=rw}";
  }
  // Of runs in order, none of which may wait.
  std::chrono::milliseconds time_of(check::Check& check, int runs) {
    const auto begin = Clock::now();
    for (int i = 0; i < runs; ++i) collect(check);
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
  }
  void expect_threads(std::size_t most) {
    spin_until([most] { return threads() <= most; });
    EXPECT_LE(threads(), most);
  }
};

TEST_F(DeadFilesystem, CostsOneThreadAndOneWait) {
  DeadMount dead(root + "/dead");
  table({{"0:901", "/dead"}});
  auto check = on_tree(", stuck_after: 2s");
  const auto begin = Clock::now();
  auto s = collect(*check);
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(10));
  EXPECT_EQ(s.at(stuck("/dead")), 1);
  EXPECT_EQ(s.count(limit("/", 1)), 1u) << "what comes before it";
  EXPECT_EQ(s.count(limit("/data", 2)), 1u) << "and after it";
  EXPECT_THAT(explanation, HasSubstr("1 file system does not answer, the first one at /dead"));

  const std::size_t now = threads();
  EXPECT_LT(time_of(*check, 20), std::chrono::seconds(2)) << "nobody waits for it again";
  EXPECT_EQ(collect(*check).at(stuck("/dead")), 1);
  expect_threads(now);
}

TEST_F(DeadFilesystem, IsEnteredOnceForAllInstancesAndMounts) {
  const std::size_t before = threads();
  DeadMount dead(root + "/dead");
  table({{"0:901", "/dead"}, {"0:901", "/dead2"}});
  auto one = on_tree(", stuck_after: 300ms");
  auto two = on_tree(", stuck_after: 300ms, naming: prometheus");
  auto three = make("agent.filesystem", "{root: " + root + ", target: /dead2, stuck_after: 300ms}");
  for (int i = 0; i < 3; ++i) {
    auto s = collect(*one);
    EXPECT_EQ(s.at(stuck("/dead")), 1);
    EXPECT_EQ(s.count(limit("/data", 2)), 1u);
    s = collect(*two);
    EXPECT_EQ(s.at("node_filesystem_device_error{device=dead,mountpoint=/dead,fstype=fuse.x}"), 1);
    EXPECT_EQ(s.at("node_filesystem_device_error{device=dead,mountpoint=/dead2,fstype=fuse.x}"), 1);
    EXPECT_EQ(s.at("node_filesystem_device_error{device=/dev/sda2,mountpoint=/data,fstype=ext4}"),
              0);
    collect(*three, Status::timeout);
    EXPECT_EQ(explanation, "the file system at /dead2 does not answer");
  }
  // Two workers, the thread that hangs, and the one that asks.
  EXPECT_LE(threads(), before + 4 + kSanitizersThread);
}

TEST_F(DeadFilesystem, IsEnteredOnceByRunsAtTheSameTime) {
  const std::size_t before = threads();
  DeadMount dead(root + "/dead");
  table({{"0:901", "/dead"}});
  auto one = on_tree(", stuck_after: 400ms");
  auto two = on_tree(", stuck_after: 400ms");
  TestRun first = new_run();
  TestRun second = new_run();
  one->start(first);
  two->start(second);
  run_until_finished(first);
  run_until_finished(second);
  for (const TestRun* run : {&first, &second}) {
    EXPECT_EQ(run->status, Status::ok);
    EXPECT_THAT(run->explanation, HasSubstr("1 file system does not answer"));
  }
  EXPECT_LE(threads(), before + 4 + kSanitizersThread)
      << "two workers, the one that hangs, and the one that asks";
}

TEST_F(DeadFilesystem, AnswersAgain) {
  DeadMount dead(root + "/dead");
  table({{"0:901", "/dead"}});
  auto check = on_tree(", stuck_after: 300ms");
  collect(*check);
  EXPECT_EQ(collect(*check).at(stuck("/dead")), 1);
  const std::size_t with = threads();
  dead.hang_up();
  expect_threads(with - 1);
  auto s = collect(*check);
  EXPECT_EQ(s.at(stuck("/dead")), 0);
  EXPECT_THAT(explanation, HasSubstr("1 file system could not be read, the first one at /dead: "
                                     "Transport endpoint is not connected"));
  dead.unmount();
  s = collect(*check);
  EXPECT_EQ(s.at(stuck("/dead")), 0) << "a folder as any other now";
  EXPECT_EQ(explanation, "");
  table({});
  EXPECT_EQ(collect(*check).count(stuck("/dead")), 0u);
}

TEST_F(DeadFilesystem, UnmountedLazilyAndMountedAnew) {
  auto dead = std::make_unique<DeadMount>(root + "/dead");
  table({{"0:901", "/dead"}});
  auto check = on_tree(", stuck_after: 300ms");
  EXPECT_EQ(collect(*check).at(stuck("/dead")), 1);
  dead->unmount();  // its thread still hangs
  table({{"0:902", "/dead"}});
  EXPECT_EQ(collect(*check).at(stuck("/dead")), 0) << "another file system in its place";
}

TEST_F(DeadFilesystem, TwoOfThem) {
  DeadMount one(root + "/dead1");
  auto two = std::make_unique<DeadMount>(root + "/dead2");
  table({{"0:901", "/dead1"}, {"0:902", "/dead2"}});
  auto check = on_tree(", stuck_after: 300ms");
  auto s = collect(*check);
  EXPECT_EQ(s.at(stuck("/dead1")), 1);
  EXPECT_EQ(s.at(stuck("/dead2")), 1);
  EXPECT_EQ(s.count(limit("/data", 2)), 1u);
  EXPECT_THAT(explanation, HasSubstr("2 file systems do not answer, the first one at /dead1"));
  collect(*check);
  const std::size_t with = threads();
  two->hang_up();
  expect_threads(with - 1);
  s = collect(*check);
  EXPECT_EQ(s.at(stuck("/dead1")), 1);
  EXPECT_EQ(s.at(stuck("/dead2")), 0);
}

TEST_F(DeadFilesystem, WhatLiesBelowItIsNotEntered) {
  const std::size_t before = threads();
  DeadMount dead(root + "/dead");
  // Nothing can be mounted below it: its folder would have to answer. The path hangs alike.
  table({{"0:901", "/dead"}, {"0:902", "/dead/below"}, {"0:903", "/dead/below/too"}});
  auto check = on_tree(", stuck_after: 300ms");
  for (int i = 0; i < 3; ++i) {
    const auto s = collect(*check);
    for (const char* point : {"/dead", "/dead/below", "/dead/below/too"})
      EXPECT_EQ(s.at(stuck(point)), 1) << point;
    EXPECT_EQ(s.count(limit("/data", 2)), 1u);
  }
  EXPECT_LE(threads(), before + 4 + kSanitizersThread)
      << "two workers, the one that hangs, and the one that asks";
}

TEST_F(DeadFilesystem, ManyMoreThanMayHang) {
  constexpr std::size_t kMost = 32;
  std::vector<std::unique_ptr<DeadMount>> dead;
  std::vector<std::pair<std::string, std::string>> lines;
  for (std::size_t i = 0; i < kMost + 8; ++i) {
    const std::string n = std::to_string(i);
    dead.push_back(std::make_unique<DeadMount>(root + "/dead" + n));
    ASSERT_EQ(dead.back()->problem(), "");
    lines.emplace_back("0:" + std::to_string(900 + i), "/dead" + n);
  }
  table(lines);
  const std::size_t before = threads();
  const LogLines log;
  auto check = on_tree(", stuck_after: 300ms");
  for (int i = 0; i < 3; ++i) {
    const auto s = collect(*check);
    for (const auto& [device, point] : lines) EXPECT_EQ(s.at(stuck(point)), 1) << point;
    EXPECT_EQ(s.count(limit("/data", 2)), 1u) << "disks are still asked";
  }
  EXPECT_LE(threads(), before + kMost + 3 + kSanitizersThread);
  ASSERT_EQ(log.all().size(), 1u);
  EXPECT_THAT(log.all()[0], HasSubstr("32 threads (the most there may be) hang in file systems "
                                      "that do not answer: 8 further"));
  dead.clear();
  // One that has the time to wait for all of them, on however slow a machine.
  auto patient = on_tree(", stuck_after: 20s");
  for (int i = 0; i < 2; ++i) {
    const auto s = collect(*patient);
    for (const auto& [device, point] : lines) EXPECT_EQ(s.at(stuck(point)), 0) << point;
  }
}

TEST_F(DeadFilesystem, ManyInARunThatHasLittleTime) {
  constexpr std::size_t kMany = 25;
  std::vector<std::unique_ptr<DeadMount>> dead;
  std::vector<std::pair<std::string, std::string>> lines;
  for (std::size_t i = 0; i < kMany; ++i) {
    const std::string n = std::to_string(i);
    dead.push_back(std::make_unique<DeadMount>(root + "/dead" + n));
    lines.emplace_back("0:" + std::to_string(900 + i), "/dead" + n);
  }
  table(lines);
  auto check = on_tree();
  TestRun run(system_clock().now() + std::chrono::seconds(2));
  check->start(run);
  run_until_finished(run);
  EXPECT_EQ(run.status, Status::ok) << run.explanation;
  const auto s = flatten(run.samples());
  for (const auto& [device, point] : lines) EXPECT_EQ(s.at(stuck(point)), 1) << point;
  EXPECT_EQ(s.count(limit("/data", 2)), 1u);
}

TEST_F(DeadFilesystem, DoesNotKeepAnInstanceAlive) {
  const std::size_t before = threads();
  DeadMount dead(root + "/dead");
  table({{"0:901", "/dead"}});
  {
    auto check = on_tree(", stuck_after: 300ms");
    collect(*check);
  }
  {
    auto check = on_tree(", stuck_after: 300ms");
    EXPECT_EQ(collect(*check).at(stuck("/dead")), 1) << "the next one knows of it";
  }
  EXPECT_LE(threads(), before + 3 + kSanitizersThread);
  dead.hang_up();
  expect_threads(before + 2);
}

TEST_F(DeadFilesystem, ARunThatIsCancelledEnds) {
  DeadMount dead(root + "/dead");
  table({{"0:901", "/dead"}});
  auto check = on_tree(", stuck_after: 1h");
  TestRun run = new_run();
  check->start(run);
  run_posted();
  check->cancel(run);
  run_until_finished(run);
  EXPECT_NE(run.status, Status::ok);
}

TEST_F(DeadFilesystem, InTheTableOfThisHost) {
  DeadMount dead(root + "/dead");
  auto check =
      make("virgo.filesystem", "{stuck_after: 300ms, include_mountpoints: [/, " + root + "/dead]}");
  const auto s = collect(*check);
  EXPECT_EQ(s.at("virgo.filesystem.stuck{system.device=dead,system.filesystem.mountpoint=" + root +
                 "/dead,system.filesystem.type=fuse,system.filesystem.mode=rw}"),
            1);
  double limits = 0;
  for (const auto& [key, value] : s) limits += key.rfind("system.filesystem.limit{", 0) == 0;
  EXPECT_EQ(limits, 1);
}

}  // namespace
}  // namespace virgo::native
