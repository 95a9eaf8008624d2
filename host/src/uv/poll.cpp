#include "uv/poll.hpp"

#include <utility>

#include "base/format.hpp"

namespace virgo::uv {
namespace {

int to_uv(unsigned events) {
  int out = 0;
  if ((events & Poll::kReadable) != 0) out |= UV_READABLE;
  if ((events & Poll::kWritable) != 0) out |= UV_WRITABLE;
  if ((events & Poll::kHangup) != 0) out |= UV_DISCONNECT;
  return out;
}

unsigned from_uv(int events) {
  unsigned out = 0;
  if ((events & UV_READABLE) != 0) out |= Poll::kReadable;
  if ((events & UV_WRITABLE) != 0) out |= Poll::kWritable;
  if ((events & UV_DISCONNECT) != 0) out |= Poll::kHangup;
  return out;
}

Error refused(int code, int fd) {
  const Errc kind = code == UV_EEXIST  ? Errc::invalid
                    : code == UV_EPERM ? Errc::unsupported
                                       : Errc::io;
  return {kind, format("descriptor {} cannot be watched: {}", fd, uv_strerror(code))};
}

}  // namespace

Poll::Poll(Ready ready) : handle_(this), ready_(std::make_shared<const Ready>(std::move(ready))) {}

Result<std::unique_ptr<Poll>> Poll::open(Loop& loop, int fd, Ready ready) {
  std::unique_ptr<Poll> poll(new Poll(std::move(ready)));
  if (const int code = uv_poll_init(loop.raw(), poll->handle_.get(), fd); code != 0)
    return refused(code, fd);
  poll->handle_.initialised();
  return poll;
}

void Poll::start(unsigned events) {
  wanted_ = events;
  if (to_uv(events) == 0) {
    stop();
    return;
  }
  uv_poll_start(handle_.get(), to_uv(events), [](uv_poll_t* h, int status, int ready) noexcept {
    if (Poll* self = HandleBox<uv_poll_t, Poll>::owner_of(h->data); self != nullptr)
      self->told(status, ready);
  });
}

void Poll::stop() {
  uv_poll_stop(handle_.get());
}

void Poll::told(int status, int events) {
  // Held here: the callback may destroy this object.
  const auto ready = ready_;
  if (status < 0) {
    // libuv has stopped watching; without this the next turn would say it again.
    const unsigned all = wanted_ | kHangup;
    uv_poll_stop(handle_.get());
    (*ready)(all);
    return;
  }
  (*ready)(from_uv(events));
}

}  // namespace virgo::uv
