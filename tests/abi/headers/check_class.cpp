// What a plugin makes of plugin.hpp: a class with everything and one with as
// little as goes, both of which need no exceptions and no RTTI.
#include <virgo/plugin.hpp>

namespace {

class Whole {
 public:
  static constexpr const char* kName = "a.whole";
  static constexpr const char* kSummary = "All that a check class may have.";
  static constexpr uint32_t kThread = VIRGO_ON_WORKER;
  static constexpr uint32_t kFlags = VIRGO_CHECK_SERIAL;
  static constexpr virgo_metric kMetrics[] = {virgo::sdk::gauge("a.gauge", "1", "A gauge."),
                                              virgo::sdk::counter("a.counter", "1", "Runs."),
                                              virgo::sdk::state("a.state", "A state.")};
  static constexpr virgo_param kParams[] = {
      virgo::sdk::param("size", VIRGO_PARAM_SIZE, "1MiB", "A size."),
      virgo::sdk::required_param("path", VIRGO_PARAM_TEXT, "A path.")};
  explicit Whole(virgo::sdk::Host host) : host_(host) {}
  virgo_status configure(virgo::sdk::Config root) {
    if (!root["path"]) root.reject("no path");
    size_ = root["size"].as_size() + root["list"].at(0).size() + root.key_at(0).size();
    if (root["flag"].as_bool()) return VIRGO_ERR_INVALID;
    return root["n"].as_int() > 0 && root["x"].as_number() > 0 && root["t"].as_duration_ns() > 0
               ? VIRGO_OK
               : VIRGO_ERR_INVALID;
  }
  virgo_status collect(virgo::sdk::Run run) {
    run.emit(0, 0.5, {virgo::sdk::label("key", "value")});
    run.emit(1, size_);
    run.emit(2, "text");
    run.emit(0, -1);
    run.explain("fine");
    if (host_.log_enabled(VIRGO_LOG_INFO)) host_.log(VIRGO_LOG_INFO, "text");
    if (host_.extension<int>("a.b/1") != nullptr || host_.now_ns() == 0) return VIRGO_ERR_FAILED;
    return run.time_left_ns() > 0 ? run.complete(VIRGO_OK) : VIRGO_ERR_TIMEOUT;
  }
  void cancel(virgo::sdk::Run) noexcept {}

 private:
  virgo::sdk::Host host_;
  uint64_t size_ = 0;
};

class Least {
 public:
  static constexpr const char* kName = "a.least";
  static constexpr const char* kSummary = "As little as goes.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  static constexpr virgo_metric kMetrics[] = {virgo::sdk::gauge("a.gauge", "1", "A gauge.")};
  explicit Least(virgo::sdk::Host) {}
  void collect(virgo::sdk::Run run) { run.emit(0, 1.0); }
};

}  // namespace

VIRGO_CXX_MODULE("a.b", "1.0.0", Whole, Least);
