// virgo.cpufreq beside node_exporter, both on a recorded /sys: machines that run tests
// seldom have frequency scaling.
#include <gtest/gtest.h>

#include <filesystem>

#include "functional/exporter.hpp"

namespace virgo::functional {
namespace {

class RecordedCpus {
 public:
  // Two packages of two cores, one of which has two threads.
  RecordedCpus() {
    add(0, 0, 0);
    add(1, 0, 1);
    add(2, 1, 0);
    add(3, 1, 1);
    add(4, 0, 0);
  }
  const std::string& root() const { return dir_.path(); }

 private:
  void add(int cpu, int package, int core) {
    const auto put = [&](const std::string& file, const std::string& text) {
      const std::string path =
          dir_.file("sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/" + file);
      std::filesystem::create_directories(std::filesystem::path(path).parent_path());
      write_file(path, text + "\n");
    };
    int n = 1000 * cpu;
    for (const char* file : {"scaling_cur_freq", "scaling_min_freq", "scaling_max_freq",
                             "cpuinfo_cur_freq", "cpuinfo_min_freq", "cpuinfo_max_freq"})
      put(std::string("cpufreq/") + file, std::to_string(2400000 + n++));
    for (const char* file : {"scaling_available_governors", "scaling_driver", "scaling_governor",
                             "related_cpus", "scaling_setspeed"})
      put(std::string("cpufreq/") + file, "other");
    put("topology/physical_package_id", std::to_string(package));
    put("topology/core_id", std::to_string(core));
    put("thermal_throttle/core_throttle_count", std::to_string(10 + cpu));
    put("thermal_throttle/package_throttle_count", std::to_string(20 + package));
  }

  TempDir dir_;
};

TEST(BesideNodeExporter, Cpufreq) {
  const RecordedCpus cpus;
  Exporter exporter({"--path.sysfs=" + cpus.root() + "/sys"});
  expect_equal(exporter,
               {.plugin = "cpufreq",
                .type = "virgo.cpufreq",
                .params = {"root=" + cpus.root()},
                .covers = {"node_cpu_(scaling_)?frequency_.*", "node_cpu_.*throttles_total"},
                .at_least = 36});
}

}  // namespace
}  // namespace virgo::functional
