#include "uv/loop.hpp"

#include <signal.h>

#include <cstdlib>

#include "base/log.hpp"
#include "uv/poll.hpp"

#if defined(__SANITIZE_THREAD__)
// libuv closes descriptors by a system call that ThreadSanitizer does not see: a number
// that another thread is given next looks to it like a race for the descriptor.
// NOLINTNEXTLINE(bugprone-reserved-identifier)
extern "C" __attribute__((visibility("default"))) const char* __tsan_default_suppressions() {
  return "race:epoll_create1\nrace:pipe2\nrace:eventfd\nrace:uv__fs_work\n";
}
#endif

namespace virgo::uv {

namespace {

// A peer that is gone is an error of the write, no reason to die. Children get
// the default back from uv_spawn.
void ignore_sigpipe() {
  struct sigaction now {};
  sigaction(SIGPIPE, nullptr, &now);
  if (now.sa_handler == SIG_DFL) signal(SIGPIPE, SIG_IGN);
}

}  // namespace

Loop::Loop() {
  ignore_sigpipe();
  if (uv_loop_init(&loop_) != 0) {
    log_error("loop", "cannot create an event loop: out of file descriptors or memory");
    std::abort();
  }
  loop_.data = this;
  wake_.data = this;
  const int rc = uv_async_init(
      &loop_, &wake_, [](uv_async_t* h) noexcept { static_cast<Loop*>(h->data)->run_posted(); });
  if (rc != 0) {
    log_error("loop", "cannot create the wake-up handle: {}", uv_strerror(rc));
    std::abort();
  }
  uv_unref(reinterpret_cast<uv_handle_t*>(&wake_));

  // libuv works out how long to sleep from the time this turn began; when its
  // callbacks ran long it would sleep that much too long.
  uv_prepare_init(&loop_, &before_sleep_);
  uv_prepare_start(&before_sleep_, [](uv_prepare_t* h) noexcept {
    uv_update_time(h->loop);
    static_cast<Loop*>(h->loop->data)->look_at_fresh_polls();
  });
  uv_unref(reinterpret_cast<uv_handle_t*>(&before_sleep_));
}

Loop::~Loop() {
  const auto open = close();
  if (open.empty()) return;
  for (const std::string& name : open) log_error("loop", "closed with an open handle: {}", name);
  std::abort();
}

void Loop::run() {
  do {
    uv_run(&loop_, UV_RUN_DEFAULT);
    // libuv returns without a look at the wake-up handle, which does not count.
  } while (!stop_ && run_posted());
  stop_ = false;
}

void Loop::run_once(bool wait) {
  if (uv_loop_alive(&loop_) != 0)
    uv_run(&loop_, wait ? UV_RUN_ONCE : UV_RUN_NOWAIT);
  else
    run_posted();
  stop_ = false;
}

// Their callbacks may start others, and end any of them.
void Loop::look_at_fresh_polls() {
  while (!fresh_polls_.empty()) {
    Poll* poll = *fresh_polls_.begin();
    fresh_polls_.erase(fresh_polls_.begin());
    poll->look_at_descriptor();
  }
}

void Loop::stop() {
  stop_ = true;
  uv_stop(&loop_);
}

void Loop::post(std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  if (!accepting_) return;
  posted_.push_back(std::move(task));
  // Under the lock, so that close() cannot end the handle in between.
  uv_async_send(&wake_);
}

// False if there was nothing to run.
bool Loop::run_posted() {
  std::deque<std::function<void()>> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(posted_);
  }
  const bool any = !tasks.empty();
  for (; !tasks.empty(); tasks.pop_front()) tasks.front()();
  return any;
}

std::uint64_t Loop::adopt(std::shared_ptr<void> object) {
  adopted_.emplace(next_adopted_, std::move(object));
  return next_adopted_++;
}

void Loop::release(std::uint64_t adopted) {
  const auto node = adopted_.extract(adopted);  // its end may release others
}

std::vector<std::string> Loop::close() {
  std::vector<std::string> open;
  if (closed_) return open;
  std::deque<std::function<void()>> dropped;
  std::map<std::uint64_t, std::shared_ptr<void>> adopted;
  adopted.swap(adopted_);
  {
    const std::lock_guard lock(mutex_);
    if (accepting_) {
      accepting_ = false;
      uv_close(reinterpret_cast<uv_handle_t*>(&wake_), nullptr);
      uv_close(reinterpret_cast<uv_handle_t*>(&before_sleep_), nullptr);
    }
    dropped.swap(posted_);
  }
  dropped.clear();
  adopted.clear();
  closed_ = run_down();
  if (closed_) return open;
  uv_walk(
      &loop_,
      [](uv_handle_t* h, void* arg) {
        static_cast<std::vector<std::string>*>(arg)->push_back(uv_handle_type_name(h->type));
      },
      &open);
  return open;
}

// Turns the loop until it can be closed; false if an open handle prevents it. A
// loop that is closed must not be touched any more.
bool Loop::run_down() {
  // Close callbacks may start further closes; a few turns see all of them. A
  // request on libuv's own pool (a FolderWatch's look) is waited for by UV_RUN_ONCE, but
  // not while a handle is open by mistake, whose request might never end.
  for (int turn = 0; turn < 1000; ++turn) {
    if (uv_loop_close(&loop_) == 0) return true;
    struct Handles {
      bool closing = false;
      bool open = false;
    } handles;
    auto look = [](uv_handle_t* h, void* arg) {
      auto* seen = static_cast<Handles*>(arg);
      (uv_is_closing(h) != 0 ? seen->closing : seen->open) = true;
    };
    uv_walk(&loop_, look, &handles);
    if (handles.closing)
      uv_run(&loop_, UV_RUN_NOWAIT);
    else if (!handles.open)
      uv_run(&loop_, UV_RUN_ONCE);
    else
      return false;
  }
  return false;
}

}  // namespace virgo::uv
