// What runs do.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <random>

#include "base/format.hpp"
#include "base/text.hpp"
#include "conform/leaks.hpp"
#include "conform/tests.hpp"
#include "metric/report.hpp"

namespace virgo::conform {
namespace {

constexpr Duration kTimeout = std::chrono::seconds(5);

std::string text_of(const Outcome& outcome) {
  std::string out = metric::status_name(outcome.status);
  return outcome.explanation.empty() ? out : out + ": " + outcome.explanation;
}

bool is_native_worker(const check::CheckType& type) {
  return static_cast<const native::NativeCheckType&>(type).on_worker();
}

std::string too_late() {
  return format("had not ended its run at the deadline of {}", format_duration(kTimeout));
}

Result<void> ends_by_itself(Subject& subject, native::NativeCheck& check,
                            const check::CheckType& type, Report& report) {
  const bool cancelled = subject.run(check, kTimeout).cancelled;
  if (cancelled && check.wedged()) report.finding(format("'{}' {}", type.name(), too_late()));
  left_behind(check, type, report);
  if (cancelled) return Error{Errc::timeout, "it " + too_late()};
  return {};
}

}  // namespace

void test_collect(const Target& target, Report& report) {
  for_each_type(target, report, [&](Subject& subject, check::CheckType& type) {
    auto check = make_or_tell(subject, type, report);
    if (check == nullptr) return;
    for (int i = 0; i < 3; ++i) {
      report.phase(format("collect() of '{}'", type.name()));
      const Outcome outcome = subject.run(*check, kTimeout);
      if (outcome.cancelled) report.finding(format("'{}' {}", type.name(), too_late()));
      left_behind(*check, type, report);
      if (i == 0)
        report.note(format("'{}' answered {}, {} samples", type.name(), text_of(outcome),
                           outcome.samples->size()));
      if (outcome.status != metric::Status::ok && outcome.explanation.empty())
        report.finding(format("'{}' answered {} without a word: explain() what is wrong",
                              type.name(), text_of(outcome)));
    }
    report.phase(format("destroy() of '{}'", type.name()));
  });
}

void test_repeat(const Target& target, Report& report) {
  for_each_type(target, report, [&](Subject& subject, check::CheckType& type) {
    auto check = make_or_tell(subject, type, report);
    if (check == nullptr) return;
    report.phase(format("collect() of '{}', hundreds of times", type.name()));
    find_leaks(report, format("a run of '{}'", type.name()),
               {.warm_up = 200, .rounds = 800, .at_least = 20, .time = std::chrono::seconds(4)},
               [&] { return ends_by_itself(subject, *check, type, report); });
    // And a fresh instance for each run.
    check.reset();
    find_leaks(report, format("an instance of '{}' with one run", type.name()),
               {.warm_up = 200, .rounds = 200, .at_least = 20, .time = std::chrono::seconds(2)},
               [&]() -> Result<void> {
                 const auto one = subject.make(type);
                 if (one == nullptr) return Error{Errc::failed, subject.why()};
                 return ends_by_itself(subject, *one, type, report);
               });
  });
}

void test_cancel(const Target& target, Report& report) {
  std::mt19937_64 random(target.seed);
  report.note(format("seed {}", target.seed));
  for_each_type(target, report, [&](Subject& subject, check::CheckType& type) {
    auto check = make_or_tell(subject, type, report);
    if (check == nullptr) return;
    const auto judge = [&](const Outcome& outcome) {
      if (outcome.abandoned)
        report.finding(format("'{}' did not end within 2 s of being cancelled", type.name()));
      left_behind(*check, type, report);
      return !outcome.abandoned;
    };
    report.phase(format("collect() of '{}'", type.name()));
    const Outcome whole = subject.run(*check, kTimeout);
    if (!judge(whole)) return;
    const auto longest = std::clamp<std::int64_t>(2 * whole.duration.count(), 100'000, 200'000'000);
    const TimePoint begun = system_clock().now();
    for (int i = 0; i < 200 && system_clock().now() - begun < std::chrono::seconds(5); ++i) {
      const Duration after(
          static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(longest)));
      report.phase(
          format("cancel() of '{}' {} us after its start", type.name(), after.count() / 1000));
      if (!judge(subject.run(*check, after))) return;
    }
    report.phase(format("destroy() of '{}' in the middle of a run", type.name()));
  });
}

// What is looked for is in the tables: they know who calls.
void test_threads(const Target& target, Report& report) {
  for_each_type(target, report, [&](Subject& subject, check::CheckType& type) {
    std::vector<std::unique_ptr<native::NativeCheck>> checks;
    for (int i = 0; i < 4; ++i) {
      checks.push_back(make_or_tell(subject, type, report));
      if (checks.back() == nullptr) return;
    }
    report.phase(format("runs of four instances of '{}'", type.name()));
    for (int i = 0; i < 20; ++i) {
      auto& check = checks[static_cast<std::size_t>(i) % checks.size()];
      subject.run(*check, i % 5 == 4 ? Duration(1) : kTimeout);
      left_behind(*check, type, report);
    }
    report.phase(format("destroy() of four instances of '{}'", type.name()));
  });
}

namespace {

void live_in(const Target& target, Report& report, const Release& release, bool extensions) {
  const std::string agent =
      format("an agent of ABI {}{}", release.name, extensions ? "" : " without extensions");
  for_each_type(
      target, report,
      [&](Subject& subject, check::CheckType& type) {
        report.phase(format("create() and configure() of '{}' in {}", type.name(), agent));
        auto check = subject.make(type);
        if (check == nullptr) {
          // It may not be able to do without something, as long as it says so.
          report.note(format("'{}' in {}: {}", type.name(), agent, subject.why()));
          return;
        }
        report.phase(format("collect() of '{}' in {}", type.name(), agent));
        const Outcome outcome = subject.run(*check, kTimeout);
        if (outcome.cancelled)
          report.finding(
              format("'{}' had not ended its run at the deadline in {}", type.name(), agent));
        left_behind(*check, type, report);
        report.phase(format("destroy() of '{}' in {}", type.name(), agent));
      },
      release, extensions);
}

}  // namespace

namespace {

// In a process of its own. Whether that came to its end is written to a pipe: the
// plugin may end it with any exit code.
void live_in_process(const Target& target, Report& report, const Release& release,
                     bool extensions) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
    report.finding("no pipe could be made for it");
    return;
  }
  char byte = 0;
  const pid_t child = fork();
  if (child == 0) {
    live_in(target, report, release, extensions);
    _exit(write(ends[1], &byte, 1) == 1 ? 0 : 1);
  }
  int status = 0;
  const bool waited = child > 0 && waitpid(child, &status, 0) == child;
  const bool alive = waited && read(ends[0], &byte, 1) == 1;
  close(ends[0]);
  close(ends[1]);
  if (!waited) {
    report.finding("no process could be started for it");
    return;
  }
  // As it went to the child, so it goes to this one.
  if (WIFSIGNALED(status)) {
    signal(WTERMSIG(status), SIG_DFL);
    raise(WTERMSIG(status));
  }
  if (!alive) _exit(WEXITSTATUS(status));
}

}  // namespace

// An agent loads a module once: each of these is a process of its own.
void test_older_hosts(const Target& target, Report& report) {
  for (const Release& release : releases())
    for (const bool extensions : {true, false})
      live_in_process(target, report, release, extensions);
}

void test_loop_latency(const Target& target, Report& report) {
  constexpr Duration kBudget = std::chrono::milliseconds(5);
  for_each_type(target, report, [&](Subject& subject, check::CheckType& type) {
    auto check = make_or_tell(subject, type, report);
    if (check == nullptr) return;
    report.phase(format("collect() of '{}', its time on the loop", type.name()));
    std::vector<Duration> held;
    for (int i = 0; i < 21; ++i) {
      held.push_back(subject.run(*check, kTimeout).held);
      left_behind(*check, type, report);
    }
    // The median: this machine may have other things to do.
    std::sort(held.begin(), held.end());
    const Duration usual = held[held.size() / 2];
    const double ms = static_cast<double>(usual.count()) / 1e6;
    if (usual > kBudget)
      report.finding(format(
          "'{}' holds the event loop for {:.1f} ms, its budget is {}: do less at a time, wait with "
          "virgo/ext/loop.h, or run on a worker (VIRGO_ON_WORKER)",
          type.name(), ms, format_duration(kBudget)));
    else
      report.note(format("'{}' holds the loop for {:.3f} ms{}", type.name(), ms,
                         is_native_worker(type) ? " (it collects on a worker)" : ""));
  });
}

}  // namespace virgo::conform
