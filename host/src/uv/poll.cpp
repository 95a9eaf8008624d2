#include "uv/poll.hpp"

#include <sys/stat.h>

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

// What epoll takes. A number that was closed may have been given to a file since.
bool can_be_watched(int fd) {
  struct stat status {};
  return fstat(fd, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

}  // namespace

Poll::Poll(Loop& loop, int fd, Ready ready)
    : loop_(loop),
      fd_(fd),
      handle_(this),
      ready_(std::make_shared<const Ready>(std::move(ready))) {}

Poll::~Poll() {
  loop_.forget(*this);
}

Result<std::unique_ptr<Poll>> Poll::open(Loop& loop, int fd, Ready ready) {
  std::unique_ptr<Poll> poll(new Poll(loop, fd, std::move(ready)));
  if (const int code = uv_poll_init(loop.raw(), poll->handle_.get(), fd); code != 0)
    return refused(code, fd);
  poll->handle_.initialised();
  return poll;
}

bool Poll::start(unsigned events) {
  wanted_ = events;
  if (to_uv(events) == 0) {
    stop();
    return true;
  }
  if (!can_be_watched(fd_)) return false;
  const int code =
      uv_poll_start(handle_.get(), to_uv(events), [](uv_poll_t* h, int status, int ready) noexcept {
        if (Poll* self = HandleBox<uv_poll_t, Poll>::owner_of(h->data); self != nullptr)
          self->told(status, ready);
      });
  if (code == 0) loop_.remember(*this);
  return code == 0;
}

void Poll::stop() {
  uv_poll_stop(handle_.get());
}

void Poll::look_at_descriptor() {
  if (uv_is_active(handle_.base()) == 0 || can_be_watched(fd_)) return;
  loop_.post([] {});  // who was told may have changed what the loop waits for
  failed();
}

void Poll::told(int status, int events) {
  if (status < 0) {
    failed();
    return;
  }
  // Held here: the callback may destroy this object.
  const auto ready = ready_;
  (*ready)(from_uv(events));
}

// libuv has stopped watching, or is to stop.
void Poll::failed() {
  uv_poll_stop(handle_.get());
  const std::weak_ptr<const Ready> alive = ready_;
  {
    const auto ready = ready_;
    (*ready)(wanted_ | kHangup);
  }
  // Still there, and not started anew by the callback: as long as it holds.
  if (!alive.expired() && wanted_ != 0 && uv_is_active(handle_.base()) == 0) start(wanted_);
}

}  // namespace virgo::uv
