// The configuration that ships, on a host with 2,000 processes and 500 network
// interfaces: every check reports, and none beyond its cap.
#include "functional/crowd.hpp"

#include <gtest/gtest.h>

#include <map>

namespace virgo::functional {
namespace {

// The default of max_series, by check type; of all shipped types that have it.
std::map<std::string, double> caps() {
  const std::string lib =
      virgo_binary().substr(0, virgo_binary().rfind("/bin/")) + "/lib/virgo/plugins/";
  TempDir dir;
  Process list({"/bin/sh", "-c",
                "for f in " + lib + "*.so; do " + virgo_binary() + " plugin info --json $f; done"},
               dir.file("info"));
  EXPECT_EQ(list.wait(), 0) << list.err();
  std::map<std::string, double> out;
  const std::string text = list.out();
  for (std::size_t at = 0, end = 0; at < text.size(); at = end + 1) {
    end = std::min(text.find('\n', at), text.size());
    const auto info = json::parse(text.substr(at, end - at));
    if (!info) continue;
    for (const json::Value& type : info->find("types")->items)
      for (const json::Value& param : type.find("params")->items)
        if (text_of(param, "name") == "max_series")
          out[text_of(type, "name")] = std::atof(text_of(param, "default").c_str());
  }
  return out;
}

// Of checks without devices.
constexpr std::size_t kFixedSeries = 128;

TEST(Crowd, NoCheckReportsMoreSeriesThanItsCap) {
  const auto caps_of = caps();
  EXPECT_GT(caps_of.size(), 3u);
  Crowd crowd(kSanitized ? 500 : 2000, 500);
  if (!crowd.why().empty()) GTEST_SKIP() << crowd.why();
  Endpoint endpoint;
  endpoint.start();
  const std::string shipped = read_file(source_dir() + "/config/agent.yaml");
  std::string checks = shipped.substr(shipped.find("\nchecks:\n") + 9);
  Agent agent;
  agent.start(agent_yaml(endpoint, checks, "defaults: {interval: 2s, splay: 0s}\n"));
  const auto all_reported = [&] {
    std::map<std::string, int> runs;
    for (const json::Value& r : endpoint.records())
      if (r.find("gap") == nullptr) ++runs[text_of(r, "check")];
    return runs.size() >= 20 &&
           std::all_of(runs.begin(), runs.end(), [](const auto& run) { return run.second >= 2; });
  };
  EXPECT_TRUE(eventually(all_reported)) << agent.err();
  std::size_t interfaces = 0;
  for (const json::Value& r : endpoint.records()) {
    if (r.find("gap") != nullptr) continue;
    const std::string type = text_of(r, "type");
    const std::size_t series = r.find("samples")->items.size();
    const auto cap = caps_of.find(type);
    const double most = cap != caps_of.end() ? cap->second : kFixedSeries;
    EXPECT_LE(static_cast<double>(series), most) << type;
    const std::string status = text_of(r, "status");
    EXPECT_TRUE(status == "ok" || status == "unsupported") << json::to_json(r).substr(0, 2000);
    if (type == "virgo.network") interfaces = std::max(interfaces, series);
  }
  EXPECT_GT(interfaces, 100u) << "500 interfaces";
  agent.process().signal(SIGTERM);
  EXPECT_EQ(agent.process().wait(), 0) << agent.err();
}

}  // namespace
}  // namespace virgo::functional
