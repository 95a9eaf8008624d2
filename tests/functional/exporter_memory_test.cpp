// virgo.memory beside node_exporter.
#include <gtest/gtest.h>

#include "functional/exporter.hpp"

namespace virgo::functional {
namespace {

TEST(BesideNodeExporter, Memory) {
  Exporter exporter;
  constexpr double kMiB = 1024.0 * 1024;
  expect_equal(exporter, {.plugin = "memory",
                          .type = "virgo.memory",
                          .params = {},
                          .covers = {"node_memory_.*"},
                          .drift = {{"node_memory_.*", 64 * kMiB}},
                          .at_least = 40});
}

}  // namespace
}  // namespace virgo::functional
