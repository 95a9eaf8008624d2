#include "uv/timer.hpp"

#include <memory>

namespace virgo::uv {
namespace {

std::uint64_t round_up_ms(Duration d) {
  if (d.count() <= 0) return 0;
  return static_cast<std::uint64_t>((d.count() + 999'999) / 1'000'000);
}

}  // namespace

Timer::Timer(Loop& loop, std::function<void()> fired) : handle_(this), fired_(std::move(fired)) {
  uv_timer_init(loop.raw(), handle_.get());
  handle_.initialised();
}

void Timer::start(Duration delay, Duration period) {
  // The loop's idea of now may be old when a callback ran long.
  uv_update_time(handle_.get()->loop);
  uv_timer_start(
      handle_.get(),
      [](uv_timer_t* h) {
        Timer* self = HandleBox<uv_timer_t, Timer>::owner_of(h->data);
        if (self == nullptr) return;
        // A copy: the callback may destroy this object, and the function with it.
        const auto fired = self->fired_;
        fired();
      },
      round_up_ms(delay), round_up_ms(period));
}

void Timer::stop() { uv_timer_stop(handle_.get()); }

bool Timer::active() const {
  return uv_is_active(reinterpret_cast<const uv_handle_t*>(handle_.get())) != 0;
}

void Timer::unref() { uv_unref(handle_.base()); }

}  // namespace virgo::uv
