// virgo plugin run: a plugin's check without an agent.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <csignal>
#include <cstdio>

#include "agent/crash_handler.hpp"
#include "base/alternate_stack.hpp"
#include "base/format.hpp"
#include "base/text.hpp"
#include "cli/cli.hpp"
#include "cli/commands.hpp"
#include "cli/outcome_page.hpp"
#include "cli/own_output.hpp"
#include "cli/run_plan.hpp"
#include "cli/set_options.hpp"
#include "native/loader.hpp"
#include "native/native_check_type.hpp"
#include "schedule/solo_runner.hpp"
#include "uv/signal.hpp"
#include "uv/timer.hpp"

namespace virgo::cli {
namespace {

int refuse(const std::string& what) {
  std::fprintf(stderr, "virgo plugin run: %s\n", what.c_str());
  return kUsage;
}

// The type that was asked for, or the only one.
Result<check::CheckType*> choose(const std::vector<std::unique_ptr<check::CheckType>>& types,
                                 const std::string& wanted) {
  if (wanted.empty() && types.size() == 1) return types.front().get();
  std::string list;
  std::vector<std::string_view> names;
  for (const auto& type : types) {
    if (type->name() == wanted) return type.get();
    names.push_back(type->name());
    list += format("\n  --type {}    {}", type->name(), type->summary());
  }
  if (wanted.empty())
    return Error{Errc::invalid, format("which of its {} check types?{}", types.size(), list)};
  const std::string_view near = did_you_mean(wanted, names);
  return Error{Errc::not_found,
               format("--type: it has no check type '{}'{}{}", printable(wanted),
                      near.empty() ? ", but these:" : format(", did you mean '{}'?", near), list)};
}

// "TEXT", where such a value goes.
std::string placeholder(check::ParamType type) {
  std::string out = check::param_type_name(type);
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

// Prints what is wrong, and what has to be given if something is missing.
int refuse_params(const check::CheckType& type, const config::CheckSpec& spec,
                  const config::Problems& problems) {
  for (const config::Problem& p : problems) (void)refuse(set_problem(p));
  std::string missing;
  for (const check::ParamInfo& p : type.params())
    if (p.required && check::find_param(spec.params, p.name) == nullptr)
      missing += format("  --set {}={}    {}\n", p.name, placeholder(p.type), p.help);
  if (!missing.empty()) std::fprintf(stderr, "It has to be given:\n%s", missing.c_str());
  return kUsage;
}

// Turns the loop for `time`, or until an interruption.
void wait(uv::Loop& loop, Duration time, const schedule::SoloRunner& runner) {
  bool over = false;
  uv::Timer timer(loop, [&over] { over = true; });
  timer.start(time);
  while (!over && !runner.interrupted()) loop.run_once(true);
}

int run_check(uv::Loop& loop, check::Check& check, const RunPlan& plan, const OwnOutput& out) {
  schedule::SoloRunner runner(loop, system_clock(), check);
  const auto stop = [&runner] {
    if (runner.interrupted()) _exit(kFailed);  // asked twice
    runner.interrupt();
  };
  const uv::Signal interrupt(loop, SIGINT, stop);
  const uv::Signal terminate(loop, SIGTERM, stop);
  OutcomePages pages;
  bool failed = false;
  for (std::uint64_t n = 1;; ++n) {
    const TimePoint due = system_clock().now() + plan.spec.interval;
    const schedule::SoloRunner::Outcome outcome = runner.run(plan.spec.timeout);
    failed = failed || (outcome.status != metric::Status::ok && !runner.interrupted());
    if (!out.write(plan.json ? outcome_json(outcome, plan.spec.type) : pages.next(outcome))) break;
    if (n == plan.runs || runner.interrupted()) break;
    const Duration left = due - system_clock().now();
    wait(loop, std::max(left, Duration(0)), runner);
    if (runner.interrupted()) break;
  }
  if (check.wedged()) {
    // Its thread still uses what destructors would free.
    std::fputs("virgo plugin run: a call has not come back; leaving without it\n", stderr);
    _exit(kFailed);
  }
  return failed ? kFailed : kOk;
}

int run_plugin(const Args& args) {
  auto plan = run_plan(args);
  if (!plan) return refuse(plan.error().message);
  const OwnOutput out;
  const AlternateStack stack;
  agent::install_crash_handler(-1);
  uv::Loop loop;
  uv::WorkerPool workers({.threads = 1});
  native::Host host(loop, workers, system_clock(), {});
  const auto module = native::load_module(host, args.operands()[0], native::Trust::any);
  if (!module) return refuse(module.error().message);
  const auto types = native::NativeCheckType::all_of(host, *module);
  if (!types) return refuse(types.error().context(args.operands()[0]).message);
  const auto type = choose(*types, plan->spec.type);
  if (!type) return refuse(type.error().message);

  plan->spec.name = plan->spec.type = (*type)->name();
  config::Problems problems;
  std::unique_ptr<check::Check> check;
  if (check::validate_params(**type, plan->spec, problems))
    check = (*type)->create(plan->spec, problems);
  if (check == nullptr) return refuse_params(**type, plan->spec, problems);
  const int code = run_check(loop, *check, *plan, out);
  check.reset();
  loop.run();  // close callbacks
  return code;
}

}  // namespace

const Command& plugin_run_command() {
  static constexpr std::array kOptions{
      Option{"type", 't', "TYPE", "which check type, if FILE has several"},
      Option{"set", 's', "KEY=VALUE", "a parameter, as YAML; as often as needed"},
      Option{"once", '1', nullptr, "run once, not until Ctrl-C"},
      Option{"runs", 'n', "N", "run N times"},
      Option{"interval", 0, "TIME", "from one run to the next (10s)"},
      Option{"timeout", 0, "TIME", "after this a run has failed (10s)"},
      Option{"json", 'j', nullptr, "one JSON object per run, on a line of its own"},
  };
  static const Command command{
      "plugin run",
      "FILE [--set KEY=VALUE]... [--once]",
      "run a plugin's check here, without an agent, and print its samples",
      "Loads FILE from wherever it lies, configures a check, and runs it as the agent would:\n"
      "with a deadline, then cancel(), and after 250 ms without it. VALUE is what one would write\n"
      "in the configuration: --set path=/tmp --set 'hosts=[a, b]' --set token='${file:/etc/x}'.\n"
      "What the plugin itself prints goes to standard error.\n"
      "Exit codes: 0 every run was ok, 1 one was not, 2 FILE or an option cannot be used.",
      kOptions,
      1,
      1,
      run_plugin};
  return command;
}

}  // namespace virgo::cli
