// Returns PENDING and completes from a thread of its own, as it should be done:
// destroy() waits for the thread.
#include <atomic>
#include <thread>
#include <virgo/plugin.hpp>

namespace {

class Async {
 public:
  static constexpr const char* kName = "test.async";
  static constexpr const char* kSummary = "Completes from a thread of its own.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  static constexpr virgo_metric kMetrics[] = {
      virgo::sdk::counter("test.completions", "1", "Runs so far.")};
  explicit Async(virgo::sdk::Host) {}
  ~Async() { join(); }
  virgo_status collect(virgo::sdk::Run run) {
    join();
    thread_ = std::thread([run, n = ++runs_] {
      run.emit(0, n);
      run.complete(VIRGO_OK);
    });
    return VIRGO_PENDING;
  }

 private:
  void join() {
    if (thread_.joinable()) thread_.join();
  }
  std::thread thread_;
  uint64_t runs_ = 0;
};

}  // namespace

VIRGO_CXX_MODULE("test.async", "1.0.0", Async);
