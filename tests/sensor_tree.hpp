// Sensors as /sys shows them: made after what such drivers show.
#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

namespace virgo {

// A chip hwmonN of the device `device`, "platform/coretemp.0"; "" for one without.
inline void add_chip(const std::string& root, int n, const std::string& device,
                     const std::map<std::string, std::string>& files) {
  namespace fs = std::filesystem;
  const std::string entry = "hwmon" + std::to_string(n);
  const std::string parent = "/sys/devices/" + (device.empty() ? "virtual" : device);
  const std::string folder = root + parent + "/hwmon/" + entry;
  fs::create_directories(folder + "/power");
  fs::create_directories(root + "/sys/class/hwmon");
  for (const auto& [name, text] : files) std::ofstream(folder + "/" + name) << text;
  fs::create_symlink("../.." + parent.substr(4) + "/hwmon/" + entry,
                     root + "/sys/class/hwmon/" + entry);
  if (!device.empty()) fs::create_symlink(root + parent, folder + "/device");
}

inline void add_usual_chips(const std::string& root) {
  add_chip(root, 0, "",
           {{"name", "acpitz\n"}, {"temp1_input", "27800\n"}, {"temp1_crit", "119000\n"}});
  add_chip(root, 1, "platform/coretemp.0",
           {{"name", "coretemp\n"},
            {"temp1_label", "Package id 0\n"},
            {"temp1_input", "45000\n"},
            {"temp1_max", "100000\n"},
            {"temp1_crit", "100000\n"},
            {"temp1_crit_alarm", "0\n"},
            {"temp2_label", "Core 0\n"},
            {"temp2_input", "43000\n"},
            {"temp2_max", "100000\n"},
            {"temp2_crit", "100000\n"},
            {"temp2_crit_alarm", "0\n"}});
  add_chip(root, 2, "pci0000:00/0000:00:1d.0/0000:3d:00.0/nvme/nvme0",
           {{"name", "nvme\n"},
            {"temp1_label", "Composite\n"},
            {"temp1_input", "38850\n"},
            {"temp1_max", "83850\n"},
            {"temp1_min", "-273150\n"},
            {"temp1_crit", "87850\n"},
            {"temp1_alarm", "0\n"},
            {"temp2_label", "Sensor 1\n"},
            {"temp2_input", "38850\n"},
            {"temp2_max", "65261850\n"},
            {"temp2_min", "-273150\n"}});
  add_chip(root, 3, "pci0000:00/0000:00:18.3",
           {{"name", "k10temp\n"},
            {"temp1_label", "Tctl\n"},
            {"temp1_input", "54125\n"},
            {"temp3_label", "Tccd1\n"},
            {"temp3_input", "50250\n"}});
  add_chip(root, 4, "pci0000:00/ata1/0:0:0:0",
           {{"name", "drivetemp\n"},
            {"temp1_input", "31000\n"},
            {"temp1_lcrit", "-41000\n"},
            {"temp1_min", "5000\n"},
            {"temp1_max", "60000\n"},
            {"temp1_crit", "85000\n"},
            {"temp1_lowest", "24000\n"},
            {"temp1_highest", "37000\n"}});
  add_chip(root, 5, "platform/nct6775.656",
           {{"name", "nct6798\n"},
            {"fan1_input", "1205\n"},
            {"fan1_min", "0\n"},
            {"fan1_alarm", "0\n"},
            {"fan1_beep", "1\n"},
            {"fan1_pulses", "2\n"},
            {"pwm1", "120\n"},
            {"pwm1_enable", "5\n"},
            {"pwm1_auto_point1_temp", "40000\n"},
            {"in0_input", "1016\n"},
            {"in0_max", "1744\n"},
            {"in0_label", "Vcore\n"},
            {"cpu0_vid", "1200\n"},
            {"vrm", "120\n"},
            {"beep_enable", "1\n"},
            {"intrusion0_alarm", "1\n"},
            {"temp7_type", "3\n"},
            {"temp7_input", "27500\n"},
            {"temp8_input", "-128000\n"},
            {"temp8_fault", "1\n"},
            {"update_interval", "1000\n"}});
  add_chip(root, 6, "LNXSYSTM:00/ACPI000D:00",
           {{"name", "power_meter\n"},
            {"power1_average", "183000000\n"},
            {"power1_average_interval", "1000\n"},
            {"power1_average_interval_max", "30000\n"},
            {"power1_cap_max", "500000000\n"},
            {"power1_accuracy", "95.0%\n"},
            {"power1_is_battery", "0\n"},
            {"energy1_input", "9007199254740993\n"},
            {"curr1_input", "1250\n"},
            {"humidity1_input", "45000000\n"}});
}

}  // namespace virgo
