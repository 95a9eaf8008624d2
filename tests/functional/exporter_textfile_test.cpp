// virgo.textfile beside node_exporter.
#include <gtest/gtest.h>

#include "functional/exporter.hpp"

namespace virgo::functional {
namespace {

TEST(BesideNodeExporter, Textfile) {
  TempDir dir;
  write_file(dir.file("a.prom"),
             "# HELP drop_total It.\n# TYPE drop_total counter\n"
             "drop_total{b=\"c\\\"d\",a=\"x\\\\y\"} 1.5e+09\ndrop_total{b=\"\",a=\"2\"} 3\n"
             "# TYPE drop_gauge gauge\ndrop_gauge -1e-7\ndrop_plain 12\n");
  write_file(dir.file("b.prom"),
             "# TYPE drop_h histogram\ndrop_h_bucket{le=\"0.5\"} 1\ndrop_h_bucket{le=\"+Inf\"} 2\n"
             "drop_h_sum 3.5\ndrop_h_count 2\n"
             "# TYPE drop_s summary\ndrop_s{quantile=\"0.9\"} 7\ndrop_s_sum 8\ndrop_s_count 9\n");
  // Both leave these out whole.
  write_file(dir.file("half.prom"), "drop_half 1\ndrop_hal");
  write_file(dir.file("time.prom"), "drop_time 1 1395066363000\n");
  write_file(dir.file("label.prom"), "drop_label{a=\"1} 1\n");
  Exporter exporter({"--collector.textfile.directory=" + dir.path()});
  expect_equal(exporter, {.plugin = "textfile",
                          .type = "virgo.textfile",
                          .params = {"directory=" + dir.path()},
                          .covers = {"node_textfile_.*", "drop_.*"},
                          .at_least = 14});
}

}  // namespace
}  // namespace virgo::functional
