#include "uv/signal.hpp"

#include "base/log.hpp"

namespace virgo::uv {

Signal::Signal(Loop& loop, int number, std::function<void()> received)
    : handle_(this), received_(std::make_shared<const std::function<void()>>(std::move(received))) {
  int rc = uv_signal_init(loop.raw(), handle_.get());
  if (rc == 0) {
    handle_.initialised();
    uv_unref(handle_.base());
    rc = uv_signal_start(
        handle_.get(),
        [](uv_signal_t* h, int) noexcept {
          Signal* self = HandleBox<uv_signal_t, Signal>::owner_of(h->data);
          if (self == nullptr) return;
          const auto call = self->received_;  // the callback may destroy this object
          (*call)();
        },
        number);
  }
  if (rc != 0) log_error("loop", "cannot watch signal {}: {}", number, uv_strerror(rc));
}

}  // namespace virgo::uv
