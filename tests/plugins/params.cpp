// What tools have to cope with: a parameter that is required, a secret with a
// default, a counter, and prints to standard output wherever code runs.
#include <stdio.h>
#include <virgo/plugin.hpp>

namespace {

using virgo::sdk::label;

const int loaded = [] { return printf("printed while it was loaded\n"); }();

class Params {
 public:
  static constexpr const char* kName = "test.params";
  static constexpr const char* kSummary = "Has parameters | of all sorts.";
  static constexpr uint32_t kThread = VIRGO_ON_WORKER;
  static constexpr uint32_t kFlags = VIRGO_CHECK_SERIAL | VIRGO_CHECK_ISOLATE;
  static constexpr virgo_metric kMetrics[] = {
      virgo::sdk::counter("test.runs", "{run}", "How often it ran."),
      virgo::sdk::gauge("test.hosts", "{host}", "How many hosts.", VIRGO_U64)};
  static constexpr virgo_param kParams[] = {
      virgo::sdk::required_param("path", VIRGO_PARAM_TEXT, "A path from the root."),
      virgo::sdk::param("hosts", VIRGO_PARAM_LIST, nullptr, "Names | of hosts."),
      virgo::sdk::param("token", VIRGO_PARAM_TEXT, "hunter2", "To log in.", VIRGO_PARAM_IS_SECRET)};

  explicit Params(virgo::sdk::Host) {}
  void configure(virgo::sdk::Config root) {
    if (root["path"].as_text().substr(0, 1) != "/") root["path"].reject("must be an absolute path");
    hosts_ = root["hosts"].size();
    for (uint32_t i = 0; i < hosts_; ++i)
      if (root["hosts"].at(i).as_text() == "bad") root["hosts"].at(i).reject("is a bad host");
  }
  void collect(virgo::sdk::Run run) {
    printf("printed while it ran\n");
    run.emit(0, static_cast<uint64_t>(++runs_), {label("test.who", "it")});
    run.emit(1, static_cast<uint64_t>(hosts_));
  }

 private:
  uint64_t runs_ = 0;
  uint32_t hosts_ = 0;
};

}  // namespace

VIRGO_CXX_MODULE("test.params", "2.1.0", Params);
