#include "binding/exec_job.hpp"

#include "base/format.hpp"
#include "base/text.hpp"

namespace virgo::binding {
namespace {

std::shared_ptr<void> take_slot(const std::shared_ptr<ExecSlots>& slots) {
  ++slots->taken;
  return {nullptr, [slots](void*) { --slots->taken; }};
}

}  // namespace

ExecJob::ExecJob(uv::Loop& loop, uv::WorkerPool& pool, std::shared_ptr<ExecSlots> slots, Call call,
                 Done done)
    : loop_(loop),
      pool_(pool),
      slots_(std::move(slots)),
      call_(std::move(call)),
      done_(std::move(done)) {
  call_.options.token = take_slot(slots_);
}

std::shared_ptr<ExecJob> ExecJob::start(uv::Loop& loop, uv::WorkerPool& pool,
                                        std::shared_ptr<ExecSlots> slots, Call call, Done done) {
  std::shared_ptr<ExecJob> job(
      new ExecJob(loop, pool, std::move(slots), std::move(call), std::move(done)));
  job->ticket_ = pool.submit([job] { job->spawn_on_worker(); });
  if (job->ticket_ == 0) return nullptr;
  if (job->call_.timeout.count() > 0) {
    // The job is kept by who waits for it, or goes before the timer fires.
    job->deadline_ = std::make_unique<uv::Timer>(loop, [j = job.get()] { j->late(); });
    job->deadline_->start(job->call_.timeout);
  }
  return job;
}

void ExecJob::spawn_on_worker() {
  auto child = std::make_shared<Result<uv::Spawned>>(uv::spawn(call_.what));
  loop_.post([self = shared_from_this(), child] { self->spawned(std::move(*child)); });
}

void ExecJob::spawned(Result<uv::Spawned> child) {
  ticket_ = 0;
  if (given_up_) --slots_->stuck;
  if (!child) return tell(child.error());
  process_ =
      std::make_unique<uv::Process>(loop_, std::move(child).value(), std::move(call_.options),
                                    [this](uv::ProcessResult result) { tell(std::move(result)); });
  if (!done_) process_.reset();  // which stops it
}

void ExecJob::tell(Result<uv::ProcessResult> result) {
  const auto self = shared_from_this();
  deadline_.reset();
  process_.reset();
  const Done call = std::move(done_);
  done_ = nullptr;
  if (call) call(std::move(result));
}

void ExecJob::late() {
  const std::string name = printable(call_.what.argv[0], 256);
  const char* what = process_ ? "still ran" : "could not even be started";
  give_up_spawning();
  tell(Error{Errc::timeout, format("{}: {} after {}", name, what, format_duration(call_.timeout))});
}

void ExecJob::forget() {
  give_up_spawning();
  done_ = nullptr;
  deadline_.reset();
  process_.reset();
}

// The thread inside spawn() no longer counts for the pool.
void ExecJob::give_up_spawning() {
  if (ticket_ == 0 || given_up_) return;
  if (pool_.withdraw(ticket_)) {
    ticket_ = 0;
    call_.options.token.reset();
    return;
  }
  given_up_ = true;
  ++slots_->stuck;
  pool_.write_off(ticket_);
}

}  // namespace virgo::binding
