#include "binding/file_job.hpp"

namespace virgo::binding {

std::shared_ptr<FileJob> FileJob::start(uv::Loop& loop, uv::WorkerPool& pool, Work work) {
  std::shared_ptr<FileJob> job(new FileJob(loop, pool, std::move(work)));
  job->ticket_ = pool.submit([job] { job->run(); });
  return job->ticket_ == 0 ? nullptr : job;
}

void FileJob::run() {
  auto done = work_();
  finished_.store(true);
  loop_.post([self = shared_from_this(), done = std::move(done)] {
    if (std::exchange(self->forgotten_, true)) return;
    done();
  });
}

void FileJob::forget() {
  if (std::exchange(forgotten_, true)) return;
  if (pool_.withdraw(ticket_))
    finished_.store(true);
  else if (running())
    pool_.write_off(ticket_);
}

}  // namespace virgo::binding
