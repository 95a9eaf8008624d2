// Work on files, on a worker thread. Loop thread, but for what runs inside.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#include "uv/loop.hpp"
#include "uv/worker_pool.hpp"

namespace virgo::binding {

class FileJob : public std::enable_shared_from_this<FileJob> {
 public:
  // Runs on a worker, may block, must not throw; what it returns is called from the loop,
  // unless forget() was.
  using Work = std::function<std::function<void()>()>;
  // Null when the pool does not take work any more.
  static std::shared_ptr<FileJob> start(uv::Loop& loop, uv::WorkerPool& pool, Work work);

  // Nobody waits any more. A thread that is inside the file system no longer
  // counts for the pool.
  void forget();
  // The work has not come back.
  bool running() const { return !finished_.load(); }

 private:
  FileJob(uv::Loop& loop, uv::WorkerPool& pool, Work work)
      : loop_(loop), pool_(pool), work_(std::move(work)) {}
  void run();

  uv::Loop& loop_;
  uv::WorkerPool& pool_;
  const Work work_;
  bool forgotten_ = false;  // loop thread
  uv::WorkerPool::Ticket ticket_ = 0;
  std::atomic<bool> finished_{false};
};

}  // namespace virgo::binding
