// virgo.network beside node_exporter.
#include <gtest/gtest.h>

#include "functional/exporter.hpp"

namespace virgo::functional {
namespace {

TEST(BesideNodeExporter, Network) {
  // Debian's build leaves the loopback out of one of the two collectors.
  Exporter exporter({"--collector.netdev.device-exclude=^$"});
  expect_equal(exporter, {.plugin = "network",
                          .type = "virgo.network",
                          .params = {"exclude=[]"},
                          .covers = {"node_network_.*"},
                          .at_least = 30});
}

}  // namespace
}  // namespace virgo::functional
