// Runs that end after collect(), and such that throw.
#pragma once

#include <stdexcept>
#include <thread>
#include <virgo/plugin.hpp>

inline constexpr virgo_metric kLateMetric =
    virgo::sdk::gauge("abi.late", "1", "What was seen late.", VIRGO_I64);

// Completes twice from a thread of its own, and emits when it is too late.
class Thread {
 public:
  static constexpr const char* kName = "abi.thread";
  static constexpr const char* kSummary = "Ends late.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  static constexpr virgo_metric kMetrics[] = {kLateMetric};
  explicit Thread(virgo::sdk::Host) {}
  ~Thread() { join(); }
  virgo_status collect(virgo::sdk::Run run) {
    join();
    thread_ = std::thread([this, run] {
      run.emit(0, after_);
      run.complete(VIRGO_OK);
      after_ = run.emit(0, 1);
      if (after_ == VIRGO_ERR_STALE) after_ = run.complete(VIRGO_ERR_FAILED);
    });
    return VIRGO_PENDING;
  }

 private:
  void join() {
    if (thread_.joinable()) thread_.join();
  }
  std::thread thread_;
  virgo_status after_ = VIRGO_OK;  // what was said after the run before had ended
};

// Waits for cancel().
class Patient {
 public:
  static constexpr const char* kName = "abi.patient";
  static constexpr const char* kSummary = "Ends late.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  static constexpr virgo_metric kMetrics[] = {kLateMetric};
  explicit Patient(virgo::sdk::Host) {}
  virgo_status collect(virgo::sdk::Run run) {
    run_ = run.id();
    return VIRGO_PENDING;
  }
  void cancel(virgo::sdk::Run run) noexcept {
    run.emit(0, int64_t{run.id() == run_ && run.time_left_ns() == 0});
    run.complete(VIRGO_ERR_CANCELLED);
  }

 private:
  virgo_run run_ = 0;
};

// What it throws must not reach the agent.
class Throws {
 public:
  static constexpr const char* kName = "abi.throws";
  static constexpr const char* kSummary = "Throws.";
  static constexpr uint32_t kThread = VIRGO_ON_WORKER;
  static constexpr virgo_metric kMetrics[] = {kLateMetric};
  explicit Throws(virgo::sdk::Host) {}
  void collect(virgo::sdk::Run) { throw std::runtime_error("thrown by abi.throws"); }
};
