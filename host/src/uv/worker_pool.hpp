// Threads for calls that may block: Virgo's own, because libuv's four also
// serve DNS and files, and a few dead mounts would starve those.
//
// Threads are started when work waits and none is idle, up to `threads`. A call
// that does not come back can be written off (`write_off`): its thread no longer
// counts and a fresh one may take its place, up to `max_written_off` of them.
//
// submit() and write_off(): loop thread. Tasks run on pool threads and must not
// throw. Destruction waits up to `shutdown_grace` for tasks to end; threads that
// still do not come back are left behind (detached) and counted by the result
// of shutdown().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/clock.hpp"

namespace virgo::uv {

class WorkerPool {
 public:
  struct Options {
    unsigned threads = 4;
    unsigned max_written_off = 16;
  };
  using Ticket = std::uint64_t;  // 0 = none

  explicit WorkerPool(Options options);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Queues `task`. Never blocks. 0 once shutdown() was called.
  Ticket submit(std::function<void()> task);

  // Takes a task that has not begun out of the queue. False if it has begun,
  // has ended, or is not known.
  bool withdraw(Ticket ticket);

  // The task runs and is not expected back soon: stop counting its thread. False
  // when too many are written off already (then its thread stays counted). When
  // the call does come back, its thread counts again, or ends.
  bool write_off(Ticket ticket);

  struct Load {
    unsigned threads = 0;      // alive, written-off ones left out
    unsigned busy = 0;         // of these, running a task
    unsigned queued = 0;       // tasks waiting
    unsigned written_off = 0;  // calls that did not come back so far
  };
  Load load() const;  // any thread

  // Drops queued tasks, waits for running ones until `grace` is over. Returns
  // how many never came back. Idempotent; the destructor calls it with 1 s.
  unsigned shutdown(Duration grace);

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace virgo::uv
