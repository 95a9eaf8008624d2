#include "schedule/phases.hpp"

#include <algorithm>
#include <cstdint>

#include "base/text.hpp"

namespace virgo::schedule {
namespace {

constexpr std::uint64_t kParts = 8;  // moments of the splay

}  // namespace

Phases::Phases(const Clock& clock, std::string host)
    : clock_(clock), host_(std::move(host)), made_(clock.now()), made_wall_(clock.wall()) {}

// The phase comes from the wall clock, so that a restart keeps it; from then on
// only monotonic time counts.
TimePoint Phases::first_tick(const std::string& check, const Timing& timing) const {
  const TimePoint now = clock_.now();
  const std::int64_t window = std::min(timing.splay, timing.interval).count();
  if (window <= 0) return now;
  const std::uint64_t part =
      std::max<std::uint64_t>(1, static_cast<std::uint64_t>(window) / kParts);
  const std::uint64_t parts = static_cast<std::uint64_t>(window) / part;
  const std::uint64_t offset =
      stable_hash(host_) % part + stable_hash(host_ + '\0' + check) % parts * part;
  const std::int64_t into = made_wall_ % window;
  TimePoint tick = made_ + Duration((static_cast<std::int64_t>(offset) - into + window) % window);
  if (tick < now) tick += Duration(((now - tick).count() + window - 1) / window * window);
  return tick;
}

}  // namespace virgo::schedule
