// virgo.hwmon beside node_exporter, both on a recorded /sys.
#include <gtest/gtest.h>

#include "functional/exporter.hpp"
#include "sensor_tree.hpp"

namespace virgo::functional {
namespace {

TEST(BesideNodeExporter, Hwmon) {
  TempDir dir;
  add_usual_chips(dir.path());
  add_chip(dir.path(), 7, "platform/broken.0",
           {{"name", ""}, {"temp1_input", ""}, {"temp2_input", "x\n"}, {"temp3_input", "1000\n"}});
  Exporter exporter(
      {"--collector.disable-defaults", "--collector.hwmon", "--path.sysfs=" + dir.file("sys")});
  expect_equal(exporter, {.plugin = "hwmon",
                          .type = "virgo.hwmon",
                          .params = {"root=" + dir.path()},
                          .covers = {"node_hwmon_.*"},
                          .at_least = 69});
}

}  // namespace
}  // namespace virgo::functional
