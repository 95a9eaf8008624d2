// virgo.paging, virgo.oom and virgo.pressure beside node_exporter.
#include <gtest/gtest.h>

#include <filesystem>

#include "functional/exporter.hpp"

namespace virgo::functional {
namespace {

TEST(BesideNodeExporter, Paging) {
  Exporter exporter;
  expect_equal(exporter, {.plugin = "paging",
                          .type = "virgo.paging",
                          .params = {},
                          .covers = {"node_vmstat_.*"},
                          .missing = {"node_vmstat_oom_kill"},  // virgo.oom has it
                          .at_least = 4});
}

TEST(BesideNodeExporter, OutOfMemory) {
  Exporter exporter;
  expect_equal(exporter, {.plugin = "paging",
                          .type = "virgo.oom",
                          .params = {},
                          .covers = {"node_vmstat_oom_kill"},
                          .at_least = 1});
}

TEST(BesideNodeExporter, Pressure) {
  if (!std::filesystem::exists("/proc/pressure/cpu"))
    GTEST_SKIP() << "this kernel does not measure pressure: boot it with psi=1";
  Exporter exporter;
  expect_equal(exporter, {.plugin = "pressure",
                          .type = "virgo.pressure",
                          .params = {},
                          .covers = {"node_pressure_.*"},
                          .at_least = 5});
}

}  // namespace
}  // namespace virgo::functional
