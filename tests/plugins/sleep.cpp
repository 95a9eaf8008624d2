// Evil: sleeps, on a worker or on the loop, and cannot be told to stop.
#include <time.h>

#include <virgo/plugin.hpp>

namespace {

class Sleep {
 public:
  static constexpr const char* kSummary = "Sleeps and does not listen.";
  static constexpr virgo_metric kMetrics[] = {
      virgo::sdk::gauge("test.slept", "s", "How long it slept.")};
  static constexpr virgo_param kParams[] = {
      virgo::sdk::param("for", VIRGO_PARAM_DURATION, "5s", "How long to sleep.")};
  explicit Sleep(virgo::sdk::Host) {}
  void configure(virgo::sdk::Config root) { ns_ = root["for"].as_duration_ns(); }
  void collect(virgo::sdk::Run run) {
    timespec rest{static_cast<time_t>(ns_ / 1'000'000'000), static_cast<long>(ns_ % 1'000'000'000)};
    while (nanosleep(&rest, &rest) != 0) {
    }
    run.emit(0, static_cast<double>(ns_) / 1e9);
  }

 private:
  uint64_t ns_ = 0;
};

struct SleepWorker : Sleep {
  using Sleep::Sleep;
  static constexpr const char* kName = "test.sleep_worker";
  static constexpr uint32_t kThread = VIRGO_ON_WORKER;
};
struct SleepLoop : Sleep {
  using Sleep::Sleep;
  static constexpr const char* kName = "test.sleep_loop";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
};

}  // namespace

VIRGO_CXX_MODULE("test.sleep", "1.0.0", SleepWorker, SleepLoop);
