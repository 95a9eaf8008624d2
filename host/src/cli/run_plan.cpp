#include "cli/run_plan.hpp"

#include <sys/stat.h>

#include <charconv>

#include "base/format.hpp"
#include "base/text.hpp"
#include "cli/set_options.hpp"

namespace virgo::cli {
namespace {

Result<Duration> duration_of(const Args& args, const char* option, Duration fallback,
                             Duration least) {
  if (!args.has(option)) return fallback;
  auto parsed = parse_duration(args.get(option));
  if (!parsed) return parsed.error().context(format("--{}", option));
  if (*parsed < least)
    return Error{Errc::invalid, format("--{}: at least {}", option, format_duration(least))};
  return parsed;
}

Result<std::uint64_t> runs_of(const Args& args) {
  if (!args.has("runs")) return args.has("once") ? std::uint64_t{1} : std::uint64_t{0};
  if (args.has("once")) return Error{Errc::invalid, "--once is --runs 1: give one of the two"};
  const std::string& text = args.get("runs");
  std::uint64_t runs = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), runs);
  if (error != std::errc() || end != text.data() + text.size() || runs == 0)
    return Error{Errc::invalid, format("--runs: '{}' is no number from 1", printable(text))};
  return runs;
}

}  // namespace

Result<RunPlan> run_plan(const Args& args) {
  RunPlan plan;
  const auto interval =
      duration_of(args, "interval", std::chrono::seconds(10), std::chrono::milliseconds(1));
  if (!interval) return interval.error();
  const auto timeout =
      duration_of(args, "timeout", std::chrono::seconds(10), std::chrono::milliseconds(10));
  if (!timeout) return timeout.error();
  const auto runs = runs_of(args);
  if (!runs) return runs.error();
  auto params = params_of(args.all("set"));
  if (!params) return params.error();
  if (args.has("step") && (args.has("interval") || args.has("watch")))
    return Error{Errc::invalid,
                 "--step runs when a line is read: it goes with neither --interval "
                 "nor --watch"};
  struct stat overlay {};
  if (args.has("overlay") &&
      (stat(args.get("overlay").c_str(), &overlay) != 0 || !S_ISDIR(overlay.st_mode)))
    return Error{Errc::invalid,
                 format("--overlay: there is no folder '{}'", printable(args.get("overlay"), 256))};
  plan.wanted = args.get("type");
  plan.spec.path = kSetPath;
  plan.spec.interval = *interval;
  plan.spec.timeout = *timeout;
  plan.spec.params = std::move(*params);
  plan.runs = *runs;
  plan.json = args.has("json");
  plan.step = args.has("step");
  plan.watch = args.has("watch");
  plan.overlay = args.get("overlay");
  return plan;
}

}  // namespace virgo::cli
