#include "uv/timer.hpp"

#include <algorithm>

namespace virgo::uv {
namespace {

constexpr std::uint64_t kMs = 1'000'000;

std::uint64_t round_up_ms(std::uint64_t ns) {
  return ns / kMs + (ns % kMs != 0 ? 1 : 0);
}

// libuv counts from its own idea of now, which is cut to whole milliseconds and
// as old as this turn of the loop: what counts is when the timer is due. At least
// one: a timer that is due at once would fire again in the same turn, and one that
// starts itself anew, before the loop looks at anything else. For the same reason
// libuv's now is left alone here (see Loop).
std::uint64_t delay_ms(const uv_loop_t* loop, Duration delay) {
  const auto wait = static_cast<std::uint64_t>(std::max<std::int64_t>(delay.count(), 0));
  const std::uint64_t due = round_up_ms(uv_hrtime() + wait);
  const std::uint64_t now = uv_now(loop);
  return due > now ? due - now : 1;
}

}  // namespace

Timer::Timer(Loop& loop, std::function<void()> fired)
    : handle_(this), fired_(std::make_shared<const std::function<void()>>(std::move(fired))) {
  uv_timer_init(loop.raw(), handle_.get());
  handle_.initialised();
}

void Timer::start(Duration delay, Duration period) {
  uv_timer_start(
      handle_.get(),
      [](uv_timer_t* h) noexcept {
        Timer* self = HandleBox<uv_timer_t, Timer>::owner_of(h->data);
        if (self == nullptr) return;
        // Held here: the callback may destroy this object.
        const auto fired = self->fired_;
        (*fired)();
      },
      delay_ms(handle_.get()->loop, delay),
      period.count() <= 0 ? 0 : round_up_ms(static_cast<std::uint64_t>(period.count())));
}

void Timer::stop() {
  uv_timer_stop(handle_.get());
}

bool Timer::active() const {
  return uv_is_active(reinterpret_cast<const uv_handle_t*>(handle_.get())) != 0;
}

}  // namespace virgo::uv
