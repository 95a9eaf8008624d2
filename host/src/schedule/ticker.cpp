#include "schedule/ticker.hpp"

#include <algorithm>

namespace virgo::schedule {
namespace {

// Also the longest time a suspend goes unnoticed.
constexpr Duration kLongestSleep = std::chrono::seconds(60);

}  // namespace

Ticker::Ticker(uv::Loop& loop, const Clock& clock, Scheduler& scheduler)
    : clock_(clock), scheduler_(scheduler), timer_(loop, [this] {
        scheduler_.advance();
        arm();
      }) {
  scheduler_.on_wake_changed([this] { arm(); });
  arm();
}

Ticker::~Ticker() {
  scheduler_.on_wake_changed(nullptr);
}

void Ticker::arm() {
  const auto wake = scheduler_.next_wake();
  if (!wake) {
    timer_.stop();
    return;
  }
  timer_.start(std::clamp(*wake - clock_.now(), Duration(0), kLongestSleep));
}

}  // namespace virgo::schedule
