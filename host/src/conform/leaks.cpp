#include "conform/leaks.hpp"

#include <algorithm>

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

double growth(std::size_t before, std::size_t after) {
  return after > before ? static_cast<double>(after - before) : 0;
}

void judge(Report& report, const std::string& what, const Holdings (&at)[3], unsigned half) {
  const auto both = [&](std::size_t Holdings::*member, double least) {
    return growth(at[0].*member, at[1].*member) >= least &&
           growth(at[1].*member, at[2].*member) >= least;
  };
  const auto per_round = [&](std::size_t Holdings::*member) {
    return growth(at[0].*member, at[2].*member) / (2.0 * half);
  };
  if (both(&Holdings::memory, std::max<double>(kBytesPerRound * half, kLeastBytes)))
    report.finding(
        format("{} leaks memory: {:.1f} bytes each time", what, per_round(&Holdings::memory)));
  const double some = std::max(2.0, kPerRound * half);
  if (both(&Holdings::files, some))
    report.finding(
        format("{} leaks file descriptors: {:.2f} each time", what, per_round(&Holdings::files)));
  if (both(&Holdings::threads, some))
    report.finding(
        format("{} leaks threads: {:.2f} each time", what, per_round(&Holdings::threads)));
}

}  // namespace

void find_leaks(Report& report, const std::string& what, const Rounds& rounds,
                const std::function<bool()>& round) {
  const TimePoint begun = system_clock().now();
  const auto over = [&] {
    return rounds.time != Duration::max() && system_clock().now() - begun > rounds.time;
  };
  // As many as fit into half the time, but never too few.
  unsigned warm = 0;
  while (warm < rounds.warm_up && !(over() && warm >= rounds.at_least / 2)) {
    if (!round()) return;
    ++warm;
  }
  const bool slow = warm < rounds.warm_up;
  const unsigned half = std::max(1u, (slow ? rounds.at_least : rounds.rounds) / 2);
  Holdings at[3] = {Holdings::now(), {}, {}};
  for (int part = 1; part <= 2; ++part) {
    for (unsigned i = 0; i < half; ++i)
      if (!round()) return;
    at[part] = Holdings::now();
  }
  judge(report, what, at, half);
}

}  // namespace virgo::conform
