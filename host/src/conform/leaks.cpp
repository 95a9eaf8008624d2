#include "conform/leaks.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <vector>

#include "base/format.hpp"
#include "conform/process_state.hpp"
#include "conform/tests.hpp"

namespace virgo::conform {
namespace {

// Less than this per round is no leak but the noise of allocators.
constexpr double kBytesPerRound = 8;
constexpr std::size_t kLeastBytes = 1024;
// Threads that end meanwhile are still to be seen for a moment.
constexpr double kPerRound = 0.2;
// Descriptors are counted after so many rounds, twice so many, and thrice.
constexpr unsigned kFewRounds = 50;
// More than one plugin may want; nor are they so many that it takes long to close all.
constexpr rlim_t kManyFiles = 65'536;
// So few descriptors left are none.
constexpr std::size_t kNoFiles = 8;

std::size_t raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const rlim_t wanted = std::min(limit.rlim_max, kManyFiles);
  if (wanted > limit.rlim_cur) {
    const rlimit more{wanted, limit.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &more) == 0) limit = more;
  }
  return limit.rlim_cur;
}

class LeakFinder {
 public:
  LeakFinder(Report& report, const std::string& what, const Rounds& rounds,
             const std::function<Result<void>()>& round)
      : report_(report), what_(what), rounds_(rounds), round_(round) {}

  void find() {
    at_begin_ = Holdings::now();
    if (!warm_up()) return;
    const unsigned half = std::max(1u, (slow_ ? rounds_.at_least : rounds_.rounds) / 2);
    at_.push_back(Holdings::now());
    for (int part = 1; part <= 2; ++part) {
      for (unsigned i = 0; i < half; ++i)
        if (!one()) return;
      at_.push_back(Holdings::now());
    }
    if (!counted() || used_up()) return;
    judge_memory(half);
    if (!files_told_) judge("file descriptors", files_of(at_), half);
    std::vector<std::size_t> threads;
    for (const Holdings& h : at_) threads.push_back(*h.threads);
    judge("threads", threads, half);
  }

 private:
  // A round. When it fails, what can be said is said.
  bool one() {
    const auto done = round_();
    ++done_;
    if (done) return true;
    at_.push_back(Holdings::now());
    if (counted()) used_up();
    const std::string after = done_ == 1 ? "" : format(" after {} times", done_ - 1);
    report_.finding(format("{} failed{}: {}", what_, after, done.error().message));
    return false;
  }

  // As many rounds as fit into half the time, but never too few.
  bool warm_up() {
    const TimePoint begun = system_clock().now();
    const auto over = [&] {
      return rounds_.time != Duration::max() && system_clock().now() - begun > rounds_.time;
    };
    std::vector<Holdings> early;
    while (done_ < rounds_.warm_up && !(over() && done_ >= rounds_.at_least / 2)) {
      if (!one()) return false;
      if (done_ % kFewRounds != 0 || early.size() == 3) continue;
      early.push_back(Holdings::now());
      at_ = early;
      if (!counted() || used_up()) return false;
      if (early.size() == 3) files_told_ = judge("file descriptors", files_of(early), kFewRounds);
    }
    slow_ = done_ < rounds_.warm_up;
    at_.clear();
    return true;
  }

  // Whether all that is to be compared could be counted.
  bool counted() {
    const auto whole = [](const Holdings& h) { return h.files && h.threads; };
    if (whole(at_begin_) && std::all_of(at_.begin(), at_.end(), whole)) return true;
    report_.missing(
        format("{}: the descriptors and threads could not be counted in /proc/self "
               "after {} times",
               what_, done_));
    return false;
  }

  // Once there are none left, their number does not grow any more.
  bool used_up() {
    const std::size_t now = *at_.back().files;
    if (files_told_ || now + kNoFiles < limit_ || now < *at_begin_.files + limit_ / 2) return false;
    report_.finding(
        format("{} leaks file descriptors: after {} times {} are open, and the process may have "
               "{} (ulimit -n)",
               what_, done_, now, limit_));
    files_told_ = true;
    return true;
  }

  static std::vector<std::size_t> files_of(const std::vector<Holdings>& at) {
    std::vector<std::size_t> out;
    for (const Holdings& h : at) out.push_back(*h.files);
    return out;
  }

  static double growth(std::size_t before, std::size_t after) {
    return after > before ? static_cast<double>(after - before) : 0;
  }
  static bool grows(const std::vector<std::size_t>& at, double least) {
    return growth(at[0], at[1]) >= least && growth(at[1], at[2]) >= least;
  }

  bool judge(const char* things, const std::vector<std::size_t>& at, unsigned half) {
    if (!grows(at, std::max(2.0, kPerRound * half))) return false;
    report_.finding(format("{} leaks {}: {:.2f} each time", what_, things,
                           growth(at[0], at[2]) / (2.0 * half)));
    return true;
  }

  void judge_memory(unsigned half) {
    const std::vector<std::size_t> at{at_[0].memory, at_[1].memory, at_[2].memory};
    if (grows(at, std::max<double>(kBytesPerRound * half, kLeastBytes)))
      report_.finding(format("{} leaks memory: {:.1f} bytes each time", what_,
                             growth(at[0], at[2]) / (2.0 * half)));
  }

  Report& report_;
  const std::string& what_;
  const Rounds& rounds_;
  const std::function<Result<void>()>& round_;
  const std::size_t limit_ = raise_file_limit();
  Holdings at_begin_;
  std::vector<Holdings> at_;  // what is compared
  unsigned done_ = 0;
  bool slow_ = false;
  bool files_told_ = false;
};

}  // namespace

void find_leaks(Report& report, const std::string& what, const Rounds& rounds,
                const std::function<Result<void>()>& round) {
  LeakFinder(report, what, rounds, round).find();
}

}  // namespace virgo::conform
