#include "unit/plugins/proc_tree.hpp"

namespace virgo::native {
namespace {

using metric::Status;
using testing::HasSubstr;
using Samples = std::map<std::string, double>;

class PressurePlugin : public ShippedPlugin {
 protected:
  PressurePlugin() : ShippedPlugin("pressure") {
    std::filesystem::create_directories(root + "/proc/pressure");
  }
  void write_all() {
    write("/proc/pressure/cpu",
          "some avg10=42.51 avg60=9.77 avg300=2.56 total=12588787271\n"
          "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
    write("/proc/pressure/memory",
          "some avg10=0.00 avg60=0.00 avg300=0.00 total=1000001\n"
          "full avg10=0.00 avg60=0.00 avg300=0.00 total=2000000\n");
    write("/proc/pressure/io",
          "some avg10=100.00 avg60=1.23 avg300=0.42 total=146776177\n"
          "full avg10=2.05 avg60=1.00 avg300=0.35 total=79466436\n");
    write("/proc/pressure/irq", "full avg10=0.50 avg60=0.00 avg300=0.00 total=3500000\n");
  }
  static std::string labels(const std::string& resource, const std::string& stall) {
    return "{virgo.pressure.resource=" + resource + ",virgo.pressure.stall=" + stall;
  }
  static std::string time(const std::string& resource, const std::string& stall) {
    return "virgo.pressure.time" + labels(resource, stall) + "}";
  }
  static std::string share(const std::string& resource, const std::string& stall,
                           const std::string& window) {
    return "virgo.pressure.share" + labels(resource, stall) + ",virgo.pressure.window=" + window +
           "}";
  }
};

TEST_F(PressurePlugin, TimesAndSharesOfAllResources) {
  write_all();
  const auto s = collect(*on_tree());
  EXPECT_EQ(s.size(), 6u * 4) << "processors have no full";
  EXPECT_DOUBLE_EQ(s.at(time("cpu", "some")), 12588.787271);
  EXPECT_DOUBLE_EQ(s.at(share("cpu", "some", "10s")), 0.4251);
  EXPECT_DOUBLE_EQ(s.at(share("cpu", "some", "60s")), 0.0977);
  EXPECT_DOUBLE_EQ(s.at(share("cpu", "some", "300s")), 0.0256);
  EXPECT_DOUBLE_EQ(s.at(time("memory", "some")), 1.000001);
  EXPECT_DOUBLE_EQ(s.at(time("memory", "full")), 2);
  EXPECT_DOUBLE_EQ(s.at(share("io", "some", "10s")), 1);
  EXPECT_DOUBLE_EQ(s.at(share("io", "full", "300s")), 0.0035);
  EXPECT_DOUBLE_EQ(s.at(time("irq", "full")), 3.5);
  EXPECT_EQ(s.count(time("cpu", "full")), 0u);
}

TEST_F(PressurePlugin, NamesOfNodeExporter) {
  write_all();
  EXPECT_EQ(collect(*on_tree(", naming: prometheus")),
            (Samples{{"node_pressure_cpu_waiting_seconds_total", 12588.787271},
                     {"node_pressure_memory_waiting_seconds_total", 1.000001},
                     {"node_pressure_memory_stalled_seconds_total", 2},
                     {"node_pressure_io_waiting_seconds_total", 146.776177},
                     {"node_pressure_io_stalled_seconds_total", 79.466436},
                     {"node_pressure_irq_stalled_seconds_total", 3.5}}));
}

TEST_F(PressurePlugin, OlderKernels) {
  write_all();
  std::filesystem::remove(root + "/proc/pressure/irq");
  write("/proc/pressure/cpu", "some avg10=1.00 avg60=2.00 avg300=3.00 total=4\n");
  const auto s = collect(*on_tree());
  EXPECT_EQ(s.size(), 5u * 4);
}

TEST_F(PressurePlugin, NewerKernels) {
  write("/proc/pressure/cpu",
        "most avg10=1.00 total=9\nsome avg5=7.00 avg10=1.00 avg60=x avg300=3.00 total=4 more=1\n");
  EXPECT_EQ(collect(*on_tree()), (Samples{{time("cpu", "some"), 4e-6},
                                          {share("cpu", "some", "10s"), 0.01},
                                          {share("cpu", "some", "300s"), 0.03}}));
}

TEST_F(PressurePlugin, HugeTotals) {
  write("/proc/pressure/io", "some total=9007199254740993\nfull total=99999999999999999999999\n");
  const auto s = collect(*on_tree());
  EXPECT_DOUBLE_EQ(s.at(time("io", "some")), 9007199254.740993);
  EXPECT_DOUBLE_EQ(s.at(time("io", "full")), 18446744073709.551615);
}

TEST_F(PressurePlugin, AKernelThatDoesNotMeasureIsNoFailure) {
  collect(*on_tree(), Status::unsupported);
  EXPECT_THAT(explanation, HasSubstr(root + "/proc/pressure/cpu cannot be read"));
  EXPECT_THAT(explanation, HasSubstr("psi=1"));
  std::filesystem::remove(root + "/proc/pressure");
  auto check = on_tree();
  collect(*check, Status::unsupported);
  std::filesystem::create_directories(root + "/proc/pressure");
  write_all();
  EXPECT_EQ(collect(*check).size(), 24u) << "looked for anew each run";
}

TEST_F(PressurePlugin, DamagedFilesFailWithASentenceBesideTheOthers) {
  write_all();
  for (const char* text : {"", "\n", "some\n", "some avg10=1.00\n", "some total=x\n",
                           "some total=12", "total=1\n", "=\n"}) {
    write("/proc/pressure/memory", text);
    EXPECT_EQ(collect(*on_tree(), Status::failed).size(), 4u * 4) << text;
    EXPECT_EQ(explanation, root + "/proc/pressure/memory has no whole line with a total") << text;
  }
  std::filesystem::remove(root + "/proc/pressure/memory");
  std::filesystem::create_directories(root + "/proc/pressure/memory");
  collect(*on_tree(), Status::failed);
  EXPECT_EQ(explanation, root + "/proc/pressure/memory: Is a directory");
}

TEST_F(PressurePlugin, EveryCutOfAFileIsAnswered) {
  write_all();
  const std::string whole =
      "some avg10=1.00 avg60=2.00 avg300=3.00 total=4444\n"
      "full avg10=1.00 avg60=2.00 avg300=3.00 total=4444\n";
  auto check = on_tree();
  for (std::size_t n = 0; n < whole.size(); ++n) {
    write("/proc/pressure/memory", whole.substr(0, n));
    const auto s = collect(*check, n < whole.size() / 2 ? Status::failed : Status::ok);
    EXPECT_EQ(s.size(), n < whole.size() / 2 ? 16u : 20u);
  }
}

TEST_F(PressurePlugin, ThisHost) {
  if (!std::filesystem::exists("/proc/pressure/cpu")) {
    collect(*on_host(), Status::unsupported);
    return;
  }
  for (const auto& [key, value] : collect(*on_host())) EXPECT_GE(value, 0) << key;
}

}  // namespace
}  // namespace virgo::native
