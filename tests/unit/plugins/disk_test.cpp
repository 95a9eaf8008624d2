#include <algorithm>

#include "unit/plugins/proc_tree.hpp"

namespace virgo::native {
namespace {

using metric::Status;
using testing::ElementsAre;
using testing::HasSubstr;

class DiskPlugin : public ShippedPlugin {
 protected:
  DiskPlugin() : ShippedPlugin("disk") {}
  // Makes a whole disk of sysfs, with partitions.
  void sysfs(const std::string& disk, const std::string& sectors,
             std::initializer_list<const char*> partitions = {}) {
    std::filesystem::create_directories(root + "/sys/block/" + disk);
    std::filesystem::create_directories(root + "/sys/class/block/" + disk);
    write("/sys/class/block/" + disk + "/size", sectors);
    for (const char* p : partitions)
      std::filesystem::create_directories(root + "/sys/class/block/" + p);
  }
  // The devices that have series of their own.
  std::vector<std::string> devices(check::Check& check) {
    samples = collect(check);
    std::vector<std::string> out;
    for (const auto& [key, value] : samples)
      for (const std::string start :
           {"system.disk.io_time{system.device=", "node_disk_io_now{device="})
        if (key.rfind(start, 0) == 0)
          out.push_back(key.substr(start.size(), key.size() - start.size() - 1));
    std::sort(out.begin(), out.end());
    return out;
  }
  std::map<std::string, double> samples;
};

constexpr const char* kSda =
    "   8       0 sda 1001 1002 1003 1004 1005 1006 1007 1008 9 1010 1011 1012 1013 1014 1015 1016 "
    "1017\n";
constexpr const char* kSda1 = "   8       1 sda1 1 2 3 4 5 6 7 8 0 10 11 12 13 14 15 16 17\n";
// Linux 4.17 and older.
constexpr const char* kOldSda =
    "   8       0 sda 1001 1002 1003 1004 1005 1006 1007 1008 9 1010 1011\n";
constexpr const char* kMany =
    "   1       0 ram0 0 0 0 0 0 0 0 0 0 0 0\n   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0\n"
    "  11       0 sr0 0 0 0 0 0 0 0 0 0 0 0\n   2       0 fd0 0 0 0 0 0 0 0 0 0 0 0\n"
    " 253       0 zram0 0 0 0 0 0 0 0 0 0 0 0\n"
    "   8       0 sda 1 0 0 0 0 0 0 0 0 0 0\n   8       1 sda1 1 0 0 0 0 0 0 0 0 0 0\n"
    " 259       0 nvme0n1 1 0 0 0 0 0 0 0 0 0 0\n 259       1 nvme0n1p1 1 0 0 0 0 0 0 0 0 0 0\n"
    " 179       0 mmcblk0 1 0 0 0 0 0 0 0 0 0 0\n 179       1 mmcblk0p1 1 0 0 0 0 0 0 0 0 0 0\n"
    " 253       1 dm-0 1 0 0 0 0 0 0 0 0 0 0\n   9       0 md0 1 0 0 0 0 0 0 0 0 0 0\n"
    "  65     160 sdaa 1 0 0 0 0 0 0 0 0 0 0\n  65     161 sdaa1 1 0 0 0 0 0 0 0 0 0 0\n";

TEST_F(DiskPlugin, OneDisk) {
  write("/proc/diskstats", std::string(kSda) + kSda1);
  sysfs("sda", "2000\n", {"sda1"});
  const auto s = collect(*on_tree());
  const std::string read = "{system.device=sda,disk.io.direction=read}";
  const std::string written = "{system.device=sda,disk.io.direction=write}";
  const std::map<std::string, double> expected{
      {"system.disk.io" + read, 1003 * 512},
      {"system.disk.io" + written, 1007 * 512},
      {"system.disk.operations" + read, 1001},
      {"system.disk.operations" + written, 1005},
      {"system.disk.operation_time" + read, 1.004},
      {"system.disk.operation_time" + written, 1.008},
      {"system.disk.merged" + read, 1002},
      {"system.disk.merged" + written, 1006},
      {"system.disk.io_time{system.device=sda}", 1.010},
      {"system.disk.weighted_io_time{system.device=sda}", 1.011},
      {"system.disk.pending_operations{system.device=sda}", 9},
      {"system.disk.limit{system.device=sda}", 2000 * 512}};
  EXPECT_EQ(s, expected);
}

TEST_F(DiskPlugin, WithNodeExportersNames) {
  write("/proc/diskstats", std::string(kSda) + kSda1);
  std::filesystem::create_directories(root + "/run/udev/data");
  write("/run/udev/data/b8:0",
        "S:disk/by-id/ata-x\nE:ID_MODEL=ST4000\nE:ID_SERIAL_SHORT=Z1\nE:ID_PATH=pci-0\n"
        "E:ID_WWN=0x5\nE:ID_REVISION=2B\nE:ID_FS_TYPE=ext4\nE:ID_FS_USAGE=filesystem\n"
        "E:ID_FS_UUID=ab\nE:ID_FS_VERSION=1.0\nE:DM_NAME=vg-lv\nE:DM_UUID=LVM\nE:DM_VG_NAME=vg\n"
        "E:DM_LV_NAME=lv\nE:ID_ATA=1\nE:ID_ATA_WRITE_CACHE=1\nE:ID_ATA_WRITE_CACHE_ENABLED=x\n"
        "E:ID_ATA_ROTATION_RATE_RPM=7200\n");
  const auto s = collect(*on_tree(", naming: prometheus"));
  const std::map<std::string, double> expected{
      {"node_disk_reads_completed_total{device=sda}", 1001},
      {"node_disk_reads_merged_total{device=sda}", 1002},
      {"node_disk_read_bytes_total{device=sda}", 1003 * 512},
      {"node_disk_read_time_seconds_total{device=sda}", 1.004},
      {"node_disk_writes_completed_total{device=sda}", 1005},
      {"node_disk_writes_merged_total{device=sda}", 1006},
      {"node_disk_written_bytes_total{device=sda}", 1007 * 512},
      {"node_disk_write_time_seconds_total{device=sda}", 1.008},
      {"node_disk_io_now{device=sda}", 9},
      {"node_disk_io_time_seconds_total{device=sda}", 1.010},
      {"node_disk_io_time_weighted_seconds_total{device=sda}", 1.011},
      {"node_disk_discards_completed_total{device=sda}", 1012},
      {"node_disk_discards_merged_total{device=sda}", 1013},
      {"node_disk_discarded_sectors_total{device=sda}", 1014},
      {"node_disk_discard_time_seconds_total{device=sda}", 1.015},
      {"node_disk_flush_requests_total{device=sda}", 1016},
      {"node_disk_flush_requests_time_seconds_total{device=sda}", 1.017},
      {"node_disk_info{device=sda,major=8,minor=0,path=pci-0,wwn=0x5,model=ST4000,serial=Z1,"
       "revision=2B}",
       1},
      {"node_disk_filesystem_info{device=sda,type=ext4,usage=filesystem,uuid=ab,version=1.0}", 1},
      {"node_disk_device_mapper_info{device=sda,name=vg-lv,uuid=LVM,vg_name=vg,lv_name=lv,"
       "lv_layer=}",
       1},
      {"node_disk_ata_write_cache{device=sda}", 1},
      {"node_disk_ata_rotation_rate_rpm{device=sda}", 7200}};
  EXPECT_EQ(s, expected);
}

TEST_F(DiskPlugin, OlderKernels) {
  write("/proc/diskstats", kOldSda);
  EXPECT_EQ(collect(*on_tree()).size(), 11u) << "no sysfs: no size";
  EXPECT_EQ(collect(*on_tree(", naming: prometheus")).size(), 12u);
  write("/proc/diskstats", "   8  0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n");
  EXPECT_EQ(collect(*on_tree(", naming: prometheus")).size(), 16u) << "Linux 4.18: discards";
  write("/proc/diskstats", "   8  0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20\n");
  EXPECT_EQ(collect(*on_tree(", naming: prometheus")).size(), 18u) << "what may come is not known";
  // Linux 2.6: partitions with four numbers.
  write("/proc/diskstats", std::string(kOldSda) + "   8    1 sda1 11 12 13 14\n");
  const auto s = collect(*on_tree(", partitions: true"));
  EXPECT_EQ(s.size(), 15u);
  EXPECT_EQ(s.at("system.disk.operations{system.device=sda1,disk.io.direction=read}"), 11);
  EXPECT_EQ(s.at("system.disk.io{system.device=sda1,disk.io.direction=read}"), 12 * 512);
  EXPECT_EQ(s.at("system.disk.operations{system.device=sda1,disk.io.direction=write}"), 13);
  EXPECT_EQ(s.at("system.disk.io{system.device=sda1,disk.io.direction=write}"), 14 * 512);
}

TEST_F(DiskPlugin, WholeDisksByTheirNames) {
  write("/proc/diskstats", kMany);
  EXPECT_THAT(devices(*on_tree()),
              ElementsAre("dm-0", "md0", "mmcblk0", "nvme0n1", "sda", "sdaa", "sdaa1"))
      << "sdaa1 could be a disk, for all its name says";
  EXPECT_EQ(devices(*on_tree(", partitions: true")).size(), 10u);
  // ^(ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$ is left out, and nothing else.
  EXPECT_THAT(devices(*on_tree(", naming: prometheus")),
              ElementsAre("dm-0", "md0", "mmcblk0", "mmcblk0p1", "nvme0n1", "sda", "sdaa", "sdaa1",
                          "sr0", "zram0"));
}

TEST_F(DiskPlugin, WholeDisksBySysfs) {
  write("/proc/diskstats", std::string(kMany) +
                               " 202 1 xvda1 1 0 0 0 0 0 0 0 0 0 0\n"
                               " 104 0 cciss/c0d0 1 0 0 0 0 0 0 0 0 0 0\n"
                               " 104 1 cciss/c0d0p1 1 0 0 0 0 0 0 0 0 0 0\n");
  for (const char* disk : {"sda", "sdaa", "nvme0n1", "mmcblk0", "dm-0", "md0", "xvda1"})
    sysfs(disk, "1");
  sysfs("cciss!c0d0", "7");
  EXPECT_THAT(devices(*on_tree()), ElementsAre("cciss/c0d0", "dm-0", "md0", "mmcblk0", "nvme0n1",
                                               "sda", "sdaa", "xvda1"))
      << "xvda1 is a disk on some clouds";
  EXPECT_EQ(samples.at("system.disk.limit{system.device=cciss/c0d0}"), 7 * 512);
}

TEST_F(DiskPlugin, ChosenDisks) {
  write("/proc/diskstats", kMany);
  EXPECT_THAT(devices(*on_tree(", include: [zram*, sda, sda1]")), ElementsAre("sda", "zram0"));
  EXPECT_THAT(devices(*on_tree(", include: [sda*], partitions: true")),
              ElementsAre("sda", "sda1", "sdaa", "sdaa1"));
  EXPECT_THAT(devices(*on_tree(", exclude: ['[!m]*']")), ElementsAre("md0", "mmcblk0"));
  EXPECT_THAT(devices(*on_tree(", naming: prometheus, include: [sda*, fd0]")),
              ElementsAre("fd0", "sda", "sdaa", "sdaa1"));
  EXPECT_TRUE(devices(*on_tree(", include: [nothing]")).empty());
  EXPECT_EQ(explanation, "no disk in " + root + "/proc/diskstats is one to report");
}

TEST_F(DiskPlugin, MillisecondsOf32BitsGoOn) {
  const auto with = [this](const std::string& ms, const std::string& disk = "8 0 sda") {
    write("/proc/diskstats", disk + " 1 1 1 " + ms + " 1 1 1 " + ms + " 0 " + ms + " " + ms +
                                 " 1 1 1 " + ms + " 1 " + ms + "\n");
  };
  auto check = on_tree();
  auto node = on_tree(", naming: prometheus");
  const auto io_time = [&] { return collect(*check).at("system.disk.io_time{system.device=sda}"); };
  with("4294967290");
  EXPECT_DOUBLE_EQ(io_time(), 4294967.290);
  collect(*node);
  with("10");
  EXPECT_DOUBLE_EQ(io_time(), 4294967.306);
  const auto s = collect(*node);
  for (const char* name : {"read_time", "write_time", "io_time", "io_time_weighted", "discard_time",
                           "flush_requests_time"})
    EXPECT_DOUBLE_EQ(s.at(std::string("node_disk_") + name + "_seconds_total{device=sda}"),
                     4294967.306);
  with("20");
  EXPECT_DOUBLE_EQ(io_time(), 4294967.316);
  with("5");
  EXPECT_DOUBLE_EQ(io_time(), 0.005) << "the disk has begun anew";
  with("4294967290");
  io_time();
  with("4294967290", "8 16 sdb");
  collect(*check);
  with("10");
  EXPECT_DOUBLE_EQ(io_time(), 0.010) << "forgotten with the device";
  with("4294967290");
  io_time();
  with("10", "65 0 sda");
  EXPECT_DOUBLE_EQ(io_time(), 0.010) << "another device of this name";
}

TEST_F(DiskPlugin, HugeCounters) {
  write("/proc/diskstats",
        "8 0 sda 18446744073709551615 99999999999999999999999 18446744073709551615 "
        "9007199254740993 4294967296 1 36028797018963968 1 4294967295 1 1\n");
  const auto s = collect(*on_tree());
  EXPECT_GT(s.at("system.disk.io{system.device=sda,disk.io.direction=read}"), 1.8e19);
  EXPECT_GT(s.at("system.disk.io{system.device=sda,disk.io.direction=write}"), 1.8e19);
  EXPECT_GT(s.at("system.disk.merged{system.device=sda,disk.io.direction=read}"), 1.8e19);
  EXPECT_EQ(s.at("system.disk.operations{system.device=sda,disk.io.direction=write}"), 4294967296);
  EXPECT_EQ(s.at("system.disk.pending_operations{system.device=sda}"), 0) << "below zero, really";
}

TEST_F(DiskPlugin, AThousandDisks) {
  std::string text;
  for (int i = 0; i < 1000; ++i)
    text += "66 " + std::to_string(i) + " disk" + std::to_string(i) +
            "x 1 2 3 4000 5 6 7 8000 2 10000 11000 12 13 14 15 16 17\n";
  write("/proc/diskstats", text);
  for (int i = 0; i < 1000; ++i) sysfs("disk" + std::to_string(i) + "x", "100\n");
  const LogLines log;
  auto check = on_tree();
  EXPECT_EQ(devices(*check).size(), 165u);
  EXPECT_EQ(devices(*check).size(), 165u);
  EXPECT_EQ(samples.size(), 166u * 12);
  const std::string of = "{otel.metric.overflow=true";
  EXPECT_EQ(samples.at("system.disk.operations" + of + ",disk.io.direction=read}"), 835);
  EXPECT_EQ(samples.at("system.disk.io" + of + ",disk.io.direction=write}"), 835 * 7 * 512);
  EXPECT_EQ(samples.at("system.disk.io_time" + of + "}"), 8350);
  EXPECT_EQ(samples.at("system.disk.pending_operations" + of + "}"), 1670);
  EXPECT_EQ(samples.at("system.disk.limit" + of + "}"), 835 * 100 * 512);
  ASSERT_EQ(log.all().size(), 1u);
  EXPECT_THAT(log.all()[0], HasSubstr("max_series is 2000: of 1000 disks the first 165"));
  EXPECT_EQ(devices(*on_tree(", naming: prometheus")).size(), 85u);
  EXPECT_EQ(samples.at("node_disk_flush_requests_total{otel.metric.overflow=true}"), 915 * 16);
}

TEST_F(DiskPlugin, TheCapAtItsEdge) {
  std::string text;
  for (const char* disk : {"sda", "sdb", "sdc"})
    text += std::string("8 0 ") + disk + " 1 2 3 4 5 6 7 8 9 10 11\n";
  write("/proc/diskstats", text);
  EXPECT_THAT(devices(*on_tree(", max_series: 48")), ElementsAre("sda", "sdb", "sdc"));
  auto check = on_tree(", max_series: 47");
  devices(*check);
  EXPECT_EQ(samples.at("system.disk.pending_operations{otel.metric.overflow=true}"), 9);
  write("/proc/diskstats", kSda);
  EXPECT_THAT(devices(*check), ElementsAre("sda"));
  EXPECT_EQ(samples.count("system.disk.io_time{otel.metric.overflow=true}"), 0u);
}

TEST_F(DiskPlugin, OddAndDamagedFiles) {
  auto check = on_tree();
  collect(*check, Status::unsupported);
  EXPECT_THAT(explanation, HasSubstr("/proc/diskstats is not there: the kernel was built without"));
  for (const char* text : {"8 0 sda 1 2 3\n", "8 0 sda 1 2 3 4 5 6 7 8 9 10\n", "8 0 sda\n", "\n",
                           "8 0 sda a b c d e f g h i j k\n", "8 0 sda 1 2 3 4 5 6 7 8 9 10 11"}) {
    write("/proc/diskstats", text);
    EXPECT_EQ(collect(*check, Status::failed).size(), 0u) << text;
    EXPECT_EQ(explanation, root + "/proc/diskstats has no line that can be understood") << text;
  }
  write("/proc/diskstats", "");
  collect(*check);
  EXPECT_EQ(explanation, "no disk in " + root + "/proc/diskstats is one to report")
      << "a container may see none";
  write("/proc/diskstats", "garbage\n" + std::string(kOldSda) + "8 0 " + std::string(99, 'x') +
                               " 1 2 3 4 5 6 7 8 9 10 11\n");
  EXPECT_THAT(devices(*check), ElementsAre("sda"));
}

TEST_F(DiskPlugin, EveryCutOfTheFileIsAnswered) {
  const std::string whole = std::string(kSda) + kSda1;
  auto check = on_tree(", partitions: true");
  for (std::size_t n = 1; n < whole.size(); ++n) {
    write("/proc/diskstats", whole.substr(0, n));
    TestRun run = new_run();
    check->start(run);
    run_until_finished(run);
    EXPECT_EQ(run.status, run.samples().size() > 0 ? Status::ok : Status::failed);
    EXPECT_EQ(run.samples().size() % 11, 0u) << "no half lines";
  }
}

TEST_F(DiskPlugin, AgentDisk) {
  write("/proc/diskstats", std::string(kSda) + kSda1);
  auto check = make("agent.disk", "{root: " + root + ", target: /dev/sda}");
  auto s = collect(*check);
  EXPECT_EQ(s.size(), 10u);
  EXPECT_EQ(s.at("reads"), 1001);
  EXPECT_EQ(s.at("writes"), 1005);
  EXPECT_EQ(s.at("read_bytes"), 1003 * 512);
  EXPECT_EQ(s.at("write_bytes"), 1007 * 512);
  EXPECT_EQ(s.at("rtime"), 1004);
  EXPECT_EQ(s.at("wtime"), 1008);
  EXPECT_EQ(s.at("qtime"), 1011);
  EXPECT_EQ(s.at("time"), 1010);
  EXPECT_DOUBLE_EQ(s.at("service_time"), 1010.0 / 2006) << "since boot";
  EXPECT_GT(s.at("queue"), 0);
  write("/proc/diskstats", "8 0 sda 1011 0 0 0 1015 0 0 0 0 1050 1011\n");
  s = collect(*check);
  EXPECT_DOUBLE_EQ(s.at("service_time"), 2) << "40 ms for 20 requests";
  EXPECT_EQ(s.at("queue"), 0);
  s = collect(*check);
  EXPECT_EQ(s.at("service_time"), 0);
  write("/proc/diskstats", "8 1 sda1 11 12 13 14\n");
  s = collect(*make("agent.disk", "{root: " + root + ", target: sda1}"));
  EXPECT_EQ(s.size(), 4u);
  collect(*check, Status::failed);
  EXPECT_EQ(explanation, "No such disk: /dev/sda");
  collect(*make("agent.disk", "{root: " + root + "}"), Status::failed);
  EXPECT_EQ(explanation, "Missing target parameter");
}

TEST_F(DiskPlugin, ThisHost) {
  if (access("/proc/diskstats", R_OK) != 0) GTEST_SKIP() << "no /proc/diskstats";
  collect(*on_host());
  collect(*make("virgo.disk", "{naming: prometheus, partitions: true}"));
}

}  // namespace
}  // namespace virgo::native
