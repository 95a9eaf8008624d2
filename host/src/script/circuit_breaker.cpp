#include "script/circuit_breaker.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/text.hpp"

namespace virgo::script {

bool CircuitBreaker::exceeded(TimePoint now, std::string limit, std::string value) {
  limit_ = std::move(limit);
  value_ = std::move(value);
  if (++strikes_ < kStrikes) return false;
  pause_ = pause_.count() == 0 ? kFirstPause : std::min(2 * pause_, kLongestPause);
  until_ = now + pause_;
  return true;
}

void CircuitBreaker::kept_within() {
  strikes_ = 0;
  pause_ = {};
}

std::string CircuitBreaker::sentence(TimePoint now) const {
  using std::chrono::seconds;
  const auto left = std::chrono::ceil<seconds>(std::max(Duration{}, until_ - now));
  return format("suspended: {} runs in succession reached {} ({}); tried again in {}", strikes_,
                limit_, value_, format_duration(left));
}

}  // namespace virgo::script
