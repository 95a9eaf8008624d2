// virgo.protocols and virgo.softnet beside node_exporter.
#include <gtest/gtest.h>

#include "functional/exporter.hpp"

namespace virgo::functional {
namespace {

TEST(BesideNodeExporter, Protocols) {
  Exporter exporter;
  // The connection over which the page is fetched comes and goes.
  expect_equal(exporter, {.plugin = "protocols",
                          .type = "virgo.protocols",
                          .params = {},
                          .covers = {"node_netstat_.*"},
                          .drift = {{"node_netstat_Tcp_CurrEstab", 16}},
                          .at_least = 25});
}

TEST(BesideNodeExporter, AllOfTheProtocols) {
  Exporter exporter({"--collector.netstat.fields=.*"});
  expect_equal(exporter, {.plugin = "protocols",
                          .type = "virgo.protocols",
                          .params = {"all=true"},
                          .covers = {"node_netstat_.*"},
                          .drift = {{"node_netstat_(Tcp|MPTcpExt)_.*CurrEstab", 16}},
                          .at_least = 100});
}

TEST(BesideNodeExporter, Softnet) {
  Exporter exporter;
  expect_equal(exporter, {.plugin = "softnet",
                          .type = "virgo.softnet",
                          .params = {},
                          .covers = {"node_softnet_.*"},
                          .at_least = 3});
}

}  // namespace
}  // namespace virgo::functional
