// Mount tables are recorded; the space behind the mount points is that of the
// machine the test runs on.
#include <sys/statvfs.h>

#include <set>

#include "unit/plugins/dead_mount.hpp"
#include "unit/plugins/proc_tree.hpp"

namespace virgo::native {
namespace {

using metric::Status;
using testing::ElementsAre;
using testing::HasSubstr;

class FilesystemPlugin : public ShippedPlugin {
 protected:
  FilesystemPlugin() : ShippedPlugin("filesystem") {}
  // Writes the mount table, and makes the folders that are mounted on.
  void mounts(std::initializer_list<const char*> lines,
              std::initializer_list<const char*> folders) {
    std::string text;
    for (const char* line : lines) text += std::string(line) + "\n";
    write("/proc/self/mountinfo", text);
    for (const char* f : folders) std::filesystem::create_directories(root + f);
  }
  // The mount points whose space is reported, and everything else about them.
  std::set<std::string> points(check::Check& check, Status expected = Status::ok) {
    std::set<std::string> out;
    samples = collect(check, expected);
    for (const auto& [key, value] : samples) {
      if (key.rfind("system.filesystem.limit{", 0) != 0) continue;
      const auto at = key.find("system.filesystem.mountpoint=") + 29;
      out.insert(key.substr(at, key.find(',', at) - at));
    }
    return out;
  }
  std::map<std::string, double> samples;
};

constexpr const char* kRoot = "1 0 8:1 / / rw,relatime - ext4 /dev/sda1 rw";
constexpr const char* kProc = "2 1 0:21 / /proc rw - proc proc rw";
constexpr const char* kTmp = "3 1 0:22 / /tmp rw - tmpfs tmpfs rw,size=1g";
constexpr const char* kData = "4 1 8:2 / /data ro,noatime shared:1 master:2 - xfs /dev/sdb1 rw";
constexpr const char* kNfs = "5 1 0:50 / /net rw - nfs4 server:/export rw";

TEST_F(FilesystemPlugin, DisksByStateWithTheirLabels) {
  mounts({kRoot, kProc, kTmp, kData, kNfs}, {"/data", "/tmp", "/net"});
  auto check = on_tree();
  EXPECT_THAT(points(*check), ElementsAre("/", "/data", "/net"));
  struct statvfs fs {};
  ASSERT_EQ(statvfs(root.c_str(), &fs), 0);
  const std::string data =
      "{system.device=/dev/sdb1,system.filesystem.mountpoint=/data,system.filesystem.type=xfs,"
      "system.filesystem.mode=ro";
  const double limit = samples.at("system.filesystem.limit" + data + "}");
  EXPECT_EQ(limit, static_cast<double>(fs.f_blocks * fs.f_frsize));
  double sum = 0;
  for (const char* state : {"used", "free", "reserved"})
    sum += samples.at("system.filesystem.usage" + data + ",system.filesystem.state=" + state + "}");
  EXPECT_DOUBLE_EQ(sum, limit);
  EXPECT_EQ(
      samples.count("system.filesystem.inodes.usage" + data + ",system.filesystem.state=used}"),
      fs.f_files > 0 ? 1u : 0u);
  EXPECT_EQ(samples.count(
                "system.filesystem.limit{system.device=/dev/sda1,system.filesystem.mountpoint=/,"
                "system.filesystem.type=ext4,system.filesystem.mode=rw}"),
            1u);
  EXPECT_EQ(samples.at("virgo.filesystem.readonly" + data + "}"), 1);
  EXPECT_EQ(samples.at("virgo.filesystem.stuck" + data + "}"), 0);
}

TEST_F(FilesystemPlugin, TheRootIsReportedWhateverItIs) {
  mounts({"1 0 0:99 / / rw - overlay overlay rw,lowerdir=/x", kProc, kTmp}, {"/tmp"});
  auto check = on_tree();
  EXPECT_THAT(points(*check), ElementsAre("/"));
}

TEST_F(FilesystemPlugin, OnlyTheTypesAskedFor) {
  mounts({kRoot, kProc, kTmp, kData, kNfs}, {"/data", "/tmp", "/net"});
  EXPECT_THAT(points(*on_tree(", include_types: [tmpfs, nfs4]")), ElementsAre("/net", "/tmp"));
  EXPECT_THAT(points(*on_tree(", exclude_types: [ext4]")), ElementsAre("/data", "/net"));
  EXPECT_THAT(points(*on_tree(", include_types: [xfs, ext4], exclude_types: [ext4]")),
              ElementsAre("/data"));
}

TEST_F(FilesystemPlugin, OnlyTheMountPointsAskedFor) {
  mounts({kRoot, kProc, kTmp, kData}, {"/data", "/tmp"});
  EXPECT_THAT(points(*on_tree(", include_mountpoints: [/tmp, /data]")),
              ElementsAre("/data", "/tmp"));
  EXPECT_THAT(points(*on_tree(", include_mountpoints: [/tmp, /data], include_types: [xfs]")),
              ElementsAre("/data"));
}

TEST_F(FilesystemPlugin, NothingToReportIsAFailureThatSaysSo) {
  mounts({kRoot}, {});
  points(*on_tree(", include_mountpoints: [/nowhere]"), Status::failed);
  EXPECT_THAT(explanation,
              HasSubstr("no mount in " + root + "/proc/self/mountinfo is one to report"));
}

TEST_F(FilesystemPlugin, BindMountsAndSingleFilesAreNotReportedAgain) {
  mounts({kRoot, "6 1 8:2 /etc/hosts /hosts rw - ext4 /dev/sdb1 rw", kData,
          "7 1 8:2 /sub /bind rw - xfs /dev/sdb1 rw", "8 1 8:1 / /again rw - ext4 /dev/sda1 rw"},
         {"/data", "/bind", "/again"});
  write("/hosts", "127.0.0.1 localhost\n");
  EXPECT_THAT(points(*on_tree()), ElementsAre("/", "/data"));
}

TEST_F(FilesystemPlugin, WhatIsMountedOverIsNotReported) {
  mounts({kRoot, kData, "9 1 8:3 / /data rw - btrfs /dev/sdc1 rw"}, {"/data"});
  EXPECT_THAT(points(*on_tree()), ElementsAre("/", "/data"));
  for (const auto& [key, value] : samples) EXPECT_THAT(key, testing::Not(HasSubstr("sdb1")));
}

TEST_F(FilesystemPlugin, NamesWithBlanksAndOtherOddities) {
  mounts({kRoot, R"(4 1 8:2 / /my\040disk\011\134x rw - ext4 /dev/disk/by-label/a\040b rw)"},
         {"/my disk\t\\x"});
  EXPECT_THAT(points(*on_tree()), ElementsAre("/", "/my disk\t\\x"));
  bool found = false;
  for (const auto& [key, value] : samples)
    found = found || key.find("system.device=/dev/disk/by-label/a b,") != std::string::npos;
  EXPECT_TRUE(found);
}

TEST_F(FilesystemPlugin, WhatCannotBeReadIsSaidAndTheRestReported) {
  mounts({kRoot, kData}, {});  // /data is missing
  EXPECT_THAT(points(*on_tree()), ElementsAre("/"));
  EXPECT_THAT(explanation,
              HasSubstr("1 file system could not be read, the first one at /data: No such file"));
}

TEST_F(FilesystemPlugin, DamagedTablesFailWithASentence) {
  auto check = on_tree();
  points(*check, Status::failed);
  EXPECT_THAT(explanation, HasSubstr("/proc/self/mountinfo: No such file or directory"));
  write("/proc/self/mountinfo", "");
  points(*check, Status::failed);
  EXPECT_THAT(explanation, HasSubstr("is empty"));
  write("/proc/self/mountinfo", "garbage\n1 2 3\n - - - \n1 0 8:1 / / rw - ext4\n");
  points(*check, Status::failed);
  EXPECT_THAT(explanation, HasSubstr("is one to report"));
}

TEST_F(FilesystemPlugin, EveryCutOfTheTableIsAnswered) {
  const std::string whole = std::string(kRoot) + "\n" + kData + "\n" +
                            R"(4 1 8:3 / /a\040 rw - ext4 /dev/x\04 rw)" + "\n";
  std::filesystem::create_directories(root + "/data");
  auto check = on_tree();
  for (std::size_t n = 1; n <= whole.size(); ++n) {
    write("/proc/self/mountinfo", whole.substr(0, n));
    TestRun run = new_run();
    check->start(run);
    run_until_finished(run);
    EXPECT_EQ(run.status, run.samples().size() > 0 ? Status::ok : Status::failed);
  }
}

TEST_F(FilesystemPlugin, MoreMountsThanItLooksAt) {
  std::string text = std::string(kRoot) + "\n";
  for (int i = 0; i < 5000; ++i)
    text += std::to_string(i) + " 1 0:" + std::to_string(100 + i) + " / /proc/x" +
            std::to_string(i) + " rw - proc proc rw\n";
  write("/proc/self/mountinfo", text);
  EXPECT_THAT(points(*on_tree()), ElementsAre("/"));
}

TEST_F(FilesystemPlugin, WhatIsNoStorageIsNotReported) {
  mounts({kRoot, "5 1 0:50 / /a rw - fuse.lxcfs lxcfs rw", "6 1 0:51 / /b rw - fuse.sshfs x: rw",
          "7 1 0:52 / /c rw - squashfs /dev/loop1 ro", "8 1 0:53 / /d rw - fusectl none rw"},
         {"/a", "/b", "/c", "/d"});
  EXPECT_THAT(points(*on_tree()), ElementsAre("/", "/b"));
}

TEST_F(FilesystemPlugin, BelowARootOfAnotherHostTheTableOfItsFirstProcess) {
  mounts({kRoot, kData}, {"/data"});
  std::filesystem::create_directories(root + "/proc/1");
  write("/proc/1/mountinfo", std::string(kRoot) + "\n");
  EXPECT_THAT(points(*on_tree()), ElementsAre("/"));
}

TEST_F(FilesystemPlugin, WithNodeExportersNames) {
  mounts({kRoot, kProc, kTmp, kData, kNfs, "6 1 8:2 / /again rw - xfs /dev/sdb1 rw",
          "7 1 0:60 / /dev/shm rw - tmpfs tmpfs rw", "8 1 0:61 / /gone rw - ext4 /dev/sdz rw",
          "9 1 0:62 / /var/lib/docker/x rw - ext4 /dev/sdy rw"},
         {"/data", "/tmp", "/net", "/again", "/dev/shm", "/var/lib/docker/x"});
  const auto s = collect(*on_tree(", naming: prometheus"));
  struct statvfs fs {};
  ASSERT_EQ(statvfs(root.c_str(), &fs), 0);
  const std::string data = "{device=/dev/sdb1,mountpoint=/data,fstype=xfs}";
  EXPECT_EQ(s.at("node_filesystem_size_bytes" + data),
            static_cast<double>(fs.f_blocks * fs.f_frsize));
  EXPECT_EQ(s.at("node_filesystem_files" + data), static_cast<double>(fs.f_files));
  EXPECT_EQ(s.count("node_filesystem_free_bytes" + data), 1u);
  EXPECT_EQ(s.count("node_filesystem_avail_bytes" + data), 1u);
  EXPECT_EQ(s.count("node_filesystem_files_free" + data), 1u);
  EXPECT_EQ(s.at("node_filesystem_readonly" + data), 1);
  EXPECT_EQ(s.at("node_filesystem_device_error" + data), 0);
  const std::string again = "{device=/dev/sdb1,mountpoint=/again,fstype=xfs}";
  EXPECT_EQ(s.at("node_filesystem_readonly" + again), 0) << "each mount, with options of its own";
  EXPECT_EQ(s.at("node_filesystem_device_error{device=/dev/sdz,mountpoint=/gone,fstype=ext4}"), 1);
  // Five mounts that answer, tmpfs among them, and one that does not.
  EXPECT_EQ(s.size(), 5u * 7 + 1);
}

TEST_F(FilesystemPlugin, BeyondTheCapTheRestIsAddedUp) {
  std::string text = std::string(kRoot) + "\n";
  for (int i = 0; i < 9; ++i) {
    const std::string n = std::to_string(i);
    text += "4 1 9:" + n + " / /data" + n + " rw - xfs /dev/sdb" + n + " rw\n";
    std::filesystem::create_directories(root + "/data" + n);
  }
  write("/proc/self/mountinfo", text);
  const LogLines log;
  auto check = on_tree(", max_series: 32");
  EXPECT_EQ(points(*check).size(), 4u) << "three, and the sum";
  EXPECT_EQ(points(*check).size(), 4u);
  ASSERT_EQ(log.all().size(), 1u) << "said once";
  EXPECT_THAT(log.all()[0], HasSubstr("max_series is 32: of 10 file systems the first 3"));
  struct statvfs fs {};
  ASSERT_EQ(statvfs(root.c_str(), &fs), 0);
  const double size = static_cast<double>(fs.f_blocks * fs.f_frsize);
  EXPECT_EQ(samples.at("system.filesystem.limit{otel.metric.overflow=true}"), 7 * size);
  double sum = 0;
  for (const char* state : {"used", "free", "reserved"})
    sum += samples.at("system.filesystem.usage{otel.metric.overflow=true,system.filesystem.state=" +
                      std::string(state) + "}");
  EXPECT_DOUBLE_EQ(sum, 7 * size);
  EXPECT_EQ(samples.at("virgo.filesystem.stuck{otel.metric.overflow=true}"), 0);
  EXPECT_EQ(points(*on_tree(", max_series: 80")).size(), 10u) << "nine, and the sum of one";
  EXPECT_EQ(samples.count("system.filesystem.limit{otel.metric.overflow=true}"), 1u);
  EXPECT_EQ(points(*on_tree(", max_series: 88")).size(), 10u);
  EXPECT_EQ(samples.count("system.filesystem.limit{otel.metric.overflow=true}"), 0u);

  const auto s = collect(*on_tree(", max_series: 32, naming: prometheus"));
  EXPECT_EQ(s.at("node_filesystem_size_bytes{otel.metric.overflow=true}"), 7 * size);
  EXPECT_EQ(s.at("node_filesystem_device_error{otel.metric.overflow=true}"), 0);
}

TEST_F(FilesystemPlugin, AThousandFileSystems) {
  std::string text = std::string(kRoot) + "\n";
  for (int i = 0; i < 1000; ++i) {
    const std::string n = std::to_string(i);
    text += "4 1 9:" + n + " / /data rw - xfs /dev/sdb" + n + " rw\n";
    text += "4 1 10:" + n + " / /disk" + n + " rw - xfs /dev/sdc" + n + " rw\n";
    std::filesystem::create_directories(root + "/disk" + n);
  }
  std::filesystem::create_directories(root + "/data");
  write("/proc/self/mountinfo", text);
  EXPECT_EQ(points(*on_tree()).size(), 250u);
}

TEST_F(FilesystemPlugin, BadParametersAreRefused) {
  for (const char* yaml : {"{stuck_after: 0s}", "{max_series: 15}", "{naming: telegraf}"}) {
    config::CheckSpec s = spec("virgo.filesystem");
    s.params = config::parse("v: " + std::string(yaml), "t.yaml", config::process_sources())
                   .root.items.at(0);
    config::Problems problems;
    EXPECT_EQ(registry.create(s, problems), nullptr) << yaml;
    EXPECT_EQ(problems.size(), 1u) << yaml;
  }
}

TEST_F(FilesystemPlugin, ThisHost) {
  EXPECT_THAT(points(*on_host()), testing::Contains("/"));
  EXPECT_GE(collect(*make("virgo.filesystem", "{naming: prometheus}")).size(), 7u);
}

TEST_F(FilesystemPlugin, TheIdleThreadEndsWithTheLastInstance) {
  mounts({kRoot}, {});
  auto one = on_tree();
  auto two = on_tree();
  collect(*one);
  collect(*two);
  const std::size_t with = threads();
  one.reset();
  EXPECT_EQ(threads(), with);
  collect(*two);
  two.reset();
  // Joined; the system may show it for a moment longer.
  spin_until([with] { return threads() < with; });
}

// ---- agent.filesystem ----

class AgentFilesystemPlugin : public FilesystemPlugin {
 protected:
  void SetUp() override {
    mounts({kRoot, kData}, {"/data"});
    write("/proc/mounts",
          "rootfs / rootfs rw 0 0\n/dev/sda1 / ext4 rw,relatime,errors=remount-ro 0 0\n"
          "/dev/sdb1 /data xfs ro,noatime 0 0\nserver:/export /net nfs4 rw,vers=4.2 0 0\n"
          "proc /proc proc rw 0 0\n/dev/sdc1 /my\\040disk vfat rw,sync 0 0\n");
  }
  std::unique_ptr<check::Check> on(const std::string& target) {
    return make("agent.filesystem", "{root: " + root + ", target: " + target + "}");
  }
  std::map<std::string, std::string> texts(check::Check& check) {
    TestRun run = new_run();
    check.start(run);
    run_until_finished(run);
    EXPECT_EQ(run.status, Status::ok) << run.explanation;
    std::map<std::string, std::string> out;
    const auto& s = run.samples();
    for (std::size_t i = 0; i < s.size(); ++i)
      if (s.value(i).type == metric::Type::text)
        out[s.metric(i).name] = std::string(s.value(i).text);
    return out;
  }
};

TEST_F(AgentFilesystemPlugin, OneFileSystemInKilobytes) {
  auto check = on("/data");
  auto s = collect(*check);
  struct statvfs fs {};
  ASSERT_EQ(statvfs(root.c_str(), &fs), 0);
  EXPECT_EQ(s.size(), 7u);
  EXPECT_EQ(s.at("total"), static_cast<double>((fs.f_blocks * fs.f_frsize) >> 10u));
  EXPECT_NEAR(s.at("used") + s.at("free"), s.at("total"), 1);
  EXPECT_LE(s.at("avail"), s.at("free"));
  EXPECT_EQ(s.at("files"), static_cast<double>(fs.f_files));
  EXPECT_LE(s.at("free_files"), s.at("files"));
  EXPECT_EQ(texts(*check).at("options"), "ro,noatime");
  EXPECT_EQ(texts(*on("/")).at("options"), "rw,relatime,errors=remount-ro");
  std::filesystem::remove(root + "/proc/mounts");
  EXPECT_EQ(collect(*on("/data")).size(), 6u);
}

TEST_F(AgentFilesystemPlugin, Failures) {
  collect(*make("agent.filesystem", "{root: " + root + "}"), Status::failed);
  EXPECT_EQ(explanation, "Missing target parameter");
  collect(*on("/nowhere"), Status::failed);
  EXPECT_EQ(explanation, "No filesystem mounted at /nowhere, available: /, /data");
  std::filesystem::remove(root + "/data");
  collect(*on("/data"), Status::failed);
  EXPECT_EQ(explanation, "/data: No such file or directory");
  std::string text = std::string(kRoot) + "\n";
  for (int i = 0; i < 1000; ++i)
    text += "4 1 9:1 / /data" + std::to_string(i) + " rw - xfs /dev/sdb rw\n";
  write("/proc/self/mountinfo", text);
  collect(*on("/nowhere"), Status::failed);
  EXPECT_THAT(explanation, testing::EndsWith("/data129"));
  write("/proc/self/mountinfo", "");
  collect(*on("/data"), Status::failed);
  EXPECT_THAT(explanation, HasSubstr("is empty"));
}

TEST_F(AgentFilesystemPlugin, StateOfAll) {
  auto check = make("agent.filesystem_state", "{root: " + root + "}");
  const auto s = collect(*check);
  EXPECT_EQ(s.at("total_ro"), 1);
  EXPECT_EQ(s.at("total_rw"), 3);
  EXPECT_EQ(texts(*check).at("devices_ro"), "/dev/sdb1");
  EXPECT_EQ(texts(*check).at("devices_rw"), "/dev/sda1,server:/export,/dev/sdc1");
  std::string many;
  for (int i = 0; i < 500; ++i) many += "/dev/disk" + std::to_string(i) + " /a ext4 rw 0 0\n";
  write("/proc/mounts", many);
  EXPECT_EQ(collect(*check).at("total_rw"), 500);
  EXPECT_THAT(texts(*check).at("devices_rw"), testing::EndsWith(",/dev/disk85"));
  write("/proc/mounts", "");
  collect(*check, Status::failed);
  EXPECT_EQ(explanation, root + "/proc/mounts is empty");
}

}  // namespace
}  // namespace virgo::native
