#include "cli/run_session.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "uv/poll.hpp"
#include "uv/timer.hpp"

namespace virgo::cli {
namespace {

constexpr Duration kLookAgain = std::chrono::milliseconds(200);

}  // namespace

// Each line is a request for a run. Regular files, which cannot be polled, are read as they
// are: they never make us wait.
class RunSession::Lines {
 public:
  explicit Lines(uv::Loop& loop) : loop_(loop) {
    auto poll = uv::Poll::open(loop, STDIN_FILENO, [this](unsigned) { read_some(); });
    if (poll) poll_ = std::move(*poll);
    if (poll_ != nullptr && !poll_->start(uv::Poll::kReadable)) over_ = true;
  }
  // False at the end of the input, or once a signal has asked to stop.
  bool next(const StopSignals& signals) {
    while (lines_ == 0 && !over_ && !signals.asked()) {
      if (poll_ != nullptr)
        loop_.run_once(true);
      else
        read_some();
    }
    if (lines_ == 0 || signals.asked()) return false;
    --lines_;
    return true;
  }

 private:
  void read_some() {
    char bytes[256];
    const ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
    if (n > 0) lines_ += static_cast<std::size_t>(std::count(bytes, bytes + n, '\n'));
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
      over_ = true;
      if (poll_ != nullptr) poll_->stop();
    }
  }

  uv::Loop& loop_;
  std::unique_ptr<uv::Poll> poll_;
  std::size_t lines_ = 0;
  bool over_ = false;
};

RunSession::RunSession(uv::Loop& loop, StopSignals& signals, const RunPlan& plan,
                       const OwnOutput& out)
    : loop_(loop), signals_(signals), plan_(plan), out_(out) {
  signals_.on_first([this] {
    if (runner_ != nullptr) runner_->interrupt();
  });
  if (plan.step) lines_ = std::make_unique<Lines>(loop);
}

RunSession::~RunSession() {
  signals_.on_first({});
}

// Turns the loop for `time`, or until an interruption, or a change of what is watched:
// then true.
bool RunSession::wait(Duration time, RunDetails* watched) {
  bool over = false;
  bool changed = false;
  uv::Timer timer(loop_, [&over] { over = true; });
  if (time > Duration(0)) timer.start(time);
  uv::Timer look(loop_, [&] { changed = watched->changed(); });
  if (watched != nullptr) look.start(kLookAgain, kLookAgain);
  while (!over && !changed && !signals_.asked()) loop_.run_once(true);
  return changed;
}

void RunSession::show(const schedule::SoloRunner::Outcome& outcome, RunDetails& details) {
  const std::string text = plan_.json ? outcome_json(outcome, plan_.spec.type,
                                                     [&](json::Writer& w) { details.members(w); })
                                      : pages_.next(outcome) + details.page();
  unread_ = !out_.write(text);
}

RunSession::End RunSession::run(check::Check& check, RunDetails& details) {
  schedule::SoloRunner runner(loop_, system_clock(), check);
  runner_ = &runner;
  End end = End::over;
  for (std::uint64_t n = 1; !signals_.asked(); ++n) {
    if (lines_ != nullptr && !lines_->next(signals_)) break;
    const TimePoint due = system_clock().now() + plan_.spec.interval;
    details.begin();
    const schedule::SoloRunner::Outcome outcome = runner.run(plan_.spec.timeout);
    failed_ = failed_ || (outcome.status != metric::Status::ok && !signals_.asked());
    show(outcome, details);
    if (unread_ || (n == plan_.runs && !plan_.watch)) break;
    if (lines_ != nullptr) continue;
    const Duration left = n == plan_.runs ? Duration(0)
                                          : std::max<Duration>(due - system_clock().now(),
                                                               std::chrono::nanoseconds(1));
    if (wait(left, plan_.watch ? &details : nullptr)) {
      end = End::changed;
      break;
    }
  }
  runner_ = nullptr;
  return signals_.asked() ? End::interrupted : end;
}

RunSession::End RunSession::wait_for_change(RunDetails& details) {
  wait(Duration(0), &details);
  return signals_.asked() ? End::interrupted : End::changed;
}

}  // namespace virgo::cli
