#include "binding/file_job.hpp"

#include "binding/read_file.hpp"

namespace virgo::binding {

std::shared_ptr<FileJob> FileJob::start(uv::Loop& loop, uv::WorkerPool& pool, std::string path,
                                        std::uint64_t max, Done done) {
  std::shared_ptr<FileJob> job(new FileJob(loop, pool, std::move(path), max, std::move(done)));
  job->ticket_ = pool.submit([job] { job->run(); });
  return job->ticket_ == 0 ? nullptr : job;
}

void FileJob::run() {
  auto content = std::make_shared<Result<std::string>>(read_file(path_, max_));
  finished_.store(true);
  loop_.post([self = shared_from_this(), content] {
    if (!self->done_) return;
    const Done call = std::move(self->done_);
    self->done_ = nullptr;
    call(*content);
  });
}

void FileJob::forget() {
  if (!done_) return;
  done_ = nullptr;
  if (pool_.withdraw(ticket_))
    finished_.store(true);
  else if (running())
    pool_.write_off(ticket_);
}

}  // namespace virgo::binding
