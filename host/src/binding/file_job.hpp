// Reading a file on a worker thread. Loop thread, but for what runs inside.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "uv/loop.hpp"
#include "uv/worker_pool.hpp"

namespace virgo::binding {

class FileJob : public std::enable_shared_from_this<FileJob> {
 public:
  using Done = std::function<void(const Result<std::string>&)>;
  // `done` is called from the loop, unless forget() was. Null when the pool does
  // not take work any more.
  static std::shared_ptr<FileJob> start(uv::Loop& loop, uv::WorkerPool& pool, std::string path,
                                        std::uint64_t max, Done done);

  // Nobody waits any more. A thread that is inside the file system no longer
  // counts for the pool.
  void forget();
  // The read has not come back.
  bool running() const { return !finished_.load(); }

 private:
  FileJob(uv::Loop& loop, uv::WorkerPool& pool, std::string path, std::uint64_t max, Done done)
      : loop_(loop), pool_(pool), path_(std::move(path)), max_(max), done_(std::move(done)) {}
  void run();

  uv::Loop& loop_;
  uv::WorkerPool& pool_;
  const std::string path_;
  const std::uint64_t max_;
  Done done_;  // loop thread
  uv::WorkerPool::Ticket ticket_ = 0;
  std::atomic<bool> finished_{false};
};

}  // namespace virgo::binding
