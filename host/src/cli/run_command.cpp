// virgo run: the agent.
#include <malloc.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <optional>

#include "agent/agent.hpp"
#include "agent/crash_watch.hpp"
#include "base/alternate_stack.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "cli/cli.hpp"
#include "cli/commands.hpp"
#include "cli/stop_signals.hpp"
#include "config/load.hpp"
#include "uv/loop.hpp"
#include "uv/process_orphans.hpp"
#include "uv/signal.hpp"

namespace virgo::cli {
namespace {

int refuse(const config::Problems& problems) {
  for (const config::Problem& p : problems)
    std::fprintf(stderr, "%s\n", config::to_string(p).c_str());
  std::fputs("virgo run: the configuration cannot be used; nothing was started\n", stderr);
  return kUsage;
}

// Blocks of this size go back to the system when they are freed. Left to itself glibc takes
// ever larger ones from the heap once one was freed, and what lies above them keeps them.
constexpr int kLargeBlock = 128 * 1024;

int run_agent(const Args& args) {
  mallopt(M_MMAP_THRESHOLD, kLargeBlock);
  if (args.has("exit-with-parent")) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() == 1) return kFailed;  // it is gone already
  }
  const std::string& file = args.get("config");
  if (file.empty()) {
    std::fputs("virgo run: which configuration? Give it with -c FILE\n", stderr);
    return kUsage;
  }
  config::Loaded loaded = config::load(file, config::process_sources());
  if (!loaded.problems.empty()) return refuse(loaded.problems);
  set_log_level(loaded.spec.log_level);
  if (!loaded.spec.endpoint.configured) {
    std::fprintf(stderr, "%s: no 'endpoint:' section: the reports would have nowhere to go\n",
                 file.c_str());
    return kUsage;
  }

  const AlternateStack stack;  // for what overflows the loop's own
  agent::watch_crashes(loaded.spec);
  uv::Loop loop;
  config::Problems problems;
  agent::Agent::Options options;
  options.replace_when_hung = true;
  auto agent = agent::Agent::create(loop, system_clock(), loaded.spec, problems, options);
  if (!problems.empty()) return refuse(problems);
  if (!agent) {
    std::fprintf(stderr, "virgo run: %s\n", agent.error().message.c_str());
    return kUsage;
  }
  loaded = {};  // the YAML tree is of no further use
  // As process 1 of a container we inherit what others leave behind.
  std::optional<uv::OrphanReaper> orphans;
  if (getpid() == 1) orphans.emplace(loop);
  StopSignals signals(loop);
  signals.on_first([&] { (*agent)->stop([&loop] { loop.stop(); }); });
  const uv::Signal hang_up(loop, SIGHUP, [&] {
    if (!signals.asked()) (*agent)->reload();
  });
  (*agent)->start();
  loop.run();  // until a signal has asked to stop

  const unsigned stuck = (*agent)->stuck_calls();
  if (stuck > 0) {
    // Their threads still execute code and use memory that destructors would free.
    log_warn("agent", "{} native calls have not come back; leaving without them", stuck);
    leave_at_once(kOk);
  }
  signals.on_first({});
  loop.run_once(false);  // calls that have just come back: their checks learn it before they go
  (*agent).reset();
  loop.run();  // close callbacks and last goodbyes, also to programs that are slow to end
  log_info("agent", "stopped");
  return kOk;
}

}  // namespace

const Command& run_command() {
  static constexpr Option kOptions[] = {
      {"config", 'c', "FILE", "the configuration (agent.yaml)"},
      {"exit-with-parent", 0, nullptr, "stop when the process that started this one ends"},
  };
  static const Command command{
      "run",
      "-c FILE",
      "run the agent in the foreground",
      "Runs the checks of FILE and its drop-ins and reports to the endpoint. Logs to standard\n"
      "error. SIGTERM and SIGINT stop it cleanly; a second one at once. Lua plugins and\n"
      "the conversation are used as their files change, without a restart: their folders are\n"
      "watched, and SIGHUP looks at once.\n"
      "Exit codes: 0 stopped, 1 failed, 2 the configuration cannot be used.",
      kOptions,
      0,
      0,
      run_agent};
  return command;
}

}  // namespace virgo::cli
