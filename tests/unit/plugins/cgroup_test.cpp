#include "unit/plugins/proc_tree.hpp"

namespace virgo::native {
namespace {

using metric::Status;
using testing::HasSubstr;

const std::string kId = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

class CgroupPlugin : public ShippedPlugin {
 protected:
  CgroupPlugin() : ShippedPlugin("cgroup") { mounts("cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n"); }
  void mounts(const std::string& text) {
    std::filesystem::create_directories(root + "/proc/1");
    write("/proc/1/mounts", "proc /proc proc rw 0 0\n" + text);
  }
  std::string folder(const std::string& path) const { return "/sys/fs/cgroup" + path; }
  // A cgroup that has used `n` of everything.
  void add(const std::string& path, int n) {
    const std::string at = folder(path);
    const std::string k = std::to_string(n);
    std::filesystem::create_directories(root + at);
    write(at + "/cpu.stat", "usage_usec " + k + "000000\nuser_usec " + k + "00000\nsystem_usec " +
                                k + "0000\nnr_periods 1\nnr_throttled 1\nthrottled_usec " + k +
                                "000\n");
    write(at + "/memory.stat", "anon " + k + "1\nfile " + k + "2\ninactive_file " + k +
                                   "\npgfault " + k + "00\npgmajfault " + k + "\n");
    write(at + "/memory.events", "low 0\nhigh 0\nmax 0\noom 9\noom_kill " + k + "\n");
    write(at + "/memory.current", k + "000\n");
    write(at + "/memory.swap.current", k + "\n");
    write(at + "/memory.max", "max\n");
    write(at + "/pids.current", k + "\n");
    write(at + "/io.stat", "8:16 8:0 rbytes=" + k + " wbytes=20 rios=1 wios=1\n253:0 rbytes=" + k +
                               " wbytes=1 dbytes=7\n");
  }
  const std::string ssh = "{virgo.cgroup.path=/system.slice/ssh.service";
};

TEST_F(CgroupPlugin, OneService) {
  add("", 9);
  add("/system.slice", 5);
  add("/system.slice/ssh.service", 2);
  auto check = on_tree();
  const std::map<std::string, double> expected = {
      {"container.cpu.time" + ssh + ",cpu.mode=user}", 0.2},
      {"container.cpu.time" + ssh + ",cpu.mode=system}", 0.02},
      {"virgo.cgroup.cpu.throttled" + ssh + "}", 0.002},
      {"container.memory.usage" + ssh + "}", 2000},
      {"container.memory.working_set" + ssh + "}", 1998},
      {"container.memory.rss" + ssh + "}", 21},
      {"container.paging.faults" + ssh + ",system.paging.fault.type=major}", 2},
      {"container.paging.faults" + ssh + ",system.paging.fault.type=minor}", 198},
      {"container.disk.io" + ssh + ",disk.io.direction=read}", 4},
      {"container.disk.io" + ssh + ",disk.io.direction=write}", 21},
      {"virgo.cgroup.threads" + ssh + "}", 2},
      {"virgo.cgroup.memory.oom_kills" + ssh + "}", 2}};
  EXPECT_EQ(collect(*check), expected);
  write(folder("/system.slice/ssh.service/memory.max"), "5000\n");
  const auto s = collect(*check);
  EXPECT_EQ(s.size(), expected.size() + 2);
  EXPECT_EQ(s.at("container.memory.available" + ssh + "}"), 5000 - 1998);
  EXPECT_EQ(s.at("virgo.cgroup.memory.limit" + ssh + "}"), 5000);
}

TEST_F(CgroupPlugin, CadvisorsNames) {
  add("/system.slice/ssh.service", 2);
  auto check = on_tree(", naming: prometheus");
  const std::string id = "{id=/system.slice/ssh.service";
  const std::map<std::string, double> expected = {
      {"container_cpu_usage_seconds_total" + id + ",cpu=total}", 2},
      {"container_cpu_user_seconds_total" + id + "}", 0.2},
      {"container_cpu_system_seconds_total" + id + "}", 0.02},
      {"container_cpu_cfs_throttled_seconds_total" + id + "}", 0.002},
      {"container_memory_usage_bytes" + id + "}", 2000},
      {"container_memory_working_set_bytes" + id + "}", 1998},
      {"container_memory_rss" + id + "}", 21},
      {"container_memory_cache" + id + "}", 22},
      {"container_memory_swap" + id + "}", 2},
      {"container_spec_memory_limit_bytes" + id + "}", 0},
      {"container_memory_failures_total" + id + ",failure_type=pgfault,scope=container}", 200},
      {"container_memory_failures_total" + id + ",failure_type=pgmajfault,scope=container}", 2},
      {"container_memory_failures_total" + id + ",failure_type=pgfault,scope=hierarchy}", 200},
      {"container_memory_failures_total" + id + ",failure_type=pgmajfault,scope=hierarchy}", 2},
      {"container_fs_reads_bytes_total" + id + "}", 4},
      {"container_fs_writes_bytes_total" + id + "}", 21},
      {"container_threads" + id + "}", 2},
      {"container_oom_events_total" + id + "}", 2}};
  EXPECT_EQ(collect(*check), expected);
}

TEST_F(CgroupPlugin, WhatIsSelected) {
  const std::string pod = "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod7.slice";
  for (const std::string& path :
       {std::string("/init.scope"), std::string("/system.slice/a.service"),
        std::string("/system.slice/a.service/inner"), std::string("/system.slice/b.mount"),
        "/system.slice/docker-" + kId + ".scope", "/docker/" + kId,
        std::string("/user.slice/user-7.slice"),
        std::string("/user.slice/user-7.slice/session-1.scope"), std::string("/lxc.payload.x"), pod,
        pod + "/cri-containerd-" + kId + ".scope"})
    add(path, 1);
  const auto selected = [&](const std::string& more) {
    auto check = on_tree(more);
    std::vector<std::string> out;
    const std::string start = "container.memory.usage{virgo.cgroup.path=";
    for (const auto& [series, value] : collect(*check))
      if (series.rfind(start, 0) == 0)
        out.push_back(series.substr(start.size(), series.size() - start.size() - 1));
    return out;
  };
  using testing::UnorderedElementsAre;
  const std::string id = ",container.id=" + kId;
  EXPECT_THAT(selected(""), UnorderedElementsAre("/system.slice/a.service",
                                                 "/system.slice/docker-" + kId + ".scope" + id,
                                                 "/docker/" + kId + id, "/user.slice/user-7.slice",
                                                 "/lxc.payload.x", pod));
  EXPECT_THAT(selected(", include: [\"*\"]"),
              UnorderedElementsAre("/init.scope", "/lxc.payload.x"));
  EXPECT_THAT(selected(", include: [\"/kubepods.slice/*/*/*\"]"),
              UnorderedElementsAre(pod + "/cri-containerd-" + kId + ".scope" + id));
  EXPECT_THAT(selected(", include: [system.slice/a.service/inner]"),
              UnorderedElementsAre("/system.slice/a.service/inner"));
  EXPECT_THAT(selected(", exclude: [\"system.slice\", \"docker/*\", \"kubepods.slice/*\"]"),
              UnorderedElementsAre("/user.slice/user-7.slice", "/lxc.payload.x"));
}

TEST_F(CgroupPlugin, FilesOfControllersThatAreOff) {
  std::filesystem::create_directories(root + folder("/system.slice/ssh.service"));
  write(folder("/cgroup.controllers"), "hugetlb\n");
  write(folder("/system.slice/ssh.service/cpu.stat"),
        "usage_usec 18446744073709551615\nuser_usec 99999999999999999999999\nsystem_usec 4");
  write(folder("/system.slice/ssh.service/io.stat"), "");
  auto check = on_tree();
  const auto s = collect(*check);
  ASSERT_EQ(s.size(), 3u) << "a cut line is no number; an empty io.stat is no input and output";
  EXPECT_GT(s.at("container.cpu.time" + ssh + ",cpu.mode=user}"), 1e13);
  EXPECT_EQ(s.at("container.disk.io" + ssh + ",disk.io.direction=read}"), 0);
  EXPECT_THAT(explanation, HasSubstr("what they count is left out"));
}

TEST_F(CgroupPlugin, DamagedFilesAreLeftOut) {
  add("/system.slice/ssh.service", 1);
  for (const char* file :
       {"cpu.stat", "memory.stat", "memory.events", "memory.current", "memory.max", "pids.current"})
    write(folder(std::string("/system.slice/ssh.service/") + file), "x -1 \n: 7\n\n\xff\xff 1 2\n");
  write(folder("/system.slice/ssh.service/io.stat"), "8:0 rbytes=x =7 wbytes\n8:1 rbytes=3\n");
  auto check = on_tree();
  const auto s = collect(*check);
  ASSERT_EQ(s.size(), 2u);
  EXPECT_EQ(s.at("container.disk.io" + ssh + ",disk.io.direction=read}"), 3);
}

TEST_F(CgroupPlugin, EveryCutOfAFile) {
  add("/system.slice/ssh.service", 3);
  const std::string whole = "usage_usec 100\nuser_usec 7000000\nsystem_usec 30\n";
  auto check = on_tree();
  for (std::size_t n = 0; n <= whole.size(); ++n) {
    write(folder("/system.slice/ssh.service/cpu.stat"), whole.substr(0, n));
    const auto s = collect(*check);
    const auto user = s.find("container.cpu.time" + ssh + ",cpu.mode=user}");
    EXPECT_EQ(user != s.end(), n >= 33) << n;
    EXPECT_TRUE(user == s.end() || user->second == 7) << n;
  }
}

TEST_F(CgroupPlugin, TheRestIsAddedUpAndItsCountersStay) {
  for (int i = 0; i < 5; ++i) add("/docker/c" + std::to_string(i), 1);
  auto roomy = on_tree(", max_series: 84");
  auto s = collect(*roomy);
  EXPECT_EQ(s.count("container.memory.usage{otel.metric.overflow=true}"), 0u);
  auto check = on_tree(", max_series: 42");
  s = collect(*check);
  EXPECT_EQ(s.size(), 3u * 12) << "two, and the sum of three";
  const std::string memory = "container.memory.usage{otel.metric.overflow=true}";
  const std::string cpu = "container.cpu.time{otel.metric.overflow=true,cpu.mode=user}";
  EXPECT_EQ(s.at(memory), 3000);
  EXPECT_DOUBLE_EQ(s.at(cpu), 0.3);
  // Which ones are in the sum is the file system's choice.
  std::string inside;
  for (int i = 0; i < 5; ++i) {
    const std::string path = "/docker/c" + std::to_string(i);
    if (s.count("container.memory.usage{virgo.cgroup.path=" + path + "}") == 0) inside = path;
  }
  std::filesystem::remove_all(root + folder(inside));
  s = collect(*check);
  EXPECT_EQ(s.at(memory), 2000);
  EXPECT_DOUBLE_EQ(s.at(cpu), 0.3) << "what it used is not taken back";
  // Newcomers may take the place of one that had series of its own: the sum grows by what
  // they have used, each 0, and not by what that one has used so far.
  for (int i = 5; i < 25; ++i) add("/docker/c" + std::to_string(i), 0);
  EXPECT_DOUBLE_EQ(collect(*check).at(cpu), 0.3);
}

TEST_F(CgroupPlugin, AThousandServices) {
  for (int i = 0; i < 1000; ++i) {
    const std::string at = folder("/system.slice/s" + std::to_string(i) + ".service");
    std::filesystem::create_directories(root + at);
    write(at + "/memory.current", "1\n");
  }
  auto check = on_tree();
  const auto s = collect(*check);
  EXPECT_EQ(s.size(), 200u) << "2800 / 14, the sum among them";
  EXPECT_EQ(s.at("container.memory.usage{otel.metric.overflow=true}"), 801);
}

TEST_F(CgroupPlugin, WhereItIsMounted) {
  add("/system.slice/ssh.service", 1);
  std::filesystem::create_directories(root + "/mnt/c g");
  std::filesystem::rename(root + "/sys/fs/cgroup", root + "/mnt/c g/unified");
  mounts(
      "cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\ncgroup2 /mnt/c\\040g/unified cgroup2 rw 0 0\n");
  auto check = on_tree();
  EXPECT_EQ(collect(*check).count("container.memory.usage" + ssh + "}"), 1u);
}

TEST_F(CgroupPlugin, HostsWithoutVersion2) {
  auto check = on_tree();
  mounts("cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\n");
  collect(*check, Status::unsupported);
  EXPECT_THAT(explanation, HasSubstr("mounted as version 1 only"));
  mounts("");
  collect(*check, Status::unsupported);
  EXPECT_THAT(explanation, HasSubstr("no cgroup file system is mounted"));
  mounts("cgroup2 /sys/fs/cgroup cgroup2 rw 0 0");
  collect(*check, Status::unsupported);
  mounts("cgroup2 /gone cgroup2 rw 0 0\n");
  collect(*check, Status::failed);
  EXPECT_EQ(explanation, root + "/gone: No such file or directory");
  std::filesystem::remove(root + "/proc/1/mounts");
  auto blind = on_tree();
  collect(*blind, Status::failed);
  EXPECT_EQ(explanation, root + "/proc/1/mounts: No such file or directory");
}

TEST_F(CgroupPlugin, NothingToReport) {
  add("", 1);
  auto check = on_tree();
  EXPECT_EQ(collect(*check).size(), 0u);
  EXPECT_EQ(explanation, "no cgroup is one to report");
}

TEST_F(CgroupPlugin, ThisHost) {
  auto check = make("virgo.cgroup", "{include: [\"*\", \"*/*\"]}");
  TestRun run = new_run();
  check->start(run);
  run_until_finished(run);
  EXPECT_TRUE(run.status == Status::ok || run.status == Status::unsupported) << run.explanation;
}

}  // namespace
}  // namespace virgo::native
