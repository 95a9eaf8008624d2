// virgo.processes beside node_exporter.
#include <gtest/gtest.h>

#include "functional/exporter.hpp"

namespace virgo::functional {
namespace {

// Its collector "processes", and what its collector "stat" says about them. The check is a
// process itself, with threads, and what each process does at the moment goes up and down.
TEST(BesideNodeExporter, Processes) {
  Exporter exporter({"--collector.processes"});
  expect_equal(exporter, {.plugin = "processes",
                          .type = "virgo.processes",
                          .params = {"threads_by_state=true"},
                          .covers = {"node_processes_.*", "node_procs_.*", "node_forks_total"},
                          .drift = {{"node_processes_(state|pids)", 10},
                                    {"node_processes_threads.*", 30},
                                    {"node_procs_.*", 20}},
                          .at_least = 9});
}

}  // namespace
}  // namespace virgo::functional
