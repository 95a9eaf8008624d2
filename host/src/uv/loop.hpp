// The event loop: RAII over uv_loop_t.
//
// One Loop, one thread (the loop thread); only post() may be called from
// others. Handles are wrapped by the classes beside this file: destroying a
// wrapper closes its handle asynchronously and no callback follows.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <uv.h>

namespace virgo::uv {

class Loop {
 public:
  Loop();
  // Closes what close() has not; a handle still open then is a leak of ours:
  // it is named in the log and the process aborts.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  uv_loop_t* raw() { return &loop_; }

  // Until stop(), or until nothing that counts is open.
  void run();
  // One turn; waits for an event if nothing is ready and `wait` is set.
  void run_once(bool wait);
  // Makes run() return after the current callback.
  void stop();

  // Runs `task` on the loop thread, in order, as soon as it comes round. From
  // any thread. Does not keep run() from returning; tasks that are still
  // waiting when the loop closes are destroyed without being run.
  void post(std::function<void()> task);

  // Runs close callbacks until none is outstanding, then names the handles that
  // are still open ("timer", "tcp"); empty = the loop closed cleanly. Call when
  // all wrappers are gone.
  std::vector<std::string> close();

 private:
  void run_posted();
  uv_loop_t loop_{};
  uv_async_t wake_{};
  std::mutex mutex_;
  std::deque<std::function<void()>> posted_;  // guarded by mutex_
  bool accepting_ = true;                     // guarded by mutex_
  bool closed_ = false;
};

}  // namespace virgo::uv
