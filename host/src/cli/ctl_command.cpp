// virgo ctl status | checks: what a running agent says of itself.
#include <cstdio>

#include "base/format.hpp"
#include "base/text.hpp"
#include "cli/cli.hpp"
#include "cli/commands.hpp"
#include "cli/ctl_page.hpp"
#include "config/load.hpp"
#include "control/ask.hpp"
#include "json/writer.hpp"

namespace virgo::cli {
namespace {

int complain(const char* command, const std::string& what, int code) {
  std::fprintf(stderr, "virgo %s: %s\n", command, what.c_str());
  return code;
}

// The socket that the options name; "" after a complaint.
std::string socket_of(const char* command, const Args& args) {
  if (args.has("socket")) return args.get("socket");
  if (!args.has("config")) return config::kDefaultControlSocket;
  const config::Loaded loaded = config::load(args.get("config"), config::process_sources());
  for (const config::Problem& p : loaded.problems) complain(command, config::to_string(p), kUsage);
  if (!loaded.problems.empty()) return "";
  if (loaded.spec.control.empty())
    complain(command, args.get("config") + ": its agent has no control socket ('control' is empty)",
             kUsage);
  return loaded.spec.control;
}

// Asks, and prints `page` of the result, or the result itself as JSON.
int ask_and_print(const char* command, const Args& args, const std::string& request,
                  std::string (*page)(const json::Value& result)) {
  const std::string path = socket_of(command, args);
  if (path.empty()) return kUsage;
  const auto result = control::ask(path, request);
  if (!result && result.error().code == Errc::failed)
    return complain(command, result.error().message, kFailed);
  if (!result)
    return complain(command,
                    format("no agent can be asked at {}: {}. Is it running, as the same user, and "
                           "with this path? -c FILE takes the path from its configuration",
                           path, result.error().message),
                    kFailed);
  const std::string text = args.has("json") ? json::to_json(*result) + "\n" : page(*result);
  std::fputs(text.c_str(), stdout);
  return kOk;
}

int status(const Args& args) {
  return ask_and_print("ctl status", args, R"({"request":"status"})", status_page);
}

int checks(const Args& args) {
  std::string request;
  json::Writer out(request);
  out.begin_object();
  out.key("request");
  out.string("checks");
  const bool one = !args.operands().empty();
  if (one) {
    out.key("name");
    out.text(args.operands()[0]);
  }
  out.end_object();
  return ask_and_print("ctl checks", args, request, one ? check_page : checks_page);
}

constexpr Option kOptions[] = {
    {"config", 'c', "FILE", "the agent's configuration, for the path of its control socket"},
    {"socket", 's', "PATH", "the control socket itself; default: /run/virgo/control.sock"},
    {"json", 'j', nullptr, "as JSON"},
};

}  // namespace

const Command& ctl_status_command() {
  static const Command command{
      "ctl status",
      "[-c FILE | -s PATH] [--json]",
      "ask a running agent how it fares",
      "Exit codes: 0 answered, 1 no agent answers, 2 wrong usage or configuration.",
      kOptions,
      0,
      0,
      status};
  return command;
}

const Command& ctl_checks_command() {
  static const Command command{
      "ctl checks",
      "[NAME] [-c FILE | -s PATH] [--json]",
      "ask a running agent how its checks fare",
      "A line per check: how its last run ended, the state that its alert rules and the check\n"
      "itself make of what it measured, how long the run took and how late it began, how many\n"
      "runs there were, were skipped, or met their deadline, and which limit keeps it from being\n"
      "run until when. With NAME, all that is known of that check.\n"
      "Exit codes: 0 answered, 1 no agent answers or there is no such check, 2 wrong usage or\n"
      "configuration.",
      kOptions,
      0,
      1,
      checks};
  return command;
}

}  // namespace virgo::cli
