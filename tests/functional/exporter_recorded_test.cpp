// Checks of what not every host has, beside node_exporter that reads the same recorded
// /proc: virgo.nfs and virgo.conntrack.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "functional/exporter.hpp"

namespace virgo::functional {
namespace {

class BesideNodeExporterOnATree : public testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) {
    const std::filesystem::path file = tree.file("root") + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
  }
  std::vector<std::string> collector(const std::string& name) {
    return {"--collector.disable-defaults", "--collector." + name,
            "--path.procfs=" + tree.file("root") + "/proc"};
  }
  // "first" to "last", so that no two of them are the same.
  static std::string numbers(int first, int count) {
    std::string out;
    for (int i = 0; i < count; ++i) out += " " + std::to_string(i % 4 == 3 ? 0 : first + i);
    return out;
  }

  TempDir tree;
};

TEST_F(BesideNodeExporterOnATree, Nfs) {
  write("/proc/net/rpc/nfs", "net 137 60 77 12\nrpc 2026112301 4711 2026112999\nproc2 18" +
                                 numbers(200, 18) + "\nproc3 22" + numbers(300, 22) + "\nproc4 69" +
                                 numbers(400, 69) + "\n");
  Exporter exporter(collector("nfs"));
  expect_equal(exporter, {.plugin = "nfs",
                          .type = "virgo.nfs",
                          .params = {"root=" + tree.file("root")},
                          .covers = {"node_nfs_.*"},
                          .at_least = 100});
}

// A kernel without NFS 2, and with fewer operations than known.
TEST_F(BesideNodeExporterOnATree, NfsOfAnotherKernel) {
  write("/proc/net/rpc/nfs", "net 0 0 0 0\nrpc 88123 0 88200\nproc3 22" + numbers(300, 22) +
                                 "\nproc4 54" + numbers(400, 54) + "\n");
  Exporter exporter(collector("nfs"));
  expect_equal(exporter, {.plugin = "nfs",
                          .type = "virgo.nfs",
                          .params = {"root=" + tree.file("root")},
                          .covers = {"node_nfs_.*"},
                          .at_least = 100});
}

TEST_F(BesideNodeExporterOnATree, Conntrack) {
  write("/proc/sys/net/netfilter/nf_conntrack_count", "123\n");
  write("/proc/sys/net/netfilter/nf_conntrack_max", "65536\n");
  write("/proc/net/stat/nf_conntrack",
        "entries  clashres found new invalid ignore delete chainlength insert insert_failed drop "
        "early_drop icmp_error  expect_new expect_create expect_delete search_restart\n"
        "0000000a  0000000b 0000000c 0000000d 0000000e 0000000f 00000010 00000011 00000012 "
        "00000013 00000014 00000015 00000016  00000017 00000018 00000019 0000001a\n"
        "0000000a  00000001 00000002 00000003 00000004 00000005 00000006 00000007 00000008 "
        "00000009 0000000a 0000000b 0000000c  0000000d 0000000e 0000000f ffffffff\n");
  Exporter exporter(collector("conntrack"));
  expect_equal(exporter, {.plugin = "conntrack",
                          .type = "virgo.conntrack",
                          .params = {"root=" + tree.file("root")},
                          .covers = {"node_nf_conntrack_.*"},
                          .at_least = 10});
}

TEST(BesideNodeExporter, Conntrack) {
  if (!std::filesystem::exists("/proc/sys/net/netfilter/nf_conntrack_count"))
    GTEST_SKIP() << "this kernel does not track connections";
  Exporter exporter;
  expect_equal(exporter, {.plugin = "conntrack",
                          .type = "virgo.conntrack",
                          .params = {},
                          .covers = {"node_nf_conntrack_.*"},
                          .drift = {{"node_nf_conntrack_entries", 16}},
                          .at_least = 2});
}

}  // namespace
}  // namespace virgo::functional
