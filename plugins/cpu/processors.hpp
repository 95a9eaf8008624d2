// What is remembered of each processor from run to run. Processors go offline and come
// back: what is remembered of one goes with it.
#pragma once

#include "stat.hpp"

namespace plugin {

struct Processor {
  uint64_t number;
  uint64_t ticks[kCpuColumns];
};

// Walked in step with the lines of /proc/stat, which come in the same order every time.
class Processors {
 public:
  Processors() = default;
  ~Processors() { free(list_); }
  Processors(const Processors&) = delete;
  Processors& operator=(const Processors&) = delete;

  void begin() { at_ = 0; }
  // The next one; `known` tells whether it was there the last time, else its ticks are
  // zero. Null when there is no memory.
  Processor* next(uint64_t number, bool* known) {
    size_t found = at_;
    while (found < count_ && list_[found].number != number) ++found;
    *known = found < count_;
    if (*known) {  // those before it have gone
      memmove(list_ + at_, list_ + found, (count_ - found) * sizeof *list_);
      count_ -= found - at_;
    } else {
      if (!grow()) return nullptr;
      memmove(list_ + at_ + 1, list_ + at_, (count_ - at_) * sizeof *list_);
      ++count_;
      list_[at_] = Processor();
      list_[at_].number = number;
    }
    return &list_[at_++];
  }
  // Forgets those that did not come.
  void end() { count_ = at_; }
  size_t count() const { return count_; }

 private:
  bool grow() {
    if (count_ < size_) return true;
    const size_t size = size_ == 0 ? 4 : size_ * 2;
    auto* bigger = static_cast<Processor*>(realloc(list_, size * sizeof *list_));
    if (bigger == nullptr) return false;
    list_ = bigger;
    size_ = size;
    return true;
  }

  Processor* list_ = nullptr;
  size_t count_ = 0;
  size_t size_ = 0;
  size_t at_ = 0;
};

// The kernel works idle and iowait out anew on each read, and they, and steal after a
// move to another machine, may go back a little. A total that does would pass for one
// that began anew, and the rate for a huge one: so a small step back is not shown, and
// the total stands still until it has been made up for. A big one is a new beginning,
// as of a processor that was offline.
class ForwardOnly {
 public:
  explicit ForwardOnly(uint64_t ticks_per_second) : most_(3 * ticks_per_second) {}
  uint64_t next(uint64_t* last, uint64_t ticks) const {
    if (ticks >= *last || *last - ticks > most_) *last = ticks;
    return *last;
  }

 private:
  uint64_t most_;
};

}  // namespace plugin
