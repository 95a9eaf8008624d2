#include "uv/signal.hpp"

namespace virgo::uv {

Signal::Signal(Loop& loop, int number, std::function<void()> received)
    : handle_(this), received_(std::move(received)) {
  uv_signal_init(loop.raw(), handle_.get());
  handle_.initialised();
  uv_unref(handle_.base());
  uv_signal_start(
      handle_.get(),
      [](uv_signal_t* h, int) {
        Signal* self = HandleBox<uv_signal_t, Signal>::owner_of(h->data);
        if (self == nullptr) return;
        const auto call = self->received_;  // may destroy this object
        call();
      },
      number);
}

}  // namespace virgo::uv
