// One run in steps, on every function of virgo.loop/1: a timer ticks twice, and
// writes into a pipe, which a watch sees; then a worker works, and a post ends the
// run. What each call answered goes into one line.
#pragma once

#include <unistd.h>

#include <virgo/ext/loop.h>
#include <stdexcept>
#include <string>
#include <virgo/plugin.hpp>

class Steps {
 public:
  static constexpr const char* kName = "abi.steps";
  static constexpr const char* kSummary = "One run in steps.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  static constexpr virgo_metric kMetrics[] = {
      virgo::sdk::state("abi.steps", "What each step answered.")};

  explicit Steps(virgo::sdk::Host host)
      : host_(host), loop_(host.extension<virgo_loop>(VIRGO_EXT_LOOP)), run_(host.raw(), 0) {
    if (loop_ != nullptr && !VIRGO_HAS(virgo_loop, loop_, work)) loop_ = nullptr;
    if (loop_ != nullptr && pipe(ends_) != 0) throw std::runtime_error("no pipe");
  }
  Steps(const Steps&) = delete;
  Steps& operator=(const Steps&) = delete;
  ~Steps() {
    for (const int end : ends_)
      if (end >= 0) close(end);
  }

  virgo_status collect(virgo::sdk::Run run) {
    if (loop_ == nullptr) {
      run.explain("this agent has no " VIRGO_EXT_LOOP);
      return VIRGO_ERR_UNSUPPORTED;
    }
    run_ = run;
    ticks_ = 0;
    freed_ = released_;
    // One that is stopped, one of the check, one of the run that is left to it.
    virgo_timer timer = 0;
    need(start_timer(run.id(), kHour, 0, never, &timer), "timer_start");
    stopped_ = loop_->timer_stop(host_.raw(), timer);
    stopped_again_ = loop_->timer_stop(host_.raw(), timer);
    left_over_ = left_ == 0 ? 0 : loop_->timer_stop(host_.raw(), left_);
    if (left_ == 0) need(start_timer(0, kHour, kHour, never, nullptr), "timer_start of the check");
    need(start_timer(run.id(), kHour, 0, never, &left_), "timer_start of the run");
    virgo_watch watch = 0;
    need(loop_->watch_start(host_.raw(), host_.self(), run.id(), ends_[0], VIRGO_READABLE, readable,
                            this, &watch),
         "watch_start");
    need(start_timer(run.id(), kMillisecond, kMillisecond, tick, nullptr), "timer of a period");
    return VIRGO_PENDING;
  }

 private:
  static constexpr uint64_t kMillisecond = 1'000'000;
  static constexpr uint64_t kHour = 3'600'000'000'000;

  static void need(virgo_status status, const char* step) {
    if (status != VIRGO_OK) throw std::runtime_error(step + (": " + std::to_string(status)));
  }
  virgo_status start_timer(virgo_run run, uint64_t delay, uint64_t period, virgo_timer_fn fn,
                           virgo_timer* timer) {
    return loop_->timer_start(host_.raw(), host_.self(), run, delay, period, fn, this, timer);
  }
  void give_up(const char* step, virgo_status status) {
    run_.explain(step);
    run_.complete(status);
  }

  // The first step: periodic, and stopped in its own callback.
  static void tick(void* user, virgo_timer timer) {
    auto* s = static_cast<Steps*>(user);
    if (++s->ticks_ < 2) return;
    s->loop_->timer_stop(s->host_.raw(), timer);
    if (write(s->ends_[1], "x", 1) != 1) s->give_up("write", VIRGO_ERR_FAILED);
  }
  // The second.
  static void readable(void* user, virgo_watch watch, virgo_fd fd, uint32_t events) {
    auto* s = static_cast<Steps*>(user);
    if ((events & VIRGO_READABLE) == 0 || fd != s->ends_[0]) return;
    char byte;
    s->read_ = static_cast<int>(read(static_cast<int>(fd), &byte, 1));
    s->paused_ = s->loop_->watch_modify(s->host_.raw(), watch, 0);
    s->unwatched_ = s->loop_->watch_stop(s->host_.raw(), watch);
    const virgo_status status =
        s->loop_->work(s->host_.raw(), s->host_.self(), s->run_.id(), work, worked, release, user);
    if (status != VIRGO_OK) s->give_up("work", status);
  }
  // The third, on a worker, where timers cannot be started.
  static void work(void* user) {
    auto* s = static_cast<Steps*>(user);
    s->on_worker_ = s->start_timer(s->run_.id(), kHour, 0, never, nullptr);
  }
  // The fourth, on the loop again.
  static void worked(void* user) {
    auto* s = static_cast<Steps*>(user);
    const virgo_status status =
        s->loop_->post(s->host_.raw(), s->host_.self(), s->run_.id(), finish, release, user);
    if (status != VIRGO_OK) s->give_up("post", status);
  }
  // The fifth, posted.
  static void finish(void* user) {
    auto* s = static_cast<Steps*>(user);
    const auto number = [](int n) { return std::to_string(n); };
    const std::string line = "stop " + number(s->stopped_) + " " + number(s->stopped_again_) +
                             ", ticks " + number(s->ticks_) + ", read " + number(s->read_) +
                             ", watch " + number(s->paused_) + " " + number(s->unwatched_) +
                             ", worker " + number(s->on_worker_) + ", left " +
                             number(s->left_over_) + ", freed " + number(s->freed_);
    s->run_.emit(0, std::string_view(line));
    s->run_.complete(VIRGO_OK);
  }
  static void release(void* user) { ++static_cast<Steps*>(user)->released_; }
  static void never(void* user, virgo_timer) {
    static_cast<Steps*>(user)->give_up("a timer of an hour", VIRGO_ERR_FAILED);
  }

  virgo::sdk::Host host_;
  const virgo_loop* loop_;  // nullptr when the agent has none
  virgo::sdk::Run run_;
  int ends_[2] = {-1, -1};
  virgo_timer left_ = 0;  // of the run before, which nobody stopped
  int stopped_ = 0, stopped_again_ = 0, ticks_ = 0, read_ = 0, paused_ = 0, unwatched_ = 0;
  int on_worker_ = 0, left_over_ = 0;
  int released_ = 0, freed_ = 0;  // calls of release: so far, and when the run began
};
