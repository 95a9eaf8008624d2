// virgo.cpu and virgo.load beside node_exporter.
#include <gtest/gtest.h>

#include "functional/exporter.hpp"

namespace virgo::functional {
namespace {

TEST(BesideNodeExporter, Cpu) {
  Exporter exporter;
  expect_equal(exporter, {.plugin = "cpu",
                          .type = "virgo.cpu",
                          .params = {},
                          // Frequencies and throttling are another check's.
                          .covers = {"node_cpu_(guest_)?seconds_total"},
                          // Idle and iowait go back now and then, and are held then.
                          .drift = {{"node_cpu_seconds_total", 0.05}},
                          .at_least = 10});
}

TEST(BesideNodeExporter, Load) {
  Exporter exporter;
  expect_equal(exporter, {.plugin = "load",
                          .type = "virgo.load",
                          .params = {},
                          .covers = {"node_load.*"},
                          .at_least = 3});
}

}  // namespace
}  // namespace virgo::functional
