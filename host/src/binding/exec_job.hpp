// One call of virgo.exec: a program is started on a worker, as its file may lie on a
// mount that hangs, and watched from the loop until it ends or its time is over. Loop
// thread, but for what runs inside.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "uv/loop.hpp"
#include "uv/process.hpp"
#include "uv/timer.hpp"
#include "uv/worker_pool.hpp"

namespace virgo::binding {

// What one plugin file has started. A slot is held until its child has been reaped,
// which may be after the run that started it.
struct ExecSlots {
  std::atomic<unsigned> taken{0};
  std::atomic<unsigned> stuck{0};  // calls of spawn() that were given up and have not come back
};

class ExecJob : public std::enable_shared_from_this<ExecJob> {
 public:
  struct Call {
    uv::SpawnOptions what;
    uv::ProcessOptions options;
    Duration timeout{};  // zero = none
  };
  using Done = std::function<void(Result<uv::ProcessResult>)>;

  // `done` is called from the loop, unless forget() was: with what the program left
  // behind, or Errc::timeout and it is stopped, or why it could not be started. Null
  // when the pool does not take work any more.
  static std::shared_ptr<ExecJob> start(uv::Loop& loop, uv::WorkerPool& pool,
                                        std::shared_ptr<ExecSlots> slots, Call call, Done done);
  // Nobody waits any more: what runs is stopped.
  void forget();

 private:
  ExecJob(uv::Loop& loop, uv::WorkerPool& pool, std::shared_ptr<ExecSlots> slots, Call call,
          Done done);
  void spawn_on_worker();
  void spawned(Result<uv::Spawned> child);
  void late();
  void give_up_spawning();
  void tell(Result<uv::ProcessResult> result);

  uv::Loop& loop_;
  uv::WorkerPool& pool_;
  const std::shared_ptr<ExecSlots> slots_;
  Call call_;
  Done done_;
  bool given_up_ = false;  // it counts among the stuck
  uv::WorkerPool::Ticket ticket_ = 0;
  std::unique_ptr<uv::Timer> deadline_;
  std::unique_ptr<uv::Process> process_;
};

}  // namespace virgo::binding
