#include "lua/watchdog.hpp"

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <lua.hpp>

#include "base/log.hpp"

namespace virgo::lua {
namespace {

constexpr std::uint64_t kNone = 0;
constexpr std::uint64_t kFiring = 1;
constexpr std::uint64_t kFirstCall = 2;
constexpr int kWallFactor = 10;
constexpr auto kRepeat = std::chrono::milliseconds(1);
// LuaJIT's own timer is not wanted, and cannot be left out: 23 days of CPU time.
constexpr const char* kNoTimer = "i2000000000";

// What the signal's handler needs; a handler has no other way to its data.
std::atomic<bool> g_exists{false};
std::atomic<lua_State*> g_target{nullptr};
std::atomic<Watchdog::Hook> g_hook{nullptr};
std::atomic<void (*)(int)> g_luajit_handler{nullptr};
std::atomic<pthread_t> g_loop_thread{};

void on_sigprof(int number) {
  const int saved = errno;
  lua_State* L = g_target.load(std::memory_order_relaxed);
  if (L != nullptr && pthread_equal(pthread_self(), g_loop_thread.load()) != 0) {
    lua_sethook(L, g_hook.load(std::memory_order_relaxed), LUA_MASKCOUNT, 1);
    g_luajit_handler.load(std::memory_order_relaxed)(number);
  }
  errno = saved;
}

void ignore_profile_sample(void*, lua_State*, int, int) {}

std::int64_t thread_cpu(clockid_t id) {
  timespec t{};
  clock_gettime(id, &t);
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

std::int64_t own_cpu() {
  return thread_cpu(CLOCK_THREAD_CPUTIME_ID);
}
std::int64_t loop_cpu() {
  clockid_t clock{};
  pthread_getcpuclockid(g_loop_thread.load(), &clock);
  return thread_cpu(clock);
}
std::int64_t wall_now() {
  return system_clock().now().time_since_epoch().count();
}

}  // namespace

Watchdog::Watchdog() {
  if (g_exists.exchange(true)) {
    log_error("lua", "a second watchdog was made; the profiler it uses belongs to the process");
    std::abort();
  }
  g_loop_thread.store(pthread_self());
  // Whenever LuaJIT takes its handler away, a late signal must not end the process.
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPROF, &ignore, nullptr);
  idle_ = luaL_newstate();
  if (idle_ == nullptr) {
    log_error("lua", "out of memory when making the profiler's idle state");
    std::abort();
  }
  luaJIT_profile_start(idle_, kNoTimer, ignore_profile_sample, nullptr);

  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { thread_main(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  thread_.join();
  luaJIT_profile_stop(idle_);
  lua_close(idle_);
  g_exists = false;
}

void Watchdog::prepare(lua_State* L) {
  // Returns early because the profiler is the idle state's, but has switched
  // the recorder of L to line mode by then.
  luaJIT_profile_start(L, "l", ignore_profile_sample, nullptr);
}

void Watchdog::begin(lua_State* L, Duration budget, Hook hook) {
  if (armed_.load(std::memory_order_relaxed) != kNone) {
    const bool fired = disarm();
    Frame outer = frame_;
    outer.wall_used = Duration{wall_now() - started_.load()};
    outer.cpu_used = Duration{own_cpu() - cpu_started_.load()};
    if (fired) {
      outer.cpu_used = outer.budget;  // to be stopped as soon as it goes on
      outer.wall_used = std::max(outer.wall_used, outer.budget);
      prepare(outer.L);
    }
    outer_.push_back(outer);
  }
  arm({L, hook, budget, {}, {}});
}

void Watchdog::arm(const Frame& frame) {
  frame_ = frame;
  const std::int64_t started = wall_now() - frame.wall_used.count();
  started_.store(started);
  cpu_started_.store(own_cpu() - frame.cpu_used.count());
  budget_.store(frame.budget.count());
  armed_.store(kFirstCall + calls_++);
  if (started + frame.budget.count() >= wake_at_.load()) return;
  const std::lock_guard lock(mutex_);
  wake_.notify_all();
}

bool Watchdog::end() {
  last_used_ = Duration{own_cpu() - cpu_started_.load(std::memory_order_relaxed)};
  const bool fired = disarm();
  if (!outer_.empty()) {
    const Frame outer = outer_.back();
    outer_.pop_back();
    arm(outer);
  }
  return fired;
}

bool Watchdog::disarm() {
  std::uint64_t call = armed_.load(std::memory_order_relaxed);
  if (call != kFiring && armed_.compare_exchange_strong(call, kNone)) return false;
  const std::lock_guard lock(mutex_);  // the watchdog is between two signals now
  g_target.store(nullptr);
  luaJIT_profile_stop(frame_.L);
  lua_sethook(frame_.L, nullptr, 0, 0);
  luaJIT_profile_start(idle_, kNoTimer, ignore_profile_sample, nullptr);
  armed_.store(kNone);
  wake_.notify_all();
  return true;
}

// False: `wait` is how long it cannot be over its budget.
bool Watchdog::over_budget(Duration* wait) const {
  const Duration budget{budget_.load()};
  const Duration wall{wall_now() - started_.load()};
  if (wall < budget) {
    *wait = budget - wall;
    return false;
  }
  const Duration used{loop_cpu() - cpu_started_.load()};
  if (used >= budget || wall >= kWallFactor * budget) return true;
  *wait = std::max<Duration>(budget - used, kRepeat);
  return false;
}

void Watchdog::thread_main() {
  pthread_setname_np(pthread_self(), "virgo-watchdog");
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    std::uint64_t call = armed_.load();
    Duration wait{};
    // Should another call begin meanwhile, its number is another one.
    if (call != kNone && over_budget(&wait)) {
      if (armed_.compare_exchange_strong(call, kFiring)) fire(lock);
      continue;
    }
    wake_at_.store(call == kNone ? INT64_MAX : wall_now() + wait.count());
    if (armed_.load() != call) continue;
    if (call == kNone)
      wake_.wait(lock);
    else
      wake_.wait_for(lock, wait);
  }
}

void Watchdog::fire(std::unique_lock<std::mutex>& lock) {
  g_hook.store(frame_.hook);
  // No "l" here: it would flush traces that may be executing.
  luaJIT_profile_stop(idle_);
  luaJIT_profile_start(frame_.L, kNoTimer, ignore_profile_sample, nullptr);
  struct sigaction action {};
  sigaction(SIGPROF, nullptr, &action);
  g_luajit_handler.store(action.sa_handler);
  action.sa_handler = on_sigprof;
  sigaction(SIGPROF, &action, nullptr);
  g_target.store(frame_.L);
  // Once is not enough: code that saves and restores the hook's flag (a
  // finalizer, a VM event) may lose it.
  const std::int64_t fired_at = loop_cpu();
  while (armed_.load() == kFiring) {
    pthread_kill(g_loop_thread.load(), SIGPROF);
    wake_.wait_for(lock, kRepeat);
    resort(fired_at);
  }
}

// By the loop thread's processor time, so that a process that was stopped or a machine
// that slept is not taken for one that hangs.
void Watchdog::resort(std::int64_t fired_at) {
  if (!last_resort_ || armed_.load() != kFiring || loop_cpu() - fired_at < grace_.count()) return;
  const LastResort call = std::move(last_resort_);
  last_resort_ = nullptr;
  call(frame_.L);
}

void Watchdog::set_last_resort(Duration grace, LastResort last_resort) {
  const std::lock_guard lock(mutex_);
  grace_ = grace;
  last_resort_ = std::move(last_resort);
}

}  // namespace virgo::lua
