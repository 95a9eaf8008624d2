// virgo.time beside node_exporter.
#include <gtest/gtest.h>

#include "functional/exporter.hpp"

namespace virgo::functional {
namespace {

TEST(BesideNodeExporter, Time) {
  Exporter exporter;
  expect_equal(exporter, {.plugin = "time",
                          .type = "virgo.time",
                          .params = {},
                          .covers = {"node_timex_.*", "node_time_.*"},
                          // Whoever keeps the clock corrects it in between.
                          .drift = {{"node_timex_(offset|maxerror|estimated_error)_seconds", 0.01}},
                          .at_least = 20});
}

}  // namespace
}  // namespace virgo::functional
