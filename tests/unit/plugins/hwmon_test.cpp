#include "hwmon/sensor_file.hpp"
#include "sensor_tree.hpp"
#include "unit/plugins/proc_tree.hpp"

namespace virgo::native {
namespace {

using metric::Status;
using testing::HasSubstr;

class HwmonPlugin : public ShippedPlugin {
 protected:
  HwmonPlugin() : ShippedPlugin("hwmon") {}
};

std::string sensor(const std::string& metric, const std::string& parent, const std::string& id,
                   const std::string& name, const std::string& chip,
                   const std::string& limit = "") {
  return metric + "{hw.id=" + parent + "/" + id + ",hw.name=" + name + ",hw.parent=" + parent +
         ",virgo.hwmon.chip=" + chip + (limit.empty() ? "" : ",hw.limit_type=" + limit) + "}";
}

TEST(SensorFile, NamesOfFiles) {
  plugin::SensorFile f;
  ASSERT_TRUE(plugin::parse_sensor_file("temp12_crit_alarm", &f));
  EXPECT_EQ(f.type, "temp");
  EXPECT_EQ(f.sensor, "temp12");
  EXPECT_EQ(f.property, "crit_alarm");
  ASSERT_TRUE(plugin::parse_sensor_file("pwm1", &f));
  EXPECT_EQ(f.property, "");
  ASSERT_TRUE(plugin::parse_sensor_file("beep_enable", &f));
  EXPECT_EQ(f.type, "beep_enable");
  for (const char* name : {"", "name", "temp_1", "temp1_", "temp1input", "1", "_", "uevent",
                           "freq1_input", "temp1234567890_input", "temperature1_input"})
    EXPECT_FALSE(plugin::parse_sensor_file(name, &f)) << name;
}

TEST(SensorFile, CleanNames) {
  const auto clean = [](const char* text, std::size_t size) {
    char out[32];
    const std::size_t n = plugin::clean_name(text, out, size);
    EXPECT_EQ(n, strlen(out));
    return std::string(out);
  };
  EXPECT_EQ(clean("coretemp.0", 32), "coretemp_0");
  EXPECT_EQ(clean("0000:00:1D.0", 32), "0000:00:1d_0");
  EXPECT_EQ(clean("--a--", 32), "a");
  EXPECT_EQ(clean("\xff", 32), "");
  EXPECT_EQ(clean("abcdef", 4), "abc");
  EXPECT_EQ(clean("ab-def", 4), "ab");
}

TEST_F(HwmonPlugin, UsualChips) {
  add_usual_chips(root);
  auto check = on_tree();
  const auto s = collect(*check);
  const auto core = [](const char* metric, const char* limit = "") {
    return sensor(metric, "platform_coretemp_0", "temp1", "Package id 0", "coretemp", limit);
  };
  EXPECT_EQ(s.at(core("hw.temperature")), 45);
  EXPECT_EQ(s.at(core("hw.temperature.limit", "high.critical")), 100);
  EXPECT_EQ(s.at(core("hw.temperature.limit", "high.degraded")), 100);
  EXPECT_EQ(s.at(sensor("hw.temperature", "acpitz", "temp1", "temp1", "acpitz")), 27.8);
  const auto disk = [](const char* limit) {
    return sensor("hw.temperature.limit", "ata1_0:0:0:0", "temp1", "temp1", "drivetemp", limit);
  };
  EXPECT_EQ(s.at(disk("low.critical")), -41);
  EXPECT_EQ(s.at(disk("low.degraded")), 5);
  const auto board = [](const char* metric, const char* id, const char* name) {
    return sensor(metric, "platform_nct6775_656", id, name, "nct6798");
  };
  EXPECT_EQ(s.at(board("hw.fan.speed", "fan1", "fan1")), 1205);
  EXPECT_EQ(s.at(board("hw.voltage", "in0", "Vcore")), 1.016);
  EXPECT_EQ(s.at(board("hw.temperature", "temp7", "temp7")), 27.5);
  EXPECT_EQ(s.count(board("hw.temperature", "temp8", "temp8")), 0u) << "it says it is broken";
  const std::string meter = "lnxsystm:00_acpi000d:00";
  EXPECT_EQ(s.at(sensor("hw.power", meter, "power1", "power1", "power_meter")), 183);
  EXPECT_NEAR(s.at(sensor("hw.energy", meter, "energy1", "energy1", "power_meter")),
              9007199254.740993, 1e-3);
  // Limits that are none.
  EXPECT_EQ(s.count(sensor("hw.temperature.limit", "nvme_nvme0", "temp2", "Sensor 1", "nvme",
                           "high.degraded")),
            0u);
  EXPECT_EQ(s.size(), 24u);
}

TEST_F(HwmonPlugin, NamesOfNodeExporter) {
  add_usual_chips(root);
  auto check = on_tree(", naming: prometheus");
  const auto s = collect(*check);
  EXPECT_EQ(s.at("node_hwmon_temp_celsius{chip=platform_coretemp_0,sensor=temp1}"), 45);
  EXPECT_EQ(s.at("node_hwmon_sensor_label{chip=platform_coretemp_0,label=Core 0,sensor=temp2}"), 1);
  EXPECT_EQ(s.at("node_hwmon_chip_names{chip=platform_coretemp_0,chip_name=coretemp}"), 1);
  EXPECT_EQ(s.at("node_hwmon_temp_crit_alarm_celsius{chip=platform_coretemp_0,sensor=temp1}"), 0);
  EXPECT_EQ(s.at("node_hwmon_fan_rpm{chip=platform_nct6775_656,sensor=fan1}"), 1205);
  EXPECT_EQ(s.at("node_hwmon_pwm{chip=platform_nct6775_656,sensor=pwm1}"), 120);
}

TEST_F(HwmonPlugin, ChipsAreChosenByTheirDriver) {
  add_usual_chips(root);
  auto check = on_tree(", include: [core*, k10temp], exclude: [coretemp]");
  EXPECT_EQ(collect(*check).size(), 2u);
  check = on_tree(", exclude: ['*']");
  EXPECT_EQ(collect(*check).size(), 0u);
}

TEST_F(HwmonPlugin, BrokenSensorsAreLeftOut) {
  add_chip(root, 0, "platform/x.0",
           {{"name", "\n"},
            {"temp1_input", ""},
            {"temp2_input", "x\n"},
            {"temp3_input", std::string(300, '9')},
            {"temp4_input", "1000\n"},
            {"temp4_label", ""},
            {"fan1_input", "nan\n"}});
  std::filesystem::create_directory(root + "/sys/class/hwmon/hwmon0/temp5_input");
  std::filesystem::create_symlink("nowhere", root + "/sys/class/hwmon/hwmon0/temp6_input");
  std::filesystem::create_symlink("nowhere", root + "/sys/class/hwmon/hwmon9");
  auto check = on_tree();
  const auto s = collect(*check);
  EXPECT_EQ(s.size(), 1u);
  EXPECT_EQ(s.at(sensor("hw.temperature", "platform_x_0", "temp4", "temp4", "")), 1);
}

TEST_F(HwmonPlugin, OldDriversHaveTheirFilesWithTheDevice) {
  add_chip(root, 0, "platform/old.0", {{"temp1_input", "1000\n"}});
  write("/sys/devices/platform/old.0/temp1_input", "2000\n");
  write("/sys/devices/platform/old.0/temp2_input", "3000\n");
  auto check = on_tree();
  EXPECT_EQ(collect(*check).size(), 2u);
}

TEST_F(HwmonPlugin, TwoChipsOfOneDevice) {
  add_chip(root, 0, "platform/two.0", {{"temp1_input", "1000\n"}});
  add_chip(root, 1, "platform/two.0", {{"temp1_input", "2000\n"}});
  auto check = on_tree(", naming: prometheus");
  EXPECT_EQ(collect(*check).size(), 2u);
}

TEST_F(HwmonPlugin, CapAtItsEdge) {
  std::map<std::string, std::string> files;
  for (int i = 1; i <= 1000; ++i) files["temp" + std::to_string(i) + "_input"] = "1000\n";
  add_chip(root, 0, "platform/many.0", files);
  LogLines log;
  auto check = on_tree();
  EXPECT_EQ(collect(*check).size(), 1000u);
  EXPECT_EQ(log.all().size(), 0u);
  check = on_tree(", max_series: 999");
  EXPECT_EQ(collect(*check).size(), 999u);
  collect(*check);
  ASSERT_EQ(log.all().size(), 1u);
  EXPECT_THAT(log.all()[0], HasSubstr("max_series is 999: 1 series"));
}

TEST_F(HwmonPlugin, HostsWithoutSensors) {
  auto check = on_tree();
  collect(*check, Status::unsupported);
  EXPECT_THAT(explanation, HasSubstr("the kernel knows no sensors here"));
  std::filesystem::create_directories(root + "/sys/class/hwmon");
  collect(*check, Status::unsupported);
  EXPECT_THAT(explanation, HasSubstr("virtual machines have none"));
  add_chip(root, 0, "", {{"name", "late\n"}, {"temp1_input", "1\n"}});
  EXPECT_EQ(collect(*check).size(), 1u);
}

TEST_F(HwmonPlugin, ThisHost) {
  auto check = on_host();
  TestRun run = new_run();
  check->start(run);
  run_until_finished(run);
  EXPECT_TRUE(run.status == Status::ok || run.status == Status::unsupported) << run.explanation;
}

}  // namespace
}  // namespace virgo::native
