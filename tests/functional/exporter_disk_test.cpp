// virgo.disk beside node_exporter.
#include <gtest/gtest.h>

#include <filesystem>

#include "functional/exporter.hpp"

namespace virgo::functional {
namespace {

TEST(BesideNodeExporter, Disk) {
  Exporter exporter;
  expect_equal(exporter, {.plugin = "disk",
                          .type = "virgo.disk",
                          .params = {},
                          .covers = {"node_disk_.*"},
                          .drift = {{"node_disk_io_now", 64}},
                          .at_least = 1});
}

// The same with what udev knows, of every device there may be: a container has no udev.
TEST(BesideNodeExporter, DiskWithUdev) {
  const TempDir root;
  std::filesystem::create_directory_symlink("/proc", root.file("proc"));
  std::filesystem::create_directory_symlink("/sys", root.file("sys"));
  const std::string udev = root.file("run/udev/data");
  std::filesystem::create_directories(udev);
  for (const auto& disk : std::filesystem::directory_iterator("/sys/block")) {
    std::string number = read_file(disk.path() / "dev");
    number = number.substr(0, number.find('\n'));
    write_file(udev + "/b" + number,
               "S:disk/by-id/x\nI:123\nE:ID_SERIAL_SHORT=S" + number +
                   "\nE:ID_PATH=pci-0000:00:04.0\nE:ID_MODEL=A B\nE:ID_WWN=0x5000\n"
                   "E:ID_REVISION=2B6Q\nE:ID_FS_TYPE=ext4\nE:ID_FS_USAGE=filesystem\n"
                   "E:ID_FS_UUID=abc\nE:ID_FS_VERSION=1.0\nE:DM_NAME=vg-lv\nE:DM_UUID=LVM-x\n"
                   "E:DM_VG_NAME=vg\nE:DM_LV_NAME=a=b\nE:ID_ATA=1\nE:ID_ATA_WRITE_CACHE=1\n"
                   "E:ID_ATA_WRITE_CACHE_ENABLED=0\nE:ID_ATA_ROTATION_RATE_RPM=7200\nG:systemd\n");
  }
  Exporter exporter({"--path.udev.data=" + udev});
  expect_equal(exporter, {.plugin = "disk",
                          .type = "virgo.disk",
                          .params = {"root=" + root.path()},
                          .covers = {"node_disk_.*"},
                          .drift = {{"node_disk_io_now", 64}},
                          .at_least = 1});
}

}  // namespace
}  // namespace virgo::functional
