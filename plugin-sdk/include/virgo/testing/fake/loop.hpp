// SPDX-License-Identifier: MIT
//
// "virgo.loop/1" of the fake host: timers on the fake clock, watches by poll(2),
// posts, and works on threads of their own. Turned by hand, on the loop's thread;
// the mutex of Runs guards what is here, and no callback is called under it.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../../ext/loop.h"
#include "runs.hpp"

#ifndef POLLRDHUP
#define POLLRDHUP 0
#endif

namespace virgo::fake::detail {

// Runs a plugin's code; an exception must not come out of it.
template <class Call>
void guarded(Ledger& ledger, const char* what, Call&& call) {
#if defined(__cpp_exceptions)
  try {
    call();
  } catch (const std::exception& e) {
    ledger.misuse(std::string(what) + " threw an exception across the ABI: " + e.what());
  } catch (...) {
    ledger.misuse(std::string(what) + " threw an exception across the ABI");
  }
#else
  (void)ledger;
  (void)what;
  call();
#endif
}

// A pipe that ends a poll() from another thread.
class WakePipe {
 public:
  WakePipe() {
    if (pipe(ends_) != 0) fail("pipe() failed");
    for (const int fd : ends_) {
      fcntl(fd, F_SETFL, O_NONBLOCK);
      fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
  }
  ~WakePipe() {
    close(ends_[0]);
    close(ends_[1]);
  }
  WakePipe(const WakePipe&) = delete;
  WakePipe& operator=(const WakePipe&) = delete;
  int fd() const { return ends_[0]; }
  void wake() const {
    // A full pipe wakes as well.
    if (write(ends_[1], "!", 1) < 0) return;
  }
  void drain() const {
    char bytes[64];
    while (read(ends_[0], bytes, sizeof bytes) > 0) {
    }
  }

 private:
  int ends_[2] = {-1, -1};
};

class Loop {
 public:
  Loop(Ledger& ledger, Stage& stage, Runs& runs) : ledger_(ledger), stage_(stage), runs_(runs) {}
  ~Loop() {
    for (const auto& work : works_)
      if (work->thread.joinable()) work->thread.join();
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  bool works_inline = false;

  void wake() const { pipe_.wake(); }

  // One round: posts, timers that are due, works, descriptors. Waits for those at
  // most wait_ms when there was nothing else. True when a callback was called.
  bool turn(int wait_ms) {
    bool did = run_posts();
    did = run_timers() || did;
    did = run_works() || did;
    return poll_watches(did ? 0 : wait_ms) || did;
  }
  // When the next timer is due; UINT64_MAX when there is none.
  uint64_t next_due() const {
    const std::lock_guard<std::mutex> lock(runs_.mutex());
    uint64_t due = UINT64_MAX;
    for (const auto& [id, timer] : timers_) due = std::min(due, timer.due);
    return due;
  }
  bool has_posts() const {
    const std::lock_guard<std::mutex> lock(runs_.mutex());
    return !posts_.empty();
  }

  // A work of this check goes on although its run has ended.
  bool has_outliving_works(virgo_check self) const {
    const std::lock_guard<std::mutex> lock(runs_.mutex());
    for (const auto& work : works_)
      if (work->owned.check == self && !runs_.is_alive(self, work->owned.run)) return true;
    return false;
  }

  // With the mutex held: what belonged to this run goes.
  void end_run(const RunState& run) {
    end_if([&run](const Owned& owned) { return owned.run == run.id; });
  }
  // The same for a check, whose works are waited for.
  void end_check(virgo_check self) {
    {
      const std::lock_guard<std::mutex> lock(runs_.mutex());
      end_if([self](const Owned& owned) { return owned.check == self; });
    }
    for (const auto& work : works_)
      if (work->owned.check == self && work->thread.joinable()) work->thread.join();
    run_works();
    run_posts();
  }

  // ---- virgo_loop ----

  virgo_status timer_start(virgo_check self, virgo_run run, uint64_t delay, uint64_t period,
                           virgo_timer_fn fn, void* user, virgo_timer* out) {
    if (!on_loop("timer_start()")) return VIRGO_ERR_WRONG_THREAD;
    const std::lock_guard<std::mutex> lock(runs_.mutex());
    const virgo_status status = accept(self, run, fn != nullptr, "timer_start()");
    if (status != VIRGO_OK) return status;
    if (handles_of(self) >= kMaxHandles) return VIRGO_ERR_LIMIT;
    const virgo_timer id = new_handle();
    timers_[id] = {{self, run}, runs_.now() + bounded(delay), bounded(period), fn, user};
    given_.insert(id);
    if (out != nullptr) *out = id;
    return VIRGO_OK;
  }
  virgo_status timer_stop(virgo_timer timer) {
    if (!on_loop("timer_stop()")) return VIRGO_ERR_WRONG_THREAD;
    const std::lock_guard<std::mutex> lock(runs_.mutex());
    known(timer, "timer_stop()");
    return timers_.erase(timer) > 0 ? VIRGO_OK : VIRGO_ERR_STALE;
  }

  virgo_status watch_start(virgo_check self, virgo_run run, virgo_fd fd, uint32_t events,
                           virgo_watch_fn fn, void* user, virgo_watch* out) {
    if (!on_loop("watch_start()")) return VIRGO_ERR_WRONG_THREAD;
    const std::lock_guard<std::mutex> lock(runs_.mutex());
    const virgo_status status = accept(self, run, fn != nullptr, "watch_start()");
    if (status != VIRGO_OK) return status;
    if (handles_of(self) >= kMaxHandles) return VIRGO_ERR_LIMIT;
    Watch watch{{self, run}, fd, events, fn, user, {}};
    if (fstat(static_cast<int>(fd), &watch.file) != 0) {
      ledger_.misuse("watch_start() of " + std::to_string(fd) + ", which is no descriptor");
      return VIRGO_ERR_INVALID;
    }
    if (S_ISREG(watch.file.st_mode) || S_ISDIR(watch.file.st_mode)) return VIRGO_ERR_UNSUPPORTED;
    for (const auto& [id, other] : watches_) {
      if (other.fd != fd) continue;
      ledger_.misuse("watch_start() of descriptor " + std::to_string(fd) +
                     ", which has a watch already");
      return VIRGO_ERR_INVALID;
    }
    fcntl(static_cast<int>(fd), F_SETFL, fcntl(static_cast<int>(fd), F_GETFL) | O_NONBLOCK);
    const virgo_watch id = new_handle();
    watches_[id] = watch;
    given_.insert(id);
    if (out != nullptr) *out = id;
    return VIRGO_OK;
  }
  virgo_status watch_modify(virgo_watch id, uint32_t events) {
    if (!on_loop("watch_modify()")) return VIRGO_ERR_WRONG_THREAD;
    const std::lock_guard<std::mutex> lock(runs_.mutex());
    known(id, "watch_modify()");
    const auto found = watches_.find(id);
    if (found == watches_.end()) return VIRGO_ERR_STALE;
    if (!look_at_descriptor(found->second)) return VIRGO_ERR_INVALID;
    found->second.events = events;
    return VIRGO_OK;
  }
  virgo_status watch_stop(virgo_watch id) {
    if (!on_loop("watch_stop()")) return VIRGO_ERR_WRONG_THREAD;
    const std::lock_guard<std::mutex> lock(runs_.mutex());
    known(id, "watch_stop()");
    const auto found = watches_.find(id);
    if (found == watches_.end()) return VIRGO_ERR_STALE;
    look_at_descriptor(found->second);
    watches_.erase(found);
    return VIRGO_OK;
  }

  virgo_status post(virgo_check self, virgo_run run, virgo_task_fn fn, virgo_task_fn release,
                    void* user) {
    {
      const std::lock_guard<std::mutex> lock(runs_.mutex());
      const virgo_status status = accept(self, run, fn != nullptr, "post()");
      if (status != VIRGO_OK) return status;
      size_t count = 0;
      for (const Post& p : posts_) count += p.owned.check == self;
      if (count >= kMaxPosts) return VIRGO_ERR_LIMIT;
      posts_.push_back({{self, run}, fn, release, user});
    }
    wake();
    return VIRGO_OK;
  }

  virgo_status work(virgo_check self, virgo_run run, virgo_task_fn fn, virgo_task_fn done,
                    virgo_task_fn release, void* user) {
    if (!on_loop("work()")) return VIRGO_ERR_WRONG_THREAD;
    const std::lock_guard<std::mutex> lock(runs_.mutex());
    const virgo_status status = accept(self, run, fn != nullptr, "work()");
    if (status != VIRGO_OK) return status;
    size_t count = 0;
    for (const auto& w : works_) count += w->owned.check == self;
    if (count >= kMaxWorks) return VIRGO_ERR_LIMIT;
    auto work = std::make_shared<Work>();
    work->owned = {self, run};
    work->fn = fn;
    work->done = done;
    work->release = release;
    work->user = user;
    works_.push_back(std::move(work));
    return VIRGO_OK;
  }

 private:
  static constexpr size_t kMaxHandles = 256;  // timers and watches of one check
  static constexpr size_t kMaxPosts = 1024;
  static constexpr size_t kMaxWorks = 16;

  struct Owned {
    virgo_check check;
    virgo_run run;
  };
  struct Timer {
    Owned owned;
    uint64_t due;
    uint64_t period;
    virgo_timer_fn fn;
    void* user;
  };
  struct Watch {
    Owned owned;
    virgo_fd fd;
    uint32_t events;
    virgo_watch_fn fn;
    void* user;
    struct stat file;  // what the descriptor was when the watch began
  };
  struct Post {
    Owned owned;
    virgo_task_fn fn;
    virgo_task_fn release;
    void* user;
  };
  struct Work {
    Owned owned{};
    virgo_task_fn fn = nullptr;
    virgo_task_fn done = nullptr;
    virgo_task_fn release = nullptr;
    void* user = nullptr;
    std::atomic<bool> finished{false};
    bool begun = false;
    std::thread thread;
  };

  bool on_loop(const char* function) {
    if (stage_.on_loop()) return true;
    ledger_.misuse(std::string("loop->") + function + " on another thread than the loop's");
    return false;
  }
  virgo_status accept(virgo_check self, virgo_run run, bool has_fn, const char* function) {
    const std::string what = std::string("loop->") + function;
    if (!has_fn) {
      ledger_.misuse(what + " without a function to call");
      return VIRGO_ERR_INVALID;
    }
    if (!runs_.was_check(self))
      ledger_.misuse(what + " for " + hex(self) + ", which never was a check");
    else if (run != 0 && !runs_.was_run(run))
      ledger_.misuse(what + " for " + hex(run) + ", which never was a run");
    return runs_.is_alive(self, run) ? VIRGO_OK : VIRGO_ERR_STALE;
  }
  void known(uint64_t handle, const char* function) {
    if (given_.count(handle) == 0)
      ledger_.misuse(std::string("loop->") + function + " with " + hex(handle) +
                     ", which never was a timer or watch");
  }
  size_t handles_of(virgo_check self) const {
    size_t count = 0;
    for (const auto& [id, timer] : timers_) count += timer.owned.check == self;
    for (const auto& [id, watch] : watches_) count += watch.owned.check == self;
    return count;
  }
  // A descriptor may be closed only after its watch has ended. False when it was before.
  bool look_at_descriptor(const Watch& watch) {
    struct stat now {};
    if (fstat(static_cast<int>(watch.fd), &now) == 0 && now.st_dev == watch.file.st_dev &&
        now.st_ino == watch.file.st_ino)
      return true;
    ledger_.misuse("descriptor " + std::to_string(watch.fd) +
                   " was closed while a watch waited for it: stop the watch before");
    return false;
  }
  template <class Belongs>
  void end_if(Belongs&& belongs) {
    for (auto it = timers_.begin(); it != timers_.end();)
      it = belongs(it->second.owned) ? timers_.erase(it) : std::next(it);
    for (auto it = watches_.begin(); it != watches_.end();) {
      if (!belongs(it->second.owned)) {
        ++it;
        continue;
      }
      look_at_descriptor(it->second);
      it = watches_.erase(it);
    }
  }

  bool run_posts();
  bool run_timers();
  bool run_works();
  void begin(const std::shared_ptr<Work>& work);
  bool poll_watches(int wait_ms);
  bool call_watch(virgo_watch id, short revents);

  Ledger& ledger_;
  Stage& stage_;
  Runs& runs_;
  WakePipe pipe_;
  std::map<virgo_timer, Timer> timers_;  // by handle: in the order they were started
  std::map<virgo_watch, Watch> watches_;
  std::set<uint64_t> given_;
  std::deque<Post> posts_;
  std::list<std::shared_ptr<Work>> works_;
};

inline bool Loop::run_posts() {
  std::deque<Post> now;
  {
    const std::lock_guard<std::mutex> lock(runs_.mutex());
    now.swap(posts_);  // what these post waits for the next turn
  }
  for (const Post& post : now) {
    bool alive = false;
    {
      const std::lock_guard<std::mutex> lock(runs_.mutex());
      alive = runs_.is_alive(post.owned.check, post.owned.run);
    }
    if (alive) guarded(ledger_, "a posted function", [&] { post.fn(post.user); });
    if (post.release != nullptr)
      guarded(ledger_, "a release function", [&] { post.release(post.user); });
  }
  return !now.empty();
}

inline bool Loop::run_timers() {
  std::vector<std::pair<uint64_t, virgo_timer>> due;
  {
    const std::lock_guard<std::mutex> lock(runs_.mutex());
    for (const auto& [id, timer] : timers_)
      if (timer.due <= runs_.now()) due.emplace_back(timer.due, id);
  }
  std::sort(due.begin(), due.end());
  for (const auto& [when, id] : due) {
    Timer timer;
    {
      const std::lock_guard<std::mutex> lock(runs_.mutex());
      const auto found = timers_.find(id);
      if (found == timers_.end()) continue;  // stopped by another callback
      timer = found->second;
      if (timer.period == 0)
        timers_.erase(found);
      else
        found->second.due = runs_.now() + timer.period;
    }
    guarded(ledger_, "a timer", [&, timer_id = id] { timer.fn(timer.user, timer_id); });
  }
  return !due.empty();
}

inline void Loop::begin(const std::shared_ptr<Work>& work) {
  work->begun = true;
  const auto run = [this, work] {
    guarded(ledger_, "a work", [&] { work->fn(work->user); });
    work->finished = true;
  };
  if (works_inline) {
    const Stage::Worker worker(stage_);
    run();
    return;
  }
  work->thread = std::thread([this, run] {
    run();
    wake();
  });
}

inline bool Loop::run_works() {
  std::vector<std::shared_ptr<Work>> all;
  {
    const std::lock_guard<std::mutex> lock(runs_.mutex());
    all.assign(works_.begin(), works_.end());
  }
  bool did = false;
  for (const auto& work : all) {
    bool alive = false;
    {
      const std::lock_guard<std::mutex> lock(runs_.mutex());
      alive = runs_.is_alive(work->owned.check, work->owned.run);
    }
    if (!work->begun && alive) {
      begin(work);
      did = true;
    }
    if (work->begun && !work->finished) continue;
    if (work->thread.joinable()) work->thread.join();
    {
      const std::lock_guard<std::mutex> lock(runs_.mutex());
      works_.remove(work);
      alive = runs_.is_alive(work->owned.check, work->owned.run);
    }
    if (work->begun && alive && work->done != nullptr)
      guarded(ledger_, "the done function of a work", [&] { work->done(work->user); });
    if (work->release != nullptr)
      guarded(ledger_, "a release function", [&] { work->release(work->user); });
    did = true;
  }
  return did;
}

inline bool Loop::poll_watches(int wait_ms) {
  std::vector<pollfd> fds{{pipe_.fd(), POLLIN, 0}};
  std::vector<virgo_watch> ids{0};
  {
    const std::lock_guard<std::mutex> lock(runs_.mutex());
    for (const auto& [id, watch] : watches_) {
      short events = 0;
      if ((watch.events & VIRGO_READABLE) != 0) events |= POLLIN;
      if ((watch.events & VIRGO_WRITABLE) != 0) events |= POLLOUT;
      if ((watch.events & VIRGO_HANGUP) != 0) events |= POLLRDHUP;
      if (watch.events == 0) continue;  // a pause
      fds.push_back({static_cast<int>(watch.fd), events, 0});
      ids.push_back(id);
    }
  }
  if (poll(fds.data(), static_cast<nfds_t>(fds.size()), wait_ms) <= 0) return false;
  if (fds[0].revents != 0) pipe_.drain();
  bool did = false;
  for (size_t i = 1; i < fds.size(); ++i)
    if (fds[i].revents != 0) did = call_watch(ids[i], fds[i].revents) || did;
  return did;
}

inline bool Loop::call_watch(virgo_watch id, short revents) {
  Watch watch;
  {
    const std::lock_guard<std::mutex> lock(runs_.mutex());
    const auto found = watches_.find(id);
    if (found == watches_.end()) return false;  // stopped by another callback
    watch = found->second;
    if ((revents & POLLNVAL) != 0) {
      look_at_descriptor(watch);
      watches_.erase(found);
      return false;
    }
  }
  uint32_t events = 0;
  if ((revents & POLLIN) != 0) events |= VIRGO_READABLE;
  if ((revents & POLLOUT) != 0) events |= VIRGO_WRITABLE;
  if ((revents & POLLRDHUP) != 0) events |= VIRGO_HANGUP;
  if ((revents & POLLHUP) != 0) events |= watch.events & VIRGO_HANGUP;
  if ((revents & POLLERR) != 0) events |= VIRGO_HANGUP | watch.events;
  if (events == 0) events = watch.events;
  guarded(ledger_, "a watch", [&] { watch.fn(watch.user, id, watch.fd, events); });
  return true;
}

}  // namespace virgo::fake::detail
