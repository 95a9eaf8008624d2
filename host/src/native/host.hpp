// What native checks need of the agent: its loop, its workers, its clock.
// One per agent; outlives the check types and checks made with it. Loop thread.
#pragma once

#include <functional>
#include <unordered_set>

#include "base/clock.hpp"
#include "native/handles.hpp"
#include "uv/loop.hpp"
#include "uv/worker_pool.hpp"

namespace virgo::native {

class LoopObjects;

class Host {
 public:
  struct Options {
    // Calls of one module that are overdue and have not come back, before the
    // module is put in quarantine.
    unsigned wedged_limit = 4;
    // What modules are handed instead of the table made for them, if it is set: for
    // tools that watch what a plugin does. It must live as long as the process.
    std::function<const virgo_host*(const virgo_host*)> wrap_table;
  };

  // `clock` must live as long as the process; the others as long as this.
  Host(uv::Loop& loop, uv::WorkerPool& pool, const Clock& clock, const Options& options);
  // Plugins that still execute, or have threads of their own, get STALE from now
  // on for whatever they ask.
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  uv::Loop& loop() { return loop_; }
  uv::WorkerPool& pool() { return pool_; }
  const Clock& clock() const { return clock_; }
  const Options& options() const { return options_; }
  // Lives until the process ends.
  Handles& handles() { return *handles_; }
  // Those there are; a check that is left behind must leave nothing on the loop.
  void add(LoopObjects& objects) { loop_objects_.insert(&objects); }
  void remove(LoopObjects& objects) { loop_objects_.erase(&objects); }
  // Descriptors that have a watch, paused ones included.
  bool watches(virgo_fd fd) const { return watched_.contains(fd); }
  void watch(virgo_fd fd, bool on) {
    if (on)
      watched_.insert(fd);
    else
      watched_.erase(fd);
  }

 private:
  uv::Loop& loop_;
  uv::WorkerPool& pool_;
  const Clock& clock_;
  const Options options_;
  Handles* handles_;
  std::unordered_set<LoopObjects*> loop_objects_;
  std::unordered_set<virgo_fd> watched_;
};

}  // namespace virgo::native
