// For an agent that is process 1, as in a container: who loses its parent becomes its
// child, and has to be reaped by it. Loop thread only.
#pragma once

#include <sys/types.h>

#include <cstddef>

#include "uv/loop.hpp"
#include "uv/signal.hpp"
#include "uv/timer.hpp"

namespace virgo::uv {

// Reaps zombies among our children that were adopted. What we, a library or a plugin
// has started is left to whoever waits for it: those are listed by spawn(), or are of
// our own session.
class OrphanReaper {
 public:
  explicit OrphanReaper(Loop& loop);

  // Looks through /proc; how many were reaped. None while spawn() works on another
  // thread, whose child might be taken for one of them.
  static std::size_t reap();

 private:
  void look();
  Timer timer_;  // several that end together are one look
  Signal child_ended_;
};

}  // namespace virgo::uv
