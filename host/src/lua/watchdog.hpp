// Stops Lua that does not come back, with the JIT on.
//
// Compiled traces do not look at debug hooks. What they do look at, when they
// were recorded in line mode, is the profiler's flag:
//
//   loop thread            watchdog thread              signal, on the loop thread
//   begin(L, budget) ----> sleeps until the deadline
//   ... Lua runs ...       profiler: idle state -> L
//                          SIGPROF to the loop thread -> sets the count hook of L
//                          again every millisecond       and the profiler's flag
//   trace leaves, hook raises an error; a pcall that swallows it gets the next
//   end() <---------------
//
// The profiler belongs to the process, not to a state. An idle state owns it
// while nothing has to be stopped, so that prepare() can put a state into line
// mode without starting a timer. SIGPROF is therefore taken: neither plugins nor
// other threads may use it. It is only ever sent to the loop thread.
//
// The hook is set by the signal's handler, not by the watchdog thread: both
// sides change the same flag byte, and only a handler on the loop thread cannot
// write back a value that has been changed meanwhile.
//
// What it cannot stop is one long call into C. What plugin states have of such calls
// is short, or asks whether it is to end (State::stopping); see sandbox.hpp.
// The last resort is for the one that was overlooked.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.hpp"

struct lua_State;
struct lua_Debug;

namespace virgo::lua {

class Watchdog {
 public:
  using Hook = void (*)(lua_State*, lua_Debug*);

  // At most one in a process at a time; a second one aborts. To be made on the
  // thread that will run Lua (the loop thread), which must not block SIGPROF.
  Watchdog();
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // Called once, on the watchdog's own thread and with the loop thread stuck, when a
  // call has been told to stop and has used `grace` of processor time since: it is
  // inside one call into C. It gets the state and should end or replace the process.
  // Before the first begin().
  using LastResort = std::function<void(lua_State*)>;
  void set_last_resort(Duration grace, LastResort last_resort);

  // Makes traces of this state stoppable. Once, before it runs code.
  void prepare(lua_State* L);

  // Loop thread. `L` (any thread of its state) is about to run. When the loop
  // thread has used `budget` of processor time (ten times that by the clock, if
  // the machine is busy with others), `hook` is called in it, again and again,
  // until end(); it has to raise an error. Calls may be nested; the time of an
  // inner one does not count for the outer one.
  void begin(lua_State* L, Duration budget, Hook hook);
  // Loop thread, after each begin(). True if the hook was set: the state has
  // lost its line mode then and must not run code again.
  bool end();
  // Processor time of the call that ended last.
  Duration last_used() const { return last_used_; }

 private:
  struct Frame {
    lua_State* L = nullptr;
    Hook hook = nullptr;
    Duration budget{};
    // Of a call that waits for an inner one: the time it has used so far.
    Duration wall_used{};
    Duration cpu_used{};
  };

  void arm(const Frame& frame);
  bool disarm();
  void thread_main();
  bool over_budget(Duration* wait) const;
  void fire(std::unique_lock<std::mutex>& lock);
  void resort(std::int64_t fired_at);

  lua_State* idle_ = nullptr;
  std::vector<Frame> outer_;  // loop thread: calls that wait for an inner one
  Frame frame_;               // the running call; the watchdog reads it when firing only
  // Of the running call, for the watchdog to read at any time.
  std::atomic<std::int64_t> started_{0};      // monotonic clock, ns
  std::atomic<std::int64_t> cpu_started_{0};  // the loop thread's processor time, ns
  std::atomic<std::int64_t> budget_{0};
  std::atomic<std::uint64_t> armed_{0};  // 0: no call, 1: being stopped, else its number
  std::uint64_t calls_ = 0;
  Duration last_used_{};
  std::atomic<std::int64_t> wake_at_{0};  // when the watchdog will look again

  Duration grace_{};
  LastResort last_resort_;

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace virgo::lua
