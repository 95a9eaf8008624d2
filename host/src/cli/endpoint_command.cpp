// virgo endpoint: the server side; virgo demo: both sides on this machine.
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "agent/paths.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/cli.hpp"
#include "cli/commands.hpp"
#include "cli/endpoint_files.hpp"
#include "json/writer.hpp"
#include "runtime/program.hpp"
#include "uv/loop.hpp"

namespace virgo::cli {
namespace {

constexpr const char* kDefaultListen = "127.0.0.1:8443";

int complain(const char* command, const std::string& what, int code) {
  std::fprintf(stderr, "virgo %s: %s\n", command, what.c_str());
  return code;
}

struct Address {
  std::string host;
  int port = 0;
};

Result<Address> parse_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  const Error wrong{Errc::invalid,
                    format("'{}' is not an address to listen on: write IP:PORT, as in {}",
                           printable(text), kDefaultListen)};
  if (colon == std::string::npos || colon == 0) return wrong;
  Address out{text.substr(0, colon), -1};
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data() + colon + 1, end, out.port);
  if (parsed.ec != std::errc() || parsed.ptr != end || out.port < 0 || out.port > 65535)
    return wrong;
  if (out.host.size() > 2 && out.host.front() == '[' && out.host.back() == ']')
    out.host = out.host.substr(1, out.host.size() - 2);
  return out;
}

// What lua-plugins/endpoint/main.lua is told, as JSON.
struct AppOptions {
  std::string dir;
  Address listen;
  std::vector<std::string> tokens;
  Duration heartbeat = std::chrono::seconds(30);
  bool sync = true;
  bool show = false;
  Duration duration{};  // 0 = until stopped
  int expect = 0;
  std::string port_file;
  std::string conf_d;              // of the agent; "" = none
  std::vector<std::string> agent;  // argv
};

double seconds(Duration d) {
  return static_cast<double>(d.count()) / 1e9;
}

std::string to_json(const AppOptions& o) {
  std::string text;
  json::Writer out(text);
  const auto add_text = [&out](const char* key, const std::string& value) {
    if (value.empty()) return;
    out.key(key);
    out.string(value);
  };
  const auto add_list = [&out](const char* key, const std::vector<std::string>& values) {
    if (values.empty()) return;
    out.key(key);
    out.begin_array();
    for (const std::string& v : values) out.string(v);
    out.end_array();
  };
  out.begin_object();
  add_text("dir", o.dir);
  add_text("host", o.listen.host);
  add_text("certificate", o.dir + "/server.pem");
  add_text("key", o.dir + "/server-key.pem");
  add_text("port_file", o.port_file);
  add_text("agent_log", o.dir + "/agent.log");
  add_text("conf_d", o.conf_d);
  add_list("tokens", o.tokens);
  add_list("agent", o.agent);
  out.key("port");
  out.integer(static_cast<std::int64_t>(o.listen.port));
  out.key("heartbeat_interval");
  out.number(seconds(o.heartbeat));
  out.key("sync");
  out.boolean(o.sync);
  out.key("show");
  out.boolean(o.show);
  if (o.duration.count() > 0) {
    out.key("duration");
    out.number(seconds(o.duration));
  }
  if (o.expect > 0) {
    out.key("expect");
    out.integer(static_cast<std::int64_t>(o.expect));
  }
  out.end_object();
  return text;
}

int run_app(const char* command, const AppOptions& options) {
  uv::Loop loop;
  int code = kFailed;
  bool left = false;
  runtime::ProgramOptions program_options;
  program_options.executable = agent::executable() + "-lua";
  program_options.words = {agent::shipped_lua("endpoint") + "/main.lua"};
  program_options.component = "endpoint";
  program_options.settings = to_json(options);
  program_options.exit = [&](int exit_code) {
    if (!left) code = exit_code;
    left = true;
    loop.stop();
  };
  {
    auto program = runtime::Program::start(loop, std::move(program_options));
    if (!program) return complain(command, program.error().message, kFailed);
    while (!left) {
      loop.run();
      if (!left && (*program)->finish(code)) break;
    }
  }
  loop.run();  // last goodbyes
  return code;
}

Result<Duration> duration_option(const Args& args, const char* name, Duration fallback) {
  if (!args.has(name)) return fallback;
  auto parsed = parse_duration(args.get(name));
  if (!parsed) return parsed.error().context(format("--{}", name));
  return parsed;
}

int init(const Args& args) {
  const std::string dir = args.get("init");
  std::vector<std::string> hosts;
  if (args.has("host")) hosts.push_back(args.get("host"));
  for (const char* name : {"127.0.0.1", "::1", "localhost"})
    if (hosts.empty() || hosts.front() != name) hosts.emplace_back(name);
  auto made = make_endpoint_files(dir, hosts);
  if (!made) return complain("endpoint", made.error().message, kFailed);
  std::printf(
      "%s: made a private CA, a server certificate and a token.\n"
      "Start the endpoint:  virgo endpoint %s\n"
      "and an agent:        virgo run -c %s/agent.yaml\n",
      dir.c_str(), dir.c_str(), dir.c_str());
  return kOk;
}

Result<AppOptions> app_options(const Args& args) {
  AppOptions o;
  auto listen = parse_address(args.has("listen") ? args.get("listen") : kDefaultListen);
  if (!listen) return listen.error();
  o.listen = *listen;
  auto heartbeat = duration_option(args, "heartbeat", std::chrono::seconds(30));
  if (!heartbeat) return heartbeat.error();
  if (*heartbeat < std::chrono::milliseconds(100))
    return Error{Errc::invalid, "--heartbeat: at least 100ms"};
  o.heartbeat = *heartbeat;
  auto duration = duration_option(args, "for", Duration(0));
  if (!duration) return duration.error();
  o.duration = *duration;
  o.show = args.has("show");
  o.sync = !args.has("no-sync");
  o.port_file = args.get("port-file");
  if (args.has("expect")) {
    const std::string& text = args.get("expect");
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), o.expect);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || o.expect < 1)
      return Error{Errc::invalid, "--expect: a number of reports from 1"};
  }
  return o;
}

int run_endpoint(const Args& args) {
  if (args.has("init")) return init(args);
  if (args.operands().empty())
    return complain("endpoint", "which folder? Make one with --init DIR", kUsage);
  auto options = app_options(args);
  if (!options) return complain("endpoint", options.error().message, kUsage);
  options->dir = args.operands()[0];
  auto tokens = read_tokens(options->dir + "/tokens");
  if (!tokens) return complain("endpoint", tokens.error().message, kUsage);
  options->tokens = *tokens;
  return run_app("endpoint", *options);
}

// A fresh folder for the demo; removed when all went well.
Result<std::string> fresh_folder() {
  const char* tmp = std::getenv("TMPDIR");
  std::string path = format("{}/virgo-demo-XXXXXX", tmp != nullptr && *tmp != '\0' ? tmp : "/tmp");
  if (mkdtemp(path.data()) == nullptr)
    return Error{Errc::io, format("cannot make a folder {}", path)};
  return path;
}

// The folder of --conf-d, so that the agent finds it from wherever it runs.
Result<std::string> drop_ins(const Args& args) {
  if (!args.has("conf-d")) return std::string();
  std::error_code error;
  const auto folder = std::filesystem::canonical(args.get("conf-d"), error);
  if (!error && std::filesystem::is_directory(folder, error)) return folder.string();
  return Error{Errc::not_found, format("--conf-d: '{}' is not a folder; make one, with a file as "
                                       "acme.yaml that holds 'checks:'",
                                       printable(args.get("conf-d")))};
}

int run_demo(const Args& args) {
  auto options = app_options(args);
  if (!options) return complain("demo", options.error().message, kUsage);
  auto conf_d = drop_ins(args);
  if (!conf_d) return complain("demo", conf_d.error().message, kUsage);
  options->conf_d = *conf_d;
  auto folder = fresh_folder();
  if (!folder) return complain("demo", folder.error().message, kFailed);
  options->dir = *folder;
  auto made = make_endpoint_files(options->dir, {"127.0.0.1", "localhost"});
  if (!made) return complain("demo", made.error().message, kFailed);
  auto tokens = read_tokens(options->dir + "/tokens");
  if (!tokens) return complain("demo", tokens.error().message, kFailed);
  options->tokens = *tokens;
  options->listen = {"127.0.0.1", 0};
  options->show = true;
  if (options->duration.count() > 0 && options->expect == 0) options->expect = 2;
  options->heartbeat = std::chrono::seconds(5);
  options->agent = {agent::executable(), "run", "--exit-with-parent", "-c",
                    agent::prefix() + "/share/virgo/quickstart.yaml"};
  set_log_level(LogLevel::warn);  // the terminal is the table's
  const int code = run_app("demo", *options);
  if (code == kOk) {
    std::error_code ignored;
    std::filesystem::remove_all(*folder, ignored);
  } else {
    std::fprintf(stderr, "The agent's log and the reports are in %s\n", folder->c_str());
  }
  return code;
}

}  // namespace

const Command& endpoint_command() {
  static constexpr std::array kOptions{
      Option{"init", 0, "DIR", "make DIR with a private CA, a server certificate and a token"},
      Option{"host", 0, "NAME", "with --init: a name or address agents know the server by"},
      Option{"listen", 'l', "IP:PORT", "where to listen (127.0.0.1:8443); port 0 = any"},
      Option{"port-file", 0, "FILE", "write the port number to FILE once listening"},
      Option{"heartbeat", 0, "TIME", "what agents are told to keep (30s)"},
      Option{"no-sync", 0, nullptr, "acknowledge before the disk has the reports"},
      Option{"show", 's', nullptr, "show what is received, as a table on a terminal"},
      Option{"for", 0, "TIME", "stop after TIME (as 10s)"},
      Option{"expect", 0, "N", "at the end: exit code 1 unless every check came N times"},
  };
  static const Command command{
      "endpoint",
      "DIR | --init DIR",
      "take reports from agents and write them to DIR",
      "Agents connect over TLS and name a token of DIR/tokens; their reports are appended to\n"
      "DIR/reports/AGENT.ndjson and acknowledged when they are written.\n"
      "Exit codes: 0 stopped, 1 failed, 2 wrong usage.",
      kOptions,
      0,
      1,
      run_endpoint};
  return command;
}

const Command& demo_command() {
  static constexpr std::array kOptions{
      Option{"for", 0, "TIME", "stop after TIME (as 10s)"},
      Option{"expect", 0, "N", "exit code 1 unless every check came N times (2 with --for)"},
      Option{"conf-d", 0, "DIR", "run the checks of the files DIR/*.yaml, too"},
  };
  static const Command command{
      "demo",
      "",
      "run an endpoint and an agent here, and show what is received",
      "Makes a fresh CA and token in a temporary folder, starts both sides on the loopback\n"
      "interface with checks at 1 s, and shows what the endpoint received.",
      kOptions,
      0,
      0,
      run_demo};
  return command;
}

}  // namespace virgo::cli
