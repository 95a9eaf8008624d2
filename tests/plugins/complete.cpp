// Evil: completes twice, or when the run is long gone.
#include <stdio.h>
#include <time.h>

#include <thread>
#include <virgo/plugin.hpp>

namespace {

class Twice {
 public:
  static constexpr const char* kName = "test.complete_twice";
  static constexpr const char* kSummary = "Completes three times over, with different results.";
  static constexpr uint32_t kThread = VIRGO_ON_WORKER;
  static constexpr virgo_metric kMetrics[] = {virgo::sdk::gauge(
      "test.stale_answers", "1", "How many later calls were answered as stale.", VIRGO_I64)};
  explicit Twice(virgo::sdk::Host) {}
  virgo_status collect(virgo::sdk::Run run) {
    run.emit(0, last_);
    const virgo_status first = run.complete(VIRGO_OK);
    last_ = 0;
    last_ += run.complete(VIRGO_ERR_FAILED) == VIRGO_ERR_STALE;
    last_ += run.emit(0, -1) == VIRGO_ERR_STALE;
    last_ += run.time_left_ns() == 0;
    return first == VIRGO_OK ? VIRGO_ERR_FAILED : VIRGO_PENDING;
  }

 private:
  int64_t last_ = 3;  // of the run before
};

// Returns PENDING and completes `after` later, whatever has become of the run.
class Late {
 public:
  static constexpr const char* kName = "test.complete_late";
  static constexpr const char* kSummary = "Completes long after its time.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  static constexpr virgo_metric kMetrics[] = {
      virgo::sdk::gauge("test.late", "1", "Never to be seen.", VIRGO_I64)};
  static constexpr virgo_param kParams[] = {
      virgo::sdk::param("after", VIRGO_PARAM_DURATION, "3s", "When to complete.")};
  explicit Late(virgo::sdk::Host host) : host_(host) {}
  ~Late() { join(); }
  void configure(virgo::sdk::Config root) { ns_ = root["after"].as_duration_ns(); }
  virgo_status collect(virgo::sdk::Run run) {
    join();
    thread_ = std::thread([run, host = host_, ns = ns_] {
      timespec rest{static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
      nanosleep(&rest, nullptr);
      const virgo_status emitted = run.emit(0, 1);
      const virgo_status completed = run.complete(VIRGO_OK);
      char text[80];
      snprintf(text, sizeof text, "late emit() answered %d, complete() %d", emitted, completed);
      host.log(VIRGO_LOG_WARN, text);
    });
    return VIRGO_PENDING;
  }

 private:
  void join() {
    if (thread_.joinable()) thread_.join();
  }
  virgo::sdk::Host host_;
  std::thread thread_;
  uint64_t ns_ = 0;
};

}  // namespace

VIRGO_CXX_MODULE("test.complete", "1.0.0", Twice, Late);
