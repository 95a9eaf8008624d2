// SPDX-License-Identifier: MIT
//
// virgo/testing/fake_host.hpp - an agent for unit tests: it calls a check as the
// agent does, and shows what came of it. C++17, header-only, POSIX; works with any
// test framework. Link with threads.
//
//   #include <virgo/testing/fake_host.hpp>
//
//   TEST(Queue, CountsTheFilesOfItsFolder) {
//     virgo::fake::Host host;
//     virgo::fake::Check queue(host, virgo_module_v1());   // of the linked-in plugin
//     ASSERT_TRUE(queue.configure({{"path", "/var/spool/acme"}})) << queue.problems_text();
//     const virgo::fake::Outcome run = queue.collect();
//     EXPECT_EQ(run.status(), VIRGO_OK) << run.explanation();
//     EXPECT_EQ(run.u64("acme.queue.length"), 3u);
//     EXPECT_EQ(host.misuse_text(), "");
//   }
//
// CONFIGURATION. As the agent does, configure() first holds the parameters against
// the declaration (unknown, missing, wrong type: these are the problems, and the
// check is not called), then fills in the defaults. Values are C++ values, list({..})
// and map({..}), or all is one line of YAML: *fake::parse("{path: /tmp, deep: [1, 2]}").
//
// RUNS. collect() calls the check and, if it answered VIRGO_PENDING, turns the loop
// until the run has ended. A check that waits for a timer is begun with start(), which
// does not wait, and moved on with advance(). start_on_thread() calls a check that is
// VIRGO_ON_WORKER on a thread of its own, as the agent would.
//
// TIME stands still. now_ns(), time_left() and timers move with advance() only, and
// so do deadlines: at its deadline a run is cancelled, 250 ms later abandoned, as by
// the agent. What is real is waiting for descriptors and other threads: run_until()
// gives up after 20 s of the wall clock, so that a broken test ends.
//
// MISUSE of the ABI is written down, in words: a run completed twice, a sample that
// does not fit its declaration, the configuration read after configure(), a [loop]
// function on another thread, a handle that never was one, a descriptor closed
// under its watch, an exception across the border, text that is not UTF-8. A test
// asks for misuse() at its end; what nobody asked for is printed by ~Host().
//
// THREADS. Host, Check and Outcome are used on the thread that made the Host: it is the
// loop's. The host tables given to the check may be used as plugin.h says. A Host
// outlives its Checks.
//
// What the test itself gets wrong (no such metric, two runs at a time, two collect() at
// a time where the types are VIRGO_CHECK_SERIAL) is thrown as std::logic_error, or ends the program
// where exceptions are off.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "../ext/loop.h"
#include "../plugin.h"
#include "fake/config_view.hpp"
#include "fake/flow_yaml.hpp"
#include "fake/loop.hpp"
#include "fake/node.hpp"
#include "fake/record.hpp"
#include "fake/runs.hpp"

namespace virgo::fake {

using Duration = std::chrono::nanoseconds;

class Check;

class Host {
 public:
  Host();
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  // ---- What is offered. Change it before the check is made. ----

  // An agent without this extension: without(VIRGO_EXT_LOOP).
  void without(const std::string& extension) { extensions_[extension] = nullptr; }
  // An extension of the test's own; the table must outlive the host.
  void offer(const std::string& extension, const void* table) { extensions_[extension] = table; }
  // Works run when the loop turns, on its thread, instead of on threads of their own.
  void run_works_inline() { loop_.works_inline = true; }
  void set_limits(const Limits& limits) { runs_.limits = limits; }
  void set_log_level(int32_t level) { log_level_ = level; }

  // ---- Time and the loop ----

  uint64_t now_ns() const { return runs_.now(); }
  // Lets time pass: timers fire in their order, deadlines are kept, and what is
  // ready (posts, works that are done, descriptors) is called in between.
  void advance(Duration duration);
  // Turns the loop, time standing still, until done(); false when that took longer
  // than `limit` of the wall clock. done() may look at what other threads do.
  bool run_until(const std::function<bool()>& done, Duration limit = std::chrono::seconds(20));
  // Calls what is ready now.
  void turn();

  // ---- What was noticed ----

  std::vector<std::string> misuse() const {
    asked_ = true;
    return ledger_.misuse();
  }
  // The same, a line each; "" when there is none.
  std::string misuse_text() const {
    std::string out;
    for (const std::string& line : misuse()) out += line + "\n";
    return out;
  }
  // Lines the check logged, those below the level too.
  std::vector<LogLine> log() const { return ledger_.log(); }
  // Forgets misuse and log lines.
  void forget() { ledger_.forget(); }

  // The table a plugin is given. For tests that call the plugin's code by hand.
  const virgo_host* table() const { return &table_; }

 private:
  friend class Check;
  static Host& of(const virgo_host* host) { return *static_cast<Host*>(host->impl); }
  void load(const virgo_module* module);
  // The next moment at which something is due.
  uint64_t next_event() const;
  void keep_deadlines();

  static const virgo_run_api* run_api();
  static const virgo_loop* loop_api();
  static const void* VIRGO_CALL get_extension(const virgo_host* host, const char* id);
  static int32_t VIRGO_CALL log_enabled(const virgo_host* host, virgo_check, int32_t level) {
    return detail::known_level(level) <= of(host).log_level_ ? 1 : 0;
  }
  static void VIRGO_CALL log_line(const virgo_host* host, virgo_check check, int32_t level,
                                  virgo_str text) {
    of(host).runs_.log(check, level, text);
  }
  static uint64_t VIRGO_CALL clock(const virgo_host* host) { return of(host).runs_.now(); }

  detail::Ledger ledger_;
  detail::Stage stage_;
  detail::Runs runs_{ledger_};
  detail::Loop loop_{ledger_, stage_, runs_};
  virgo_host table_{};
  int32_t log_level_ = VIRGO_LOG_DEBUG;
  std::map<std::string, const void*> extensions_;
  std::vector<const virgo_module*> modules_;  // whose load() was called
  std::set<Check*> checks_;
  mutable bool asked_ = false;
};

// One run, while it goes on and afterwards. A copy is the same run.
class Outcome {
 public:
  bool ended() const {
    const auto lock = locked();
    return state_->ended;
  }
  // VIRGO_PENDING until it has ended.
  virgo_status status() const {
    const auto lock = locked();
    return state_->ended ? state_->status : virgo_status{VIRGO_PENDING};
  }
  std::string explanation() const {
    const auto lock = locked();
    return state_->explanation;
  }
  // It did not end by its deadline and grace.
  bool abandoned() const {
    const auto lock = locked();
    return state_->abandoned;
  }
  // Calls that came after cancel() or later, all answered VIRGO_ERR_STALE. They are
  // allowed; a check that makes none stops in time.
  unsigned late_calls() const {
    const auto lock = locked();
    return state_->late;
  }

  std::vector<Sample> samples() const {
    const auto lock = locked();
    return state_->samples;
  }
  // Those of one metric.
  std::vector<Sample> samples(std::string_view name, const Labels& labels = {}) const;
  // The only one of this name with these labels.
  Sample sample(std::string_view name, const Labels& labels = {}) const;
  int64_t i64(std::string_view name, const Labels& labels = {}) const {
    return sample(name, labels).i64();
  }
  uint64_t u64(std::string_view name, const Labels& labels = {}) const {
    return sample(name, labels).u64();
  }
  double f64(std::string_view name, const Labels& labels = {}) const {
    return sample(name, labels).f64();
  }
  std::string text(std::string_view name, const Labels& labels = {}) const {
    return sample(name, labels).text();
  }
  // Every sample on a line: "acme.queue.length{acme.queue.path=/tmp} 3 {job}".
  std::string all_text() const {
    std::string out;
    for (const Sample& s : samples()) out += to_string(s) + "\n";
    return out;
  }
  virgo_run id() const { return state_->id; }

 private:
  friend class Check;
  friend class Host;
  Outcome(std::shared_ptr<detail::RunState> state, std::mutex& mutex)
      : state_(std::move(state)), mutex_(&mutex) {}
  std::unique_lock<std::mutex> locked() const { return std::unique_lock<std::mutex>(*mutex_); }
  std::shared_ptr<detail::RunState> state_;
  std::mutex* mutex_;
};

// One instance of a check type.
class Check {
 public:
  // The type of that name, or the only one. Calls load() of the module, once per
  // host, and create().
  Check(Host& host, const virgo_module* module, std::string_view type = {});
  // Of a type alone, whose module is not known: that is then a module of its own.
  Check(Host& host, const virgo_check_type& type);
  // Abandons a run that is open, waits for collect() and works that execute, ends
  // what belongs to the check, calls destroy().
  ~Check();
  Check(const Check&) = delete;
  Check& operator=(const Check&) = delete;

  // What create() answered. Below zero there is no instance; the other functions
  // must not be called then.
  virgo_status create_status() const { return created_; }

  // False when there are problems. A second call on a type that is not
  // VIRGO_CHECK_RECONFIGURES makes a new instance, as the agent does; on one that
  // is, the settings of before stay in force if the new ones are refused.
  bool configure(const Params& params = {});
  const std::vector<Problem>& problems() const { return problems_; }
  // "params.path: must be an absolute path", a line each.
  std::string problems_text() const;

  Outcome collect(Duration timeout = std::chrono::seconds(10));
  Outcome start(Duration timeout = std::chrono::seconds(10));
  Outcome start_on_thread(Duration timeout = std::chrono::seconds(10));
  // Before its time, as when the agent stops: time_left() is 0 from here on.
  void cancel(const Outcome& run);
  // The grace is over: the handle is stale. At the deadline the status is
  // VIRGO_ERR_TIMEOUT.
  void abandon(const Outcome& run, virgo_status status = VIRGO_ERR_TIMEOUT);

  // As the check got it in create().
  virgo_check self() const { return self_; }
  void* instance() const { return instance_; }

 private:
  friend class Host;
  void create();
  void destroy();
  void hand_over(const Node& root);
  // The agent lets no two collect() of these types run at the same time.
  bool is_serial() const {
    return type_.thread == VIRGO_ON_WORKER && (type_.flags & VIRGO_CHECK_SERIAL) != 0;
  }
  Outcome begin(Duration timeout);
  void call(const std::shared_ptr<detail::RunState>& run);
  bool executes() const;

  Host& host_;
  const virgo_check_type& type_;
  const virgo_module* module_ = nullptr;  // null when made from the type alone
  const detail::Declared declared_;
  virgo_check self_ = 0;
  void* instance_ = nullptr;
  virgo_status created_ = VIRGO_ERR_FAILED;
  bool configured_ = false;  // configure() was called
  bool usable_ = false;      // and went well at least once
  std::vector<Problem> problems_;
  std::vector<std::unique_ptr<detail::ConfigView>> views_;
  std::shared_ptr<detail::RunState> run_;  // the last one
  std::thread thread_;                     // in which its collect() executes
};

}  // namespace virgo::fake

#include "fake/check_impl.hpp"  // IWYU pragma: export
#include "fake/host_impl.hpp"   // IWYU pragma: export
