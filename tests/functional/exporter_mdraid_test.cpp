// virgo.mdraid beside node_exporter, on a recorded /proc: few machines have so many kinds
// of arrays.
#include <gtest/gtest.h>

#include <filesystem>

#include "functional/exporter.hpp"
#include "unit/plugins/mdstat_sample.hpp"

namespace virgo::functional {
namespace {

TEST(BesideNodeExporter, Mdraid) {
  const TempDir root;
  std::filesystem::create_directories(root.file("proc"));
  write_file(root.file("proc/mdstat"), kMdstat);
  Exporter exporter(
      {"--collector.disable-defaults", "--collector.mdadm", "--path.procfs=" + root.file("proc")});
  expect_equal(exporter, {.plugin = "mdraid",
                          .type = "virgo.mdraid",
                          .params = {"root=" + root.path()},
                          .covers = {"node_md_.*"},
                          .at_least = 20 * 11});
}

}  // namespace
}  // namespace virgo::functional
