#include "uv/loop.hpp"

#include <cstdlib>

#include "base/log.hpp"

namespace virgo::uv {

Loop::Loop() {
  if (uv_loop_init(&loop_) != 0) {
    log_error("loop", "cannot create an event loop: out of file descriptors or memory");
    std::abort();
  }
  loop_.data = this;
  wake_.data = this;
  const int rc = uv_async_init(&loop_, &wake_, [](uv_async_t* h) {
    static_cast<Loop*>(h->data)->run_posted();
  });
  if (rc != 0) {
    log_error("loop", "cannot create the wake-up handle: {}", uv_strerror(rc));
    std::abort();
  }
  uv_unref(reinterpret_cast<uv_handle_t*>(&wake_));
}

Loop::~Loop() {
  const auto open = close();
  if (open.empty()) return;
  for (const std::string& name : open) log_error("loop", "closed with an open handle: {}", name);
  std::abort();
}

void Loop::run() { uv_run(&loop_, UV_RUN_DEFAULT); }
void Loop::run_once(bool wait) { uv_run(&loop_, wait ? UV_RUN_ONCE : UV_RUN_NOWAIT); }
void Loop::stop() { uv_stop(&loop_); }

void Loop::post(std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  if (!accepting_) return;
  posted_.push_back(std::move(task));
  // Under the lock, so that close() cannot end the handle in between.
  uv_async_send(&wake_);
}

void Loop::run_posted() {
  std::deque<std::function<void()>> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(posted_);
  }
  for (auto& task : tasks) task();
}

std::vector<std::string> Loop::close() {
  std::vector<std::string> open;
  if (closed_) return open;
  std::deque<std::function<void()>> dropped;
  {
    const std::lock_guard lock(mutex_);
    if (accepting_) {
      accepting_ = false;
      uv_close(reinterpret_cast<uv_handle_t*>(&wake_), nullptr);
    }
    dropped.swap(posted_);
  }
  dropped.clear();
  // Close callbacks may start further closes; a few turns see all of them. A
  // request on libuv's own pool (getaddrinfo) is waited for by UV_RUN_ONCE.
  for (int turn = 0; turn < 1000 && uv_loop_close(&loop_) == UV_EBUSY; ++turn) {
    bool closing = false;
    auto look = [](uv_handle_t* h, void* arg) {
      if (uv_is_closing(h) != 0) *static_cast<bool*>(arg) = true;
    };
    uv_walk(&loop_, look, &closing);
    if (closing || loop_.active_reqs.count > 0)
      uv_run(&loop_, closing ? UV_RUN_NOWAIT : UV_RUN_ONCE);
    else
      break;
  }
  uv_walk(
      &loop_,
      [](uv_handle_t* h, void* arg) {
        static_cast<std::vector<std::string>*>(arg)->push_back(uv_handle_type_name(h->type));
      },
      &open);
  closed_ = open.empty();
  return open;
}

}  // namespace virgo::uv
