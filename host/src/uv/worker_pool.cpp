// The shared state is owned by the pool and by every thread together, so that a
// thread left behind at shutdown finds its mutex alive when it comes back.
#include "uv/worker_pool.hpp"

#include <pthread.h>
#include <signal.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <system_error>
#include <thread>
#include <unordered_map>

#include "base/alternate_stack.hpp"
#include "base/log.hpp"

namespace virgo::uv {

struct WorkerPool::Shared {
  struct Task {
    Ticket ticket;
    std::function<void()> run;
  };

  const Options options;
  std::mutex mutex;
  std::condition_variable work;  // something queued, or stopping
  std::condition_variable done;  // a thread ended
  std::deque<Task> queue;
  std::unordered_map<Ticket, bool> running;  // value: written off
  Ticket next_ticket = 1;
  unsigned threads = 0;  // alive, counted
  unsigned idle = 0;
  unsigned written_off = 0;
  unsigned alive = 0;  // alive at all
  bool stopping = false;
  bool complained = false;  // of threads that could not be started, since one was

  explicit Shared(Options o) : options(o) {}

  void thread_main();
  // One more thread, counted. False if the system gives none: the task waits for a thread
  // that is there already, or for the next try. `self` is this.
  bool start_thread(const std::shared_ptr<Shared>& self);
  // Takes the next task, waiting for one; false when the thread is to end.
  bool next(std::unique_lock<std::mutex>& lock, Task& task);
  // Books the end of a task; false when this thread is one too many now.
  bool finished(Ticket ticket);
};

namespace {

// New threads must not take the process's signals, nor SIGPROF, which belongs to
// the loop thread (it stops runaway Lua). Their own faults they must: blocked ones
// would end the process without a word.
template <class F>
void with_signals_blocked(F&& start) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  for (const int fault : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT}) sigdelset(&all, fault);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  start();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace

bool WorkerPool::Shared::next(std::unique_lock<std::mutex>& lock, Task& task) {
  ++idle;
  work.wait(lock, [this] { return stopping || !queue.empty(); });
  --idle;
  if (stopping) return false;
  task = std::move(queue.front());
  queue.pop_front();
  running.emplace(task.ticket, false);
  return true;
}

bool WorkerPool::Shared::finished(Ticket ticket) {
  const auto it = running.find(ticket);
  const bool was_written_off = it->second;
  running.erase(it);
  if (!was_written_off) return true;
  --written_off;
  // Back from the dead; a replacement may have been started meanwhile.
  if (threads >= options.threads) return false;
  ++threads;
  return true;
}

void WorkerPool::Shared::thread_main() {
  pthread_setname_np(pthread_self(), "virgo-worker");
  const AlternateStack stack;  // a task may overflow the thread's own
  std::unique_lock lock(mutex);
  Task task;
  bool counted = true;
  while (counted && next(lock, task)) {
    lock.unlock();
    task.run();
    task.run = nullptr;  // its captures die outside the lock
    lock.lock();
    counted = finished(task.ticket);
  }
  if (counted) --threads;
  --alive;
  done.notify_all();
}

bool WorkerPool::Shared::start_thread(const std::shared_ptr<Shared>& self) {
  bool started = false;
  with_signals_blocked([&] {
    try {
      std::thread([self] { self->thread_main(); }).detach();
      started = true;
    } catch (const std::system_error& error) {
      if (!complained)
        log_warn("workers",
                 "the system gives no more threads ({}): work waits for the {} there are",
                 error.code().message(), threads);
    }
  });
  complained = !started;
  if (!started) return false;
  ++threads;
  ++alive;
  return true;
}

WorkerPool::WorkerPool(Options options) : shared_(std::make_shared<Shared>(options)) {}

WorkerPool::~WorkerPool() {
  shutdown(std::chrono::seconds(1));
}

WorkerPool::Ticket WorkerPool::submit(std::function<void()> task) {
  Ticket ticket = 0;
  {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->stopping) return 0;
    ticket = shared_->next_ticket++;
    shared_->queue.push_back({ticket, std::move(task)});
    if (shared_->idle < shared_->queue.size() && shared_->threads < shared_->options.threads &&
        shared_->start_thread(shared_))
      return ticket;
  }
  // Not under the lock: the thread that wakes would wait for it at once.
  shared_->work.notify_one();
  return ticket;
}

bool WorkerPool::withdraw(Ticket ticket) {
  std::function<void()> dropped;  // its captures die outside the lock
  const std::lock_guard lock(shared_->mutex);
  auto& queue = shared_->queue;
  for (auto it = queue.begin(); it != queue.end(); ++it) {
    if (it->ticket != ticket) continue;
    dropped = std::move(it->run);
    queue.erase(it);
    return true;
  }
  return false;
}

bool WorkerPool::write_off(Ticket ticket) {
  const std::lock_guard lock(shared_->mutex);
  const auto it = shared_->running.find(ticket);
  if (it == shared_->running.end() || it->second) return true;  // came back already
  if (shared_->written_off >= shared_->options.max_written_off) return false;
  it->second = true;
  ++shared_->written_off;
  --shared_->threads;
  if (!shared_->queue.empty() && !shared_->stopping) (void)shared_->start_thread(shared_);
  return true;
}

WorkerPool::Load WorkerPool::load() const {
  const std::lock_guard lock(shared_->mutex);
  Load out;
  out.threads = shared_->threads;
  out.busy = static_cast<unsigned>(shared_->running.size()) - shared_->written_off;
  out.queued = static_cast<unsigned>(shared_->queue.size());
  out.written_off = shared_->written_off;
  return out;
}

unsigned WorkerPool::shutdown(Duration grace) {
  std::deque<Shared::Task> dropped;
  std::unique_lock lock(shared_->mutex);
  shared_->stopping = true;
  dropped.swap(shared_->queue);
  shared_->work.notify_all();
  shared_->done.wait_for(lock, grace, [this] { return shared_->alive == 0; });
  const unsigned left = shared_->alive;
  lock.unlock();
  return left;
}

}  // namespace virgo::uv
