// SPDX-License-Identifier: MIT
//
// example.traffic: what the network interfaces have sent and received, from
// /proc/net/dev.
//
// Counters are given as the running totals they are: whoever looks at them makes
// rates of them, and sees by a total that has become smaller that the machine was
// started anew. Each sample carries two labels, the interface and the direction.
#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>
#include <virgo/plugin.hpp>

namespace {

using namespace virgo::sdk;

class Traffic {
 public:
  static constexpr const char* kName = "example.traffic";
  static constexpr const char* kSummary = "Bytes, packets and errors of the network interfaces.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  static constexpr uint32_t kFlags = VIRGO_CHECK_RECONFIGURES;
  enum Metric : uint32_t { kBytes, kPackets, kErrors };
  static constexpr virgo_metric kMetrics[] = {
      counter("system.network.io", "By", "Bytes sent and received."),
      counter("system.network.packet.count", "{packet}", "Packets sent and received."),
      counter("system.network.errors", "{error}", "Packets that were damaged.")};
  static constexpr virgo_param kParams[] = {
      param("interfaces", VIRGO_PARAM_LIST, nullptr, "Report these, and no others."),
      param("loopback", VIRGO_PARAM_BOOL, "false", "Report lo too."),
      param("path", VIRGO_PARAM_TEXT, "/proc/net/dev", "Where the kernel tells the numbers.")};

  explicit Traffic(Host) {}

  void configure(Config root) {
    std::vector<std::string> wanted;
    const Config list = root["interfaces"];
    for (uint32_t i = 0; i < list.size(); ++i) {
      wanted.emplace_back(list.at(i).as_text());
      if (wanted.back().empty()) list.at(i).reject("must be the name of an interface");
    }
    wanted_ = std::move(wanted);
    loopback_ = root["loopback"].as_bool();
    path_ = root["path"].as_text();
  }

  virgo_status collect(Run run) {
    std::ifstream file(path_);
    std::string line;
    std::getline(file, line);  // two lines of titles
    if (!std::getline(file, line)) {
      run.explain(path_ + ": cannot be read");
      return VIRGO_ERR_FAILED;
    }
    unsigned reported = 0;
    while (std::getline(file, line)) {
      const size_t colon = line.find(':');
      if (colon == std::string::npos) continue;
      const size_t begin = std::min(line.find_first_not_of(' '), colon);
      const std::string name = line.substr(begin, colon - begin);
      if (!wants(name)) continue;
      if (!report(run, name, line.substr(colon + 1))) {
        run.explain(path_ + ": the line of " + name + " is too short");
        return VIRGO_ERR_FAILED;
      }
      ++reported;
    }
    if (reported == 0) run.explain(path_ + " has no interface that is to be reported");
    return reported > 0 ? VIRGO_OK : VIRGO_ERR_FAILED;
  }

 private:
  bool wants(const std::string& name) const {
    if (!wanted_.empty()) return std::find(wanted_.begin(), wanted_.end(), name) != wanted_.end();
    return loopback_ || name != "lo";
  }

  // The columns are bytes, packets, errors and five more, received; then the same,
  // sent.
  static bool report(Run run, std::string_view name, const std::string& columns) {
    uint64_t n[16];
    std::istringstream in(columns);
    for (uint64_t& value : n)
      if (!(in >> value)) return false;
    for (uint32_t metric : {kBytes, kPackets, kErrors}) {
      one(run, metric, n[metric], name, "receive");
      one(run, metric, n[metric + 8], name, "transmit");
    }
    return true;
  }
  static void one(Run run, uint32_t metric, uint64_t value, std::string_view name,
                  std::string_view direction) {
    run.emit(metric, value,
             {label("network.interface.name", name), label("network.io.direction", direction)});
  }

  std::vector<std::string> wanted_;
  bool loopback_ = false;
  std::string path_;
};

}  // namespace

VIRGO_CXX_MODULE("org.example.traffic", "1.0.0", Traffic);
