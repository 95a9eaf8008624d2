// Mount tables are recorded; the space behind the mount points is that of the
// machine the test runs on.
#include <sys/statvfs.h>

#include <set>

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
  // The mount points reported, and everything else about them.
  std::set<std::string> points(check::Check& check, Status expected = Status::ok) {
    std::set<std::string> out;
    samples = collect(check, expected);
    for (const auto& [key, value] : samples) {
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
  EXPECT_THAT(points(*check), ElementsAre("/", "/data"));
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
}

TEST_F(FilesystemPlugin, TheRootIsReportedWhateverItIs) {
  mounts({"1 0 0:99 / / rw - overlay overlay rw,lowerdir=/x", kProc, kTmp}, {"/tmp"});
  auto check = on_tree();
  EXPECT_THAT(points(*check), ElementsAre("/"));
}

TEST_F(FilesystemPlugin, OnlyTheTypesAskedFor) {
  mounts({kRoot, kProc, kTmp, kData, kNfs}, {"/data", "/tmp", "/net"});
  EXPECT_THAT(points(*on_tree(", include_types: [tmpfs, nfs4]")), ElementsAre("/net", "/tmp"));
  EXPECT_THAT(points(*on_tree(", exclude_types: [ext4]")), ElementsAre("/data"));
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

TEST_F(FilesystemPlugin, ThisHost) {
  EXPECT_THAT(points(*on_host()), testing::Contains("/"));
}

}  // namespace
}  // namespace virgo::native
