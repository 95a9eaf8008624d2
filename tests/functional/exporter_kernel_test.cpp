// virgo.uptime, virgo.kernel, virgo.file_handles and virgo.entropy beside node_exporter.
#include <gtest/gtest.h>

#include "functional/exporter.hpp"

namespace virgo::functional {
namespace {

TEST(BesideNodeExporter, Uptime) {
  Exporter exporter;
  expect_equal(exporter, {.plugin = "uptime",
                          .type = "virgo.uptime",
                          .params = {},
                          .covers = {"node_boot_time_seconds"}});
}

TEST(BesideNodeExporter, Kernel) {
  Exporter exporter({"--collector.stat.softirq"});
  // The rest of its collector `stat`, of processes and their states, is another check's.
  expect_equal(exporter,
               {.plugin = "kernel",
                .type = "virgo.kernel",
                .params = {},
                .covers = {"node_context_switches_total", "node_intr.*", "node_softirq.*"},
                .at_least = 12});
}

TEST(BesideNodeExporter, FileHandles) {
  Exporter exporter;
  // What other programs open and close in between.
  constexpr double kFiles = 256;
  expect_equal(exporter, {.plugin = "file_handles",
                          .type = "virgo.file_handles",
                          .params = {},
                          .covers = {"node_filefd_.*"},
                          .drift = {{"node_filefd_allocated", kFiles}},
                          .at_least = 2});
}

TEST(BesideNodeExporter, Entropy) {
  Exporter exporter;
  expect_equal(exporter, {.plugin = "entropy",
                          .type = "virgo.entropy",
                          .params = {},
                          .covers = {"node_entropy_.*"},
                          // Before Linux 5.18 it is used up and gathered all the time.
                          .drift = {{"node_entropy_available_bits", 1024}},
                          .at_least = 2});
}

}  // namespace
}  // namespace virgo::functional
