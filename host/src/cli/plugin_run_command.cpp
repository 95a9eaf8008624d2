// virgo plugin run: a plugin's check without an agent.
#include <array>
#include <cctype>
#include <cstdio>
#include <functional>

#include "agent/crash_handler.hpp"
#include "base/alternate_stack.hpp"
#include "base/format.hpp"
#include "base/text.hpp"
#include "cli/cli.hpp"
#include "cli/commands.hpp"
#include "cli/lua_plugin.hpp"
#include "cli/own_output.hpp"
#include "cli/run_plan.hpp"
#include "cli/run_session.hpp"
#include "cli/set_options.hpp"
#include "cli/stop_signals.hpp"
#include "native/loader.hpp"
#include "native/native_check_type.hpp"

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

// The check of the type that was asked for, with the plan's parameters. Otherwise what is
// wrong was printed, and the result is null.
using Types = std::vector<std::unique_ptr<check::CheckType>>;
std::unique_ptr<check::Check> make_check(
    const Types& types, RunPlan& plan,
    const std::function<std::unique_ptr<check::Check>(check::CheckType&, config::Problems&)>&
        make) {
  const auto type = choose(types, plan.wanted);
  if (!type) {
    refuse(type.error().message);
    return nullptr;
  }
  plan.spec.name = plan.spec.type = (*type)->name();
  config::Problems problems;
  std::unique_ptr<check::Check> check;
  if (check::validate_params(**type, plan.spec, problems)) check = make(**type, problems);
  if (check == nullptr) refuse_params(**type, plan.spec, problems);
  return check;
}

int run_native(uv::Loop& loop, StopSignals& signals, const std::string& file, RunPlan& plan,
               const OwnOutput& out) {
  uv::WorkerPool workers({.threads = 1});
  native::Host host(loop, workers, system_clock(), {});
  const auto module = native::load_module(host, file, native::Trust::any);
  if (!module) return refuse(module.error().message);
  const auto types = native::NativeCheckType::all_of(host, *module);
  if (!types) return refuse(types.error().context(file).message);
  auto check = make_check(*types, plan, [&](check::CheckType& type, config::Problems& problems) {
    return type.create(plan.spec, problems);
  });
  if (check == nullptr) return kUsage;
  int code = kOk;
  {
    RunSession session(loop, signals, plan, out);
    RunDetails none;
    session.run(*check, none);
    code = session.failed() ? kFailed : kOk;
  }
  if (check->wedged()) {
    // Its thread still uses what destructors would free.
    std::fputs("virgo plugin run: a call has not come back; leaving without it\n", stderr);
    leave_at_once(kFailed);
  }
  check.reset();
  loop.run();  // close callbacks
  return code;
}

// Loads the file and runs it, with --watch again and again.
int run_lua(uv::Loop& loop, StopSignals& signals, const std::string& file, RunPlan& plan,
            const OwnOutput& out) {
  int code = kOk;
  {
    LuaPlugin plugin(loop, plan.overlay);
    RunSession session(loop, signals, plan, out);
    for (RunSession::End end = RunSession::End::changed; end == RunSession::End::changed;) {
      std::unique_ptr<check::Check> check;
      if (const auto loaded = plugin.load(file); !loaded)
        refuse(loaded.error().message);
      else
        check = make_check(plugin.types(), plan,
                           [&](check::CheckType& type, config::Problems& problems) {
                             return plugin.create(type, plan.spec, problems);
                           });
      if (check == nullptr && !plan.watch) return kUsage;
      end = check == nullptr ? session.wait_for_change(plugin) : session.run(*check, plugin);
      if (end == RunSession::End::changed && !plan.json)
        out.write(format("--- {} has changed\n\n", file));
    }
    code = session.failed() ? kFailed : kOk;
  }
  loop.run();  // close callbacks, and programs that are slow to end
  return code;
}

int run_plugin(const Args& args) {
  auto plan = run_plan(args);
  if (!plan) return refuse(plan.error().message);
  const OwnOutput out;
  const AlternateStack stack;
  agent::install_crash_handler(-1);
  uv::Loop loop;
  StopSignals signals(loop);
  const std::string& file = args.operands()[0];
  if (is_lua_plugin(file)) return run_lua(loop, signals, file, *plan, out);
  for (const char* option : {"watch", "overlay"})
    if (args.has(option)) return refuse(format("--{} is for Lua plugins (*.lua)", option));
  return run_native(loop, signals, file, *plan, out);
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
      Option{"step", 0, nullptr, "run once for each line of standard input"},
      Option{"watch", 'w', nullptr, "a Lua plugin: load it again when FILE changes, and go on"},
      Option{"overlay", 0, "FOLDER", "a Lua plugin: take files FOLDER has in place of the host's"},
      Option{"json", 'j', nullptr, "one JSON object per run, on a line of its own"},
  };
  static const Command command{
      "plugin run",
      "FILE [--set KEY=VALUE]... [--once]",
      "run a plugin's check here, without an agent, and print its samples",
      "Loads FILE from wherever it lies, configures a check, and runs it as the agent would:\n"
      "with a deadline, then cancel(), and after 250 ms without it. VALUE is what one would write\n"
      "in the configuration: --set path=/tmp --set 'hosts=[a, b]' --set token='${file:/etc/x}'.\n"
      "What the plugin itself prints goes to standard error. FILE is a native plugin (*.so) or a\n"
      "Lua one (*.lua), of which is also shown what it cost, what it opened, and which of its\n"
      "needs it used.\n"
      "Exit codes: 0 every run was ok, 1 one was not, 2 FILE or an option cannot be used.",
      kOptions,
      1,
      1,
      run_plugin};
  return command;
}

}  // namespace virgo::cli
