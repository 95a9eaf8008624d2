// The event loop: RAII over uv_loop_t.
//
// One Loop, one thread (the loop thread); only post() may be called from
// others. Handles are wrapped by the classes beside this file: destroying a
// wrapper closes its handle asynchronously and no callback follows.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <uv.h>

#include "base/clock.hpp"

namespace virgo::uv {

class Poll;

class Loop {
 public:
  Loop();
  // Closes what close() has not; a handle still open then is a leak of ours:
  // it is named in the log and the process aborts.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  uv_loop_t* raw() { return &loop_; }
  // Whether a handle is one of the loop's own, which never keep it running.
  bool owns(const void* handle) const { return handle == &wake_ || handle == &before_sleep_; }

  // Until stop(), or until nothing that counts is open and no posted task waits.
  void run();
  // One turn; waits for an event if nothing is ready and `wait` is set.
  void run_once(bool wait);
  // Makes run() return after the current callback.
  void stop();

  // The time this turn began, for time-outs: cheap, in steps of a millisecond, from an
  // arbitrary start. Loop thread only.
  Duration now() const { return std::chrono::milliseconds(uv_now(&loop_)); }

  // Runs `task` on the loop thread, in order, as soon as it comes round. From
  // any thread. run() does not wait for tasks that another thread may yet post;
  // tasks that are still waiting when the loop closes are destroyed without
  // being run.
  void post(std::function<void()> task);

  // Owns `object` until release(), or until the loop closes. For objects that
  // see something to its end after their owner let go of them, such as a
  // connection that says goodbye. Loop thread only. Never 0.
  std::uint64_t adopt(std::shared_ptr<void> object);
  // Lets go of an adopted object; a number not given out is ignored.
  void release(std::uint64_t adopted);

  // Destroys adopted objects, runs close callbacks until none is outstanding,
  // then names the handles that are still open ("timer", "tcp"); empty = the
  // loop closed cleanly. Call when all wrappers are gone.
  std::vector<std::string> close();

 private:
  friend class Poll;
  // A poll that was started since the loop last slept; and that has gone.
  void remember(Poll& poll) { fresh_polls_.insert(&poll); }
  void forget(Poll& poll) { fresh_polls_.erase(&poll); }
  void look_at_fresh_polls();
  bool run_posted();
  bool run_down();
  uv_loop_t loop_{};
  uv_async_t wake_{};
  uv_prepare_t before_sleep_{};
  std::mutex mutex_;
  std::deque<std::function<void()>> posted_;  // guarded by mutex_
  bool accepting_ = true;                     // guarded by mutex_
  std::map<std::uint64_t, std::shared_ptr<void>> adopted_;
  std::uint64_t next_adopted_ = 1;
  std::set<Poll*> fresh_polls_;
  bool stop_ = false;
  bool closed_ = false;
};

}  // namespace virgo::uv
