// A signal as an event of the loop. Loop thread only. Does not keep the loop
// running.
#pragma once

#include <functional>
#include <memory>

#include "uv/handle.hpp"
#include "uv/loop.hpp"

namespace virgo::uv {

class Signal {
 public:
  // `number` as in SIGTERM. The callback may destroy this object. A signal that
  // cannot be watched (SIGKILL) is logged as an error and never arrives.
  Signal(Loop& loop, int number, std::function<void()> received);

 private:
  HandleBox<uv_signal_t, Signal> handle_;
  std::shared_ptr<const std::function<void()>> received_;
};

}  // namespace virgo::uv
