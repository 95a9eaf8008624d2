// Evil: emits far more than anybody asked for, one by one and all at once.
#include <vector>
#include <virgo/plugin.hpp>

namespace {

class Flood {
 public:
  static constexpr const char* kName = "test.flood";
  static constexpr const char* kSummary = "Emits a million samples.";
  static constexpr uint32_t kThread = VIRGO_ON_WORKER;
  static constexpr virgo_metric kMetrics[] = {
      virgo::sdk::gauge("test.drop", "1", "One of many.", VIRGO_U64)};
  static constexpr virgo_param kParams[] = {
      virgo::sdk::param("count", VIRGO_PARAM_INT, "1000000", "How many samples."),
      virgo::sdk::param("at_once", VIRGO_PARAM_BOOL, "false", "In one call.")};
  explicit Flood(virgo::sdk::Host) {}
  void configure(virgo::sdk::Config root) {
    count_ = static_cast<uint32_t>(root["count"].as_int());
    at_once_ = root["at_once"].as_bool();
  }
  void collect(virgo::sdk::Run run) const {
    if (at_once_) {
      virgo_sample s{};
      run.set(s, uint64_t{1});
      const std::vector<virgo_sample> all(count_, s);
      run.emit(all.data(), count_);
      return;
    }
    for (uint32_t i = 0; i < count_; ++i) run.emit(0, uint64_t{i});
  }

 private:
  uint32_t count_ = 0;
  bool at_once_ = false;
};

}  // namespace

VIRGO_CXX_MODULE("test.flood", "1.0.0", Flood);
