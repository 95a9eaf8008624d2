#include "net/deadlines.hpp"

#include <algorithm>
#include <chrono>

namespace virgo::net {

void Deadlines::Entry::unlink() {
  before_->after_ = after_;
  after_->before_ = before_;
  before_ = after_ = this;
  kind_ = kNone;
}

Deadlines::Deadlines(uv::Loop& loop, std::array<Duration, kKinds> lengths,
                     std::function<void(Entry&, std::size_t)> expired)
    : loop_(loop),
      lengths_(lengths),
      expired_(std::move(expired)),
      timer_(loop, [this] { look(); }) {
  timer_.unref();  // what waits keeps the loop going, if anything should
}

void Deadlines::start(Entry& entry, std::size_t kind) {
  entry.unlink();
  if (lengths_[kind].count() == 0) return;
  Entry& ring = lists_[kind];
  entry.kind_ = kind;
  entry.due_ = loop_.now() + lengths_[kind];
  entry.before_ = ring.before_;
  entry.after_ = &ring;
  ring.before_->after_ = &entry;
  ring.before_ = &entry;
  if (armed_.count() == 0 || entry.due_ < armed_) arm(entry.due_);
}

void Deadlines::arm(Duration due) {
  armed_ = due;
  // Never fires twice in one step of the loop's time.
  timer_.start(std::max<Duration>(due - loop_.now(), std::chrono::milliseconds(1)));
}

// Most waits end early and leave the timer as it is: when it fires there is usually
// nothing due, and it is set to what comes next.
void Deadlines::look() {
  armed_ = {};
  const Duration now = loop_.now();
  for (Entry& ring : lists_)
    while (ring.after_ != &ring && ring.after_->due_ <= now) {
      Entry& entry = *ring.after_;
      const std::size_t kind = entry.kind_;
      entry.unlink();
      expired_(entry, kind);
    }
  Duration next{};
  for (const Entry& ring : lists_)
    if (ring.after_ != &ring && (next.count() == 0 || ring.after_->due_ < next))
      next = ring.after_->due_;
  if (next.count() != 0 && (armed_.count() == 0 || next < armed_)) arm(next);
}

}  // namespace virgo::net
