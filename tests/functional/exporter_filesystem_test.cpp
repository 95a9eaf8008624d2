// virgo.filesystem beside node_exporter.
#include <gtest/gtest.h>

#include "functional/exporter.hpp"

namespace virgo::functional {
namespace {

TEST(BesideNodeExporter, Filesystem) {
  // Debian's also leaves out /run, /mnt and /media; node_exporter's own default does not.
  Exporter exporter(
      {"--collector.filesystem.mount-points-exclude=^/(dev|proc|run/credentials/.+|"
       "sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)"});
  constexpr double kMiB = 1024.0 * 1024;
  expect_equal(exporter, {.plugin = "filesystem",
                          .type = "virgo.filesystem",
                          .params = {},
                          .covers = {"node_filesystem_.*"},
                          // Others write to the disk meanwhile.
                          .drift = {{"node_filesystem_(free|avail)_bytes", 256 * kMiB},
                                    {"node_filesystem_files_free", 10'000}},
                          .at_least = 7});
}

}  // namespace
}  // namespace virgo::functional
