// Time-outs of many things, of which there are few kinds, at the price of one timer.
//
// All waits of one kind last equally long, so a list in the order of their start is one
// in the order of their end: starting, stopping and finding what is due are a few
// pointers each, however many wait. Loop thread only.
#pragma once

#include <array>
#include <cstddef>
#include <functional>

#include "base/clock.hpp"
#include "uv/timer.hpp"

namespace virgo::net {

class Deadlines {
 public:
  static constexpr std::size_t kKinds = 5;
  static constexpr std::size_t kNone = kKinds;

  // Part of what waits; stopped by its end.
  class Entry {
   public:
    Entry() = default;
    ~Entry() { unlink(); }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    // Of the wait; kNone when there is none.
    std::size_t kind() const { return kind_; }

   private:
    friend class Deadlines;
    void unlink();
    Entry* before_ = this;
    Entry* after_ = this;
    Duration due_{};
    std::size_t kind_ = kNone;
  };

  // How long each kind lasts; 0 = for ever. `expired` is called from the loop, the entry
  // waits no longer then; it may start, stop and destroy any entry, not the Deadlines.
  Deadlines(uv::Loop& loop, std::array<Duration, kKinds> lengths,
            std::function<void(Entry&, std::size_t kind)> expired);

  // Begins to wait, or anew.
  void start(Entry& entry, std::size_t kind);
  void stop(Entry& entry) { entry.unlink(); }

 private:
  void arm(Duration due);
  void look();

  uv::Loop& loop_;
  std::array<Duration, kKinds> lengths_;
  std::array<Entry, kKinds> lists_;  // heads of rings, the next to end first
  std::function<void(Entry&, std::size_t)> expired_;
  uv::Timer timer_;
  Duration armed_{};  // when the timer fires; 0: it does not
};

}  // namespace virgo::net
