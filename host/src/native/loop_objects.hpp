// What one check has on the loop through virgo/ext/loop.h: timers, watches and
// works. Owned by its NativeCheck, which ends those of a run with the run and the
// rest with itself. Loop thread only.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "native/guarded.hpp"
#include "native/native_instance.hpp"
#include "uv/poll.hpp"
#include "uv/timer.hpp"
#include "uv/worker_pool.hpp"
#include "virgo/ext/loop.h"

namespace virgo::native {

class Host;
class LoopObjects;
class NativeCheck;

// A timer or a watch.
struct LoopObject {
  LoopObjects* owner = nullptr;
  std::uint64_t handle = 0;
  virgo_run run = 0;  // 0 = the check's
  void* user = nullptr;
  virgo_timer_fn timer_fn = nullptr;
  Duration period{};  // 0 = once
  TimePoint due{};
  std::unique_ptr<uv::Timer> timer;
  virgo_watch_fn watch_fn = nullptr;
  virgo_fd fd = -1;
  std::unique_ptr<uv::Poll> poll;
  Host* watcher = nullptr;  // has `fd` in its list

  ~LoopObject();
};

// A work, from its start until its release. It is held by whoever has it at the
// time: the pool's queue, the worker, the task that tells the loop; `owner` is
// null once nobody waits for it. Destroyed on the loop, which calls release.
struct WorkItem {
  std::shared_ptr<NativeInstance> instance;
  LoopObjects* owner = nullptr;
  virgo_run run = 0;
  virgo_task_fn work = nullptr;
  virgo_task_fn done = nullptr;
  virgo_task_fn release = nullptr;
  void* user = nullptr;
  uv::WorkerPool::Ticket ticket = 0;
  bool written_off = false;
  CallResult result;
  // When `work` began, in the clock's nanoseconds; 0 = not yet. Set by the worker.
  std::atomic<std::int64_t> began = 0;
  TimePoint run_ended{};  // of its run, if that has

  // On the loop, after `work` has returned.
  void came_back();
  ~WorkItem();
};

class LoopObjects {
 public:
  static constexpr std::size_t kMaxTimersAndWatches = 256;
  static constexpr std::size_t kMaxWorks = 16;
  // Until a work that executes is written off: its thread no longer counts, and it
  // does as a call that has not come back.
  static constexpr Duration kGrace = std::chrono::seconds(2);      // after its run's end
  static constexpr Duration kLongWork = std::chrono::seconds(60);  // of a check, since it began

  LoopObjects(Host& host, NativeCheck& check);
  ~LoopObjects();
  LoopObjects(const LoopObjects&) = delete;
  LoopObjects& operator=(const LoopObjects&) = delete;

  // As virgo_loop's functions of these names; `run` is open, or 0.
  virgo_status timer_start(virgo_run run, std::uint64_t delay_ns, std::uint64_t period_ns,
                           virgo_timer_fn fn, void* user, virgo_timer* timer);
  virgo_status watch_start(virgo_run run, virgo_fd fd, std::uint32_t events, virgo_watch_fn fn,
                           void* user, virgo_watch* watch);
  virgo_status work(virgo_run run, virgo_task_fn fn, virgo_task_fn done, virgo_task_fn release,
                    void* user);
  // `handle` is of one of this check's.
  void stop(std::uint64_t handle);
  void stop_all();
  // The agent ends: nothing is left on the loop, nobody waits for works any more.
  void let_go();

  // The item ends, whoever had it.
  void forget(WorkItem& item);
  // Ends what `run` owns. Its works that execute go on; see outliving_works().
  void end_run(virgo_run run);
  // Of that, the timers and watches only.
  void stop_run(virgo_run run);
  // Works that execute although their run has ended.
  bool outliving_works() const;
  // Those of ended runs: at once, whatever the grace.
  void write_off_works();

 private:
  friend struct WorkItem;
  virgo_status add(std::unique_ptr<LoopObject> object, std::uint64_t* handle);
  // True when the owner of `object` has not ended.
  bool alive(virgo_run run) const;
  void timer_fired(std::uint64_t handle);
  void watch_ready(std::uint64_t handle, unsigned events);
  void work_returned(WorkItem& item);
  // Lets go of works that have not begun; those that have stay in works_.
  void withdraw(virgo_run run, bool all);
  void write_off(WorkItem& item);
  void look_after_works();

  Host& host_;
  NativeCheck& check_;
  std::vector<std::unique_ptr<LoopObject>> objects_;
  std::vector<WorkItem*> works_;  // each erases itself when it ends
  std::unique_ptr<uv::Timer> works_timer_;
};

}  // namespace virgo::native
