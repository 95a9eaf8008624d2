// Debian's collectd beside the shipped checks, in their own names: what collectd reads
// between two runs of a check lies between what these found, or is equal to either.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <set>

#include "functional/world.hpp"

namespace virgo::functional {
namespace {

// A metric that both have.
struct Pair {
  const char* plugin;    // "load": the file load.so, the type virgo.load
  const char* sample;    // "name{key=value,...}" in the order of the check's labels
  const char* collectd;  // "load/load": its csv file, without the date
  unsigned column = 0;   // of its values
  double scale = 1;      // what collectd's value is multiplied with
  double drift = 0;      // a gauge may have moved so far in between
};

constexpr double kMiB = 1024.0 * 1024;
constexpr double kTick = 0.01;  // s

const Pair kPairs[] = {
    {"load", "system.cpu.load_average.1m", "load/load", 0, 1, 0.5},
    {"load", "system.cpu.load_average.5m", "load/load", 1, 1, 0.5},
    {"load", "system.cpu.load_average.15m", "load/load", 2, 1, 0.5},
    {"memory", "system.memory.usage{system.memory.state=free}", "memory/memory-free", 0, 1,
     128 * kMiB},
    {"memory", "system.memory.usage{system.memory.state=buffers}", "memory/memory-buffered", 0, 1,
     64 * kMiB},
    {"memory", "system.memory.linux.slab.usage{system.memory.linux.slab.state=reclaimable}",
     "memory/memory-slab_recl", 0, 1, 16 * kMiB},
    {"memory", "system.memory.linux.slab.usage{system.memory.linux.slab.state=unreclaimable}",
     "memory/memory-slab_unrecl", 0, 1, 16 * kMiB},
    {"paging", "system.paging.faults{system.paging.fault.type=major}", "vmem/vmpage_faults", 1},
    {"uptime", "system.uptime", "uptime/uptime", 0, 1, 1},
    {"kernel", "virgo.kernel.context_switches", "contextswitch/contextswitch"},
    {"file_handles", "virgo.file_handles.usage", "fhcount/file_handles-used", 0, 1, 4096},
    {"file_handles", "virgo.file_handles.limit", "fhcount/file_handles-max"},
    {"entropy", "virgo.entropy.available", "entropy/entropy", 0, 1, 256},
    {"processes", "system.process.created", "processes/fork_rate"},
    {"processes", "system.process.count{process.state=defunct}", "processes/ps_state-zombies", 0, 1,
     200},
    {"processes", "system.process.count{process.state=stopped}", "processes/ps_state-stopped", 0, 1,
     200},
    {"users", "virgo.users.sessions", "users/users"},
};

std::map<std::string, double> run_check(const std::string& plugin) {
  std::vector<std::string> params;
  if (plugin == "cpu") params.emplace_back("per_cpu=true");
  const json::Value run = run_shipped(plugin, "virgo." + plugin, params);
  std::map<std::string, double> out;
  if (run.find("samples") == nullptr) return out;
  for (const json::Value& sample : run.find("samples")->items) {
    std::string key = text_of(sample, "metric");
    const json::Value& labels = *sample.find("labels");
    for (std::size_t i = 0; i < labels.keys.size(); ++i)
      key += (i == 0 ? "{" : ",") + labels.keys[i] + "=" + labels.items[i].text;
    if (!labels.keys.empty()) key += "}";
    out[key] = number_of(sample, "value");
  }
  return out;
}

class BesideCollectd : public testing::Test {
 protected:
  BesideCollectd() {
    std::string text = "Hostname \"h\"\nFQDNLookup false\nInterval 1\nBaseDir \"" + dir.path() +
                       "\"\nPIDFile \"" + dir.file("pid") +
                       "\"\nPluginDir \"/usr/lib/collectd\"\n"
                       "TypesDB \"/usr/share/collectd/types.db\"\nLoadPlugin csv\n<Plugin csv>\n"
                       "  DataDir \"" +
                       dir.file("csv") + "\"\n  StoreRates false\n</Plugin>\n";
    for (const char* plugin : {"load", "memory", "vmem", "uptime", "contextswitch", "fhcount",
                               "entropy", "processes", "users", "disk", "interface", "cpu"})
      text += std::string("LoadPlugin ") + plugin + "\n";
    text += "<Plugin cpu>\n  ValuesPercentage false\n  ReportByCpu true\n</Plugin>\n";
    write_file(dir.file("collectd.conf"), text);
  }

  void add_devices() {
    for (const auto& [key, value] : before["disk"]) {
      const std::string device = between(key, "system.device=", ",}");
      const bool write = key.find("direction=write") != std::string::npos;
      for (const auto& [metric, file] : {std::pair{"system.disk.io{", "disk_octets"},
                                         {"system.disk.operations{", "disk_ops"},
                                         {"system.disk.merged{", "disk_merged"}})
        if (key.rfind(metric, 0) == 0)
          add("disk", key, "disk-" + device + "/" + file, write ? 1 : 0, 1);
    }
    for (const auto& [key, value] : before["network"]) {
      const std::string device = between(key, "network.interface.name=", ",}");
      const bool transmit = key.find("direction=transmit") != std::string::npos;
      for (const auto& [metric, file] : {std::pair{"system.network.io{", "if_octets"},
                                         {"system.network.packet.count{", "if_packets"},
                                         {"system.network.errors{", "if_errors"}})
        if (key.rfind(metric, 0) == 0)
          add("network", key, "interface-" + device + "/" + file, transmit ? 1 : 0, 1);
    }
    for (const auto& [key, value] : before["cpu"])
      for (const char* mode : {"user", "nice", "system", "idle", "steal"})
        if (key.find(std::string("cpu.mode=") + mode + ",") != std::string::npos)
          add("cpu", key, "cpu-" + between(key, "cpu.logical_number=", ",}") + "/cpu-" + mode, 0,
              kTick);
  }
  static std::string between(const std::string& text, const std::string& start, const char* ends) {
    const auto at = text.find(start);
    if (at == std::string::npos) return "";
    const auto from = at + start.size();
    return text.substr(from, text.find_first_of(ends, from) - from);
  }
  void add(const std::string& plugin, const std::string& sample, const std::string& collectd,
           unsigned column, double scale) {
    rows.push_back({plugin, sample, collectd, column, scale, 0});
  }

  // The first row of a csv file; nothing while there is none.
  std::vector<double> first_row(const std::string& name) const {
    std::error_code none;
    const std::string path = dir.file("csv/h/" + name + "-");
    const std::string folder = path.substr(0, path.rfind('/'));
    for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
      if (entry.path().string().rfind(path + "2", 0) != 0) continue;  // a year
      const std::string text = read_file(entry.path());
      const auto header = text.find('\n');
      const auto end = text.find('\n', header + 1);
      if (header == std::string::npos || end == std::string::npos) return {};
      std::vector<double> out;
      const std::string row = text.substr(header + 1, end - header - 1);
      for (std::size_t at = row.find(','); at != std::string::npos; at = row.find(',', at + 1))
        out.push_back(std::strtod(row.c_str() + at + 1, nullptr));
      return out;
    }
    return {};
  }

  struct Row {
    std::string plugin, sample, collectd;
    unsigned column;
    double scale, drift;
  };
  TempDir dir;
  std::vector<Row> rows;
  std::map<std::string, std::map<std::string, double>> before, after;
};

TEST_F(BesideCollectd, TheSameValuesInOurOwnNames) {
  std::set<std::string> plugins{"cpu", "disk", "network"};
  for (const Pair& p : kPairs) {
    plugins.insert(p.plugin);
    rows.push_back({p.plugin, p.sample, p.collectd, p.column, p.scale, p.drift});
  }
  for (const std::string& plugin : plugins) before[plugin] = run_check(plugin);
  add_devices();
  {
    Process collectd({"/usr/sbin/collectd", "-f", "-C", dir.file("collectd.conf")},
                     dir.file("collectd"));
    // What it has none of on this host is not waited for; the load comes with the rest.
    EXPECT_TRUE(eventually([&] {
      return std::all_of(rows.begin(), rows.end(), [&](const Row& row) {
        return before[row.plugin].count(row.sample) == 0 || !first_row(row.collectd).empty() ||
               row.plugin == "disk" || row.plugin == "network";
      });
    })) << collectd.err();
    for (const std::string& plugin : plugins) after[plugin] = run_check(plugin);
    collectd.signal(SIGTERM);
    EXPECT_EQ(collectd.wait(), 0);
  }
  std::size_t compared = 0;
  std::set<std::string> metrics;
  for (const Row& row : rows) {
    const std::vector<double> theirs = first_row(row.collectd);
    if (theirs.size() <= row.column || before[row.plugin].count(row.sample) == 0 ||
        after[row.plugin].count(row.sample) == 0)
      continue;
    const double a = before[row.plugin][row.sample];
    const double b = after[row.plugin][row.sample];
    const double value = theirs[row.column] * row.scale;
    const double slack = row.drift + std::max(std::abs(a), std::abs(b)) * 1e-6;
    EXPECT_GE(value, std::min(a, b) - slack) << row.sample << " beside " << row.collectd;
    EXPECT_LE(value, std::max(a, b) + slack) << row.sample << " beside " << row.collectd;
    ++compared;
    metrics.insert(row.sample.substr(0, row.sample.find('{')));
  }
  std::printf("%zu series of %zu metrics as collectd has them:\n ", compared, metrics.size());
  for (const std::string& name : metrics) std::printf(" %s", name.c_str());
  std::printf("\n");
  EXPECT_GE(metrics.size(), 12u) << "a machine without a disk or network has so many";
}

}  // namespace
}  // namespace virgo::functional
