#include "unit/plugins/mdstat_sample.hpp"
#include "unit/plugins/proc_tree.hpp"

namespace virgo::native {
namespace {

using metric::Status;
using testing::HasSubstr;

constexpr double kKiB = 1024;

class MdraidPlugin : public ShippedPlugin {
 protected:
  MdraidPlugin() : ShippedPlugin("mdraid") {}

  // Samples of one array of all the kinds, without its name.
  std::map<std::string, double> of(const std::string& array) {
    write("/proc/mdstat", kMdstat);
    return collect(*on_tree(", include: [" + array + "]"));
  }
  static std::string status(const std::string& array, const std::string& state) {
    return "hw.status{hw.id=" + array + ",hw.type=logical_disk,hw.state=" + state + "}";
  }
  static std::string disks(const std::string& array, const std::string& state) {
    return "virgo.mdraid.disks{hw.id=" + array + ",virgo.mdraid.disk.state=" + state + "}";
  }
  static std::string progress(const std::string& array, const std::string& action) {
    return "virgo.mdraid.sync.progress{hw.id=" + array + ",virgo.mdraid.sync.action=" + action +
           "}";
  }
  // "ok", "degraded" or "failed".
  std::string health(const std::string& array) {
    const auto s = of(array);
    std::string out;
    for (const char* state : {"ok", "degraded", "failed"})
      if (s.at(status(array, state)) == 1) out += state;
    return out;
  }
  std::string state(const std::string& array) {
    write("/proc/mdstat", kMdstat);
    auto check = on_tree(", include: [" + array + "]");
    TestRun run = new_run();
    check->start(run);
    run_until_finished(run);
    const auto& s = run.samples();
    for (std::size_t i = 0; i < s.size(); ++i)
      if (s.metric(i).name == std::string("virgo.mdraid.state"))
        return std::string(s.value(i).text);
    return "";
  }
};

TEST_F(MdraidPlugin, AnArrayInOrder) {
  std::filesystem::create_directories(root + "/sys/block/md3/md");
  write("/sys/block/md3/md/mismatch_cnt", "128\n");
  auto s = of("md3");
  EXPECT_EQ(s.size(), 12u);
  EXPECT_EQ(s.at(status("md3", "ok")), 1);
  EXPECT_EQ(s.at(status("md3", "degraded")), 0);
  EXPECT_EQ(s.at(status("md3", "failed")), 0);
  EXPECT_EQ(s.at("hw.logical_disk.limit{hw.id=md3,hw.logical_disk.raid_level=raid6}"),
            11720542208 * kKiB);
  EXPECT_EQ(s.at(disks("md3", "active")), 8);
  EXPECT_EQ(s.at(disks("md3", "failed")), 0);
  EXPECT_EQ(s.at(disks("md3", "spare")), 2);
  EXPECT_EQ(s.at(disks("md3", "down")), 0);
  EXPECT_EQ(s.at("virgo.mdraid.disks.required{hw.id=md3}"), 8);
  EXPECT_EQ(s.at("virgo.mdraid.synced{hw.id=md3}"), 11720542208 * kKiB);
  EXPECT_EQ(s.at("virgo.mdraid.mismatches{hw.id=md3}"), 128);
  EXPECT_EQ(state("md3"), "active");
}

TEST_F(MdraidPlugin, Health) {
  for (const char* array : {"md3", "md127", "md8", "md20", "md9", "md10", "md11", "md126", "md22",
                            "md21", "md5", "md13", "md_d0"})
    EXPECT_EQ(health(array), "ok") << array;
  EXPECT_EQ(health("md125"), "ok") << "a container of arrays is never active";
  for (const char* array : {"md0", "md6", "md7", "md15"})
    EXPECT_EQ(health(array), "degraded") << array;
  EXPECT_EQ(health("md4"), "failed") << "inactive";
  EXPECT_EQ(health("md2"), "failed") << "broken";
}

TEST_F(MdraidPlugin, State) {
  EXPECT_EQ(state("md4"), "inactive");
  EXPECT_EQ(state("md2"), "broken");
  EXPECT_EQ(state("md11"), "auto-read-only");
  EXPECT_EQ(state("md21"), "read-only");
}

TEST_F(MdraidPlugin, DisksThatAreMissing) {
  auto s = of("md7");
  EXPECT_EQ(s.at(disks("md7", "active")), 3);
  EXPECT_EQ(s.at(disks("md7", "failed")), 1);
  EXPECT_EQ(s.at(disks("md7", "down")), 1);
  EXPECT_EQ(s.at("virgo.mdraid.disks.required{hw.id=md7}"), 4);
  s = of("md4");
  EXPECT_EQ(s.at(disks("md4", "active")), 0);
  EXPECT_EQ(s.at(disks("md4", "failed")), 1);
  EXPECT_EQ(s.at(disks("md4", "spare")), 1);
  s = of("md10");
  EXPECT_EQ(s.at(disks("md10", "active")), 2) << "as many as there are";
}

TEST_F(MdraidPlugin, WhatGoesOn) {
  auto s = of("md6");
  EXPECT_DOUBLE_EQ(s.at(progress("md6", "recovery")), 83886080.0 / 976630464);
  EXPECT_EQ(s.at("virgo.mdraid.synced{hw.id=md6}"), 83886080 * kKiB);
  EXPECT_NEAR(of("md8").at(progress("md8", "resync")), 0.1, 1e-6);
  EXPECT_NEAR(of("md20").at(progress("md20", "check")), 0.057, 1e-3);
  s = of("md5");
  EXPECT_NEAR(s.at(progress("md5", "reshape")), 0.214, 1e-3);
  EXPECT_EQ(s.at("virgo.mdraid.synced{hw.id=md5}"), 11720661504 * kKiB) << "moved, but in order";
  EXPECT_EQ(of("md9").at(progress("md9", "resync")), 0) << "waits for another";
  EXPECT_EQ(of("md11").at(progress("md11", "resync")), 0) << "until it is written to";
  EXPECT_EQ(of("md15").at(progress("md15", "recovery")), 0);
  for (const auto& [key, value] : of("md3")) EXPECT_THAT(key, testing::Not(HasSubstr("progress")));
}

TEST_F(MdraidPlugin, WithNodeExportersNames) {
  write("/proc/mdstat", kMdstat);
  const auto s = collect(*on_tree(", naming: prometheus"));
  EXPECT_EQ(s.size(), 20u * 11);
  const std::map<std::string, double> expected{{"node_md_state{device=md6,state=active}", 0},
                                               {"node_md_state{device=md6,state=inactive}", 0},
                                               {"node_md_state{device=md6,state=recovering}", 1},
                                               {"node_md_state{device=md6,state=resync}", 0},
                                               {"node_md_state{device=md6,state=check}", 0},
                                               {"node_md_disks{device=md6,state=active}", 1},
                                               {"node_md_disks{device=md6,state=failed}", 1},
                                               {"node_md_disks{device=md6,state=spare}", 1},
                                               {"node_md_disks_required{device=md6}", 2},
                                               {"node_md_blocks{device=md6}", 976630464},
                                               {"node_md_blocks_synced{device=md6}", 83886080}};
  for (const auto& [key, value] : expected) EXPECT_EQ(s.at(key), value) << key;
  EXPECT_EQ(s.at("node_md_state{device=md4,state=inactive}"), 1);
  EXPECT_EQ(s.at("node_md_state{device=md5,state=active}"), 1) << "a reshape";
  EXPECT_EQ(s.at("node_md_state{device=md20,state=check}"), 1);
  EXPECT_EQ(s.at("node_md_blocks_synced{device=md9}"), 0) << "DELAYED";
}

TEST_F(MdraidPlugin, NoArray) {
  auto check = on_tree();
  collect(*check, Status::unsupported);
  EXPECT_THAT(explanation, HasSubstr("/proc/mdstat is not there: the kernel's module md_mod"));
  for (const char* text : {"Personalities : \nunused devices: <none>\n",
                           "Personalities : [raid1] [raid6] \nread_ahead 1024 sectors\n"
                           "unused devices: sdz[3]\n"}) {
    write("/proc/mdstat", text);
    EXPECT_EQ(collect(*check).size(), 0u);
    EXPECT_EQ(explanation, "no array in " + root + "/proc/mdstat is one to report");
  }
  EXPECT_EQ(of("nothing").size(), 0u);
  for (const char* text : {"", "\n", "garbage", "md0 : active raid1 sda[0]\n 12 blocks [2/2]\n"}) {
    write("/proc/mdstat", text);
    EXPECT_EQ(collect(*check, Status::failed).size(), 0u);
    EXPECT_THAT(explanation, HasSubstr("does not begin with \"Personalities\""));
  }
}

TEST_F(MdraidPlugin, OddLines) {
  write("/proc/mdstat",
        "Personalities : [raid1]\nmd0 :\nmd1 : active\n\nmd2 : active faulty sda[0]\n"
        "      487253824 blocks nfaults=0\n      resync=REMOTE\nmd3 : inactive\n"
        "md4 : active raid1 sda[0]\n 99999999999999999999999 blocks [2/] [/2] [2/1] [U_]\n"
        "\tresync =100.0% (5/0)\n" +
            std::string(80, 'm') + " : active raid0 sda[0]\n 12 blocks\n");
  const auto s = collect(*on_tree());
  EXPECT_EQ(s.count(status("md0", "ok")) + s.count(status("md1", "ok")), 0u) << "no size";
  EXPECT_EQ(s.at(status("md2", "ok")), 1);
  EXPECT_EQ(s.at(progress("md2", "resync")), 0);
  EXPECT_EQ(s.at(status("md3", "failed")), 1);
  EXPECT_EQ(s.count("hw.logical_disk.limit{hw.id=md3,hw.logical_disk.raid_level=unknown}"), 0u);
  EXPECT_EQ(s.at(status("md4", "degraded")), 1);
  EXPECT_EQ(s.at(progress("md4", "resync")), 0);
  EXPECT_GT(s.at("hw.logical_disk.limit{hw.id=md4,hw.logical_disk.raid_level=raid1}"), 1e19);
}

TEST_F(MdraidPlugin, EveryCutOfTheFileIsAnswered) {
  const std::string whole = kMdstat;
  auto check = on_tree();
  std::size_t most = 0;
  for (std::size_t n = 0; n <= whole.size(); ++n) {
    write("/proc/mdstat", whole.substr(0, n));
    TestRun run = new_run();
    check->start(run);
    run_until_finished(run);
    EXPECT_EQ(run.status, n >= 13 ? Status::ok : Status::failed) << n;
    EXPECT_GE(run.samples().size() + 1, most) << "a line less is an array less, or its progress";
    most = std::max(most, run.samples().size());
  }
}

TEST_F(MdraidPlugin, BeyondTheCapTheRestIsAddedUp) {
  std::string text = "Personalities : [raid1]\n";
  for (int i = 0; i < 1000; ++i)
    text += "md" + std::to_string(i) +
            " : active raid1 sda[0] sdb[1](F)\n      1000 blocks [2/1] [U_]\n\n";
  write("/proc/mdstat", text);
  const LogLines log;
  auto check = on_tree(", max_series: 39");
  auto s = collect(*check);
  EXPECT_EQ(s.size(), 2u * 11 + 10);
  EXPECT_EQ(s.at("hw.status{otel.metric.overflow=true,hw.type=logical_disk,hw.state=degraded}"),
            998);
  EXPECT_EQ(s.at("virgo.mdraid.disks{otel.metric.overflow=true,virgo.mdraid.disk.state=down}"),
            998);
  EXPECT_EQ(s.at("hw.logical_disk.limit{otel.metric.overflow=true}"), 998000 * kKiB);
  collect(*check);
  ASSERT_EQ(log.all().size(), 1u);
  EXPECT_THAT(log.all()[0], HasSubstr("max_series is 39: of 1000 arrays the first 2"));
  s = collect(*on_tree(", max_series: 33, naming: prometheus"));
  EXPECT_EQ(s.size(), 33u);
  EXPECT_EQ(s.at("node_md_disks{otel.metric.overflow=true,state=failed}"), 998);
  EXPECT_LE(collect(*on_tree()).size(), 2000u);
}

TEST_F(MdraidPlugin, ThisHost) {
  if (access("/proc/mdstat", R_OK) == 0)
    collect(*on_host());
  else
    collect(*on_host(), Status::unsupported);
}

}  // namespace
}  // namespace virgo::native
