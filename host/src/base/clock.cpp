#include "base/clock.hpp"

#include <algorithm>
#include <ctime>

namespace virgo {
namespace {

Duration read(clockid_t id) {
  timespec t{};
  clock_gettime(id, &t);
  return std::chrono::seconds(t.tv_sec) + Duration(t.tv_nsec);
}

class SystemClock final : public Clock {
 public:
  TimePoint now() const override { return TimePoint(read(CLOCK_MONOTONIC)); }
  WallTime wall() const override { return read(CLOCK_REALTIME).count(); }
  Duration suspended() const override;
};

// The two clocks cannot be read together. With CLOCK_BOOTTIME read first, being
// put off in between only makes the result too small; the largest of a few is
// right, so that a busy machine is not taken for one that slept.
Duration SystemClock::suspended() const {
  Duration best = Duration::min();
  for (int i = 0; i < 3; ++i) {
    const Duration boot = read(CLOCK_BOOTTIME);
    best = std::max(best, boot - read(CLOCK_MONOTONIC));
  }
  return best;
}

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

}  // namespace virgo
