#include "base/clock.hpp"

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
  Duration suspended() const override { return read(CLOCK_BOOTTIME) - read(CLOCK_MONOTONIC); }
};

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

}  // namespace virgo
