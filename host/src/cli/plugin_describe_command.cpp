// virgo plugin describe: what `plugin info` runs in a process of its own, because
// it runs code of the plugin.
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "cli/cli.hpp"
#include "cli/commands.hpp"
#include "cli/own_output.hpp"
#include "cli/plugin_description.hpp"
#include "native/loader.hpp"

namespace virgo::cli {
namespace {

std::string refusal(const std::string& why) {
  std::string out;
  json::Writer w(out);
  w.begin_object();
  w.key("problem");
  w.string(why);
  w.end_object();
  return out;
}

int describe(const Args& args) {
  // It goes with who asked, and leaves no core file behind.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);

  const OwnOutput out;
  const auto module = native::describe_module(args.operands()[0], native::Trust::any);
  if (!module) std::fprintf(stderr, "virgo plugin describe: %s\n", module.error().message.c_str());
  out.write((module ? to_json(*module) : refusal(module.error().message)) + "\n");
  std::fflush(nullptr);  // what the plugin printed
  // Without the plugin's destructors: nothing more of it is asked for.
  _exit(module ? kOk : kFailed);
}

}  // namespace

const Command& plugin_describe_command() {
  static const Command command{
      "plugin describe",
      "FILE",
      "print as JSON what a plugin says of itself",
      "Loads FILE into this process and reads its tables; no check is made. 'virgo plugin info'\n"
      "does this in a process of its own, so that a plugin that crashes or hangs harms nobody,\n"
      "and is what people want. If FILE is refused, the JSON has the reason as \"problem\".\n"
      "Exit codes: 0 described, 1 refused, 2 wrong usage.",
      {},
      1,
      1,
      describe,
      true};
  return command;
}

}  // namespace virgo::cli
