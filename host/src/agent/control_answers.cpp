#include "agent/control_answers.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <optional>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "base/version.hpp"
#include "config/specs.hpp"
#include "json/writer.hpp"

namespace virgo::agent {
namespace {

using metric::Health;

// An object, member by member.
class Object {
 public:
  explicit Object(std::string& out) : writer_(out) { writer_.begin_object(); }
  void text(const char* key, std::string_view value) {
    writer_.key(key);
    writer_.text(value);
  }
  void count(const char* key, std::uint64_t value) {
    writer_.key(key);
    writer_.integer(value);
  }
  void micros(const char* key, Duration value) { whole(key, value.count() / 1000); }
  void whole(const char* key, std::int64_t value) {
    writer_.key(key);
    writer_.integer(value);
  }
  void flag(const char* key, bool value) {
    writer_.key(key);
    writer_.boolean(value);
  }
  void raw(const char* key, const std::string& json) {
    writer_.key(key);
    writer_.raw(json);
  }
  void end() { writer_.end_object(); }

 private:
  json::Writer writer_;
};

std::string suspension_json(const check::Suspension& suspension, const Clock& clock) {
  std::string out;
  Object object(out);
  object.text("limit", suspension.limit);
  object.text("value", suspension.value);
  object.count("strikes", suspension.strikes);
  // Without "until_us": not by itself.
  if (suspension.until != TimePoint::max())
    object.whole("until_us", (clock.wall() + (suspension.until - clock.now()).count()) / 1000);
  object.end();
  return out;
}

// The file that the check's type comes from; "" of the agent's own, and of one that nobody
// provides.
std::string_view file_of(const ControlSources& from, std::size_t number) {
  const check::CheckType* type = from.registry.find(from.scheduler.identity(number).type);
  if (type == nullptr || !type->origin().starts_with('/')) return "";
  return type->origin();
}

// A file that cannot be used as it is now.
std::string broken_json(const std::string& file, const std::string& problem, bool before_runs) {
  std::string out;
  Object object(out);
  object.text("file", file);
  object.text("problem", problem);
  object.flag("before_runs", before_runs);
  object.end();
  return out;
}

// All such files, or only this one, as a list.
std::string broken_files_json(const ControlSources& from, const std::string_view* only) {
  std::string list;
  const auto add = [&](const std::string& file, const std::string& problem, bool before_runs) {
    if (problem.empty() || (only != nullptr && *only != file)) return;
    list += (list.empty() ? "" : ",") + broken_json(file, problem, before_runs);
  };
  for (const script::LuaPlugins::Broken& broken : from.plugins.broken())
    add(broken.file, broken.problem, broken.before_runs);
  add(from.conversation.file(), from.conversation.problem(), true);
  return "[" + list + "]";
}

std::string check_json(const ControlSources& from, std::size_t number) {
  const metric::CheckIdentity& identity = from.scheduler.identity(number);
  const schedule::Stats& stats = from.scheduler.stats(number);
  std::string out;
  Object object(out);
  object.text("name", identity.check);
  object.text("type", identity.type);
  object.text("runtime", identity.runtime);
  if (const auto file = file_of(from, number); !file.empty()) object.text("file", file);
  if (stats.reported) {
    object.text("status", metric::status_name(stats.last_status));
    if (!stats.last_explanation.empty()) object.text("explanation", stats.last_explanation);
    object.whole("started_us", stats.last_started / 1000);
  }
  if (const alert::Judge::State* state = from.judge.state(identity.check)) {
    object.text("state", metric::health_name(state->health));
    object.whole("state_since_us", state->since / 1000);
    if (!state->reason.empty()) object.text("state_reason", state->reason);
  }
  object.micros("duration_us", stats.last_duration);
  object.micros("max_duration_us", stats.max_duration);
  object.micros("late_us", stats.last_lateness);
  object.micros("max_late_us", stats.max_lateness);
  object.count("runs", stats.runs);
  object.count("skipped", stats.skipped);
  object.count("timeouts", stats.timeouts);
  if (const auto suspension = from.scheduler.suspension(number))
    object.raw("suspended", suspension_json(*suspension, from.clock));
  object.end();
  return out;
}

Error no_such_check(const ControlSources& from, const std::string& name) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < from.scheduler.size(); ++i)
    if (from.scheduler.live(i)) names.emplace_back(from.scheduler.identity(i).check);
  const std::string_view near = did_you_mean(name, names);
  return {Errc::not_found, format("there is no check '{}'{}", printable(name, 128),
                                  near.empty() ? "" : format(", did you mean '{}'?", near))};
}

Result<std::string> checks(const ControlSources& from, const json::Value& request) {
  const json::Value* name = request.find("name");
  if (name != nullptr && name->kind != json::Kind::string)
    return Error{Errc::invalid, "'name' must be a text"};
  std::string list;
  std::string_view file;
  for (std::size_t i = 0; i < from.scheduler.size(); ++i) {
    if (!from.scheduler.live(i)) continue;
    if (name != nullptr && name->text != from.scheduler.identity(i).check) continue;
    list += (list.empty() ? "" : ",") + check_json(from, i);
    file = file_of(from, i);
  }
  if (name != nullptr && list.empty()) return no_such_check(from, name->text);
  return format("{{\"checks\":[{}],\"broken_files\":{}}}", list,
                broken_files_json(from, name == nullptr ? nullptr : &file));
}

// How many checks are in each state.
std::string states_json(const ControlSources& from) {
  std::array<std::uint64_t, static_cast<std::size_t>(Health::critical) + 1> counts{};
  for (std::size_t i = 0; i < from.scheduler.size(); ++i) {
    if (!from.scheduler.live(i)) continue;
    if (const auto* state = from.judge.state(from.scheduler.identity(i).check))
      ++counts[static_cast<std::size_t>(state->health)];
  }
  std::string out;
  Object object(out);
  for (const Health health : {Health::ok, Health::warn, Health::unknown, Health::critical})
    object.count(metric::health_name(health), counts[static_cast<std::size_t>(health)]);
  object.end();
  return out;
}

std::string status(const ControlSources& from, TimePoint begun) {
  const SelfFigures figures = from.figures();
  std::string out;
  Object object(out);
  object.text("version", kVersion);
  object.text("agent_id", from.conversation.agent_id());
  object.count("pid", static_cast<std::uint64_t>(getpid()));
  object.micros("uptime_us", from.clock.now() - begun);
  object.text("endpoint", from.endpoint);
  object.flag("connected", figures.connected);
  if (!figures.trouble.empty()) object.text("trouble", figures.trouble);
  object.count("checks", figures.checks);
  object.count("suspended", figures.suspended.size());
  object.raw("states", states_json(from));
  object.raw("broken_files", broken_files_json(from, nullptr));
  object.count("runs", figures.runs);
  object.count("skipped", figures.skipped);
  object.count("timeouts", figures.timeouts);
  object.count("queue_records", figures.queue.records);
  object.count("queue_bytes", figures.queue.bytes);
  object.count("queue_dropped", figures.queue.dropped);
  object.end();
  return out;
}

// Whether the default's folder is there, or was made.
bool has_folder(const std::string& path) {
  const std::string folder = path.substr(0, path.rfind('/'));
  struct stat s {};
  if (stat(folder.c_str(), &s) == 0) return S_ISDIR(s.st_mode);
  return geteuid() == 0 && mkdir(folder.c_str(), 0755) == 0;
}

}  // namespace

control::Server::Answers control_answers(ControlSources sources) {
  const auto from = std::make_shared<const ControlSources>(std::move(sources));
  control::Server::Answers answers;
  answers["status"] = [from, begun = from->clock.now()](const json::Value&) {
    return Result<std::string>(status(*from, begun));
  };
  answers["checks"] = [from](const json::Value& request) { return checks(*from, request); };
  return answers;
}

Result<std::unique_ptr<control::Server>> open_control(uv::Loop& loop, const std::string& path,
                                                      control::Server::Answers answers) {
  if (path.empty()) return std::unique_ptr<control::Server>();
  const bool chosen = path != config::kDefaultControlSocket;
  if (!chosen && !has_folder(path)) {
    log_info("control", "no control socket: there is no folder for {}", path);
    return std::unique_ptr<control::Server>();
  }
  auto server = control::Server::open(loop, path, std::move(answers));
  if (server) return server;
  const Error error = server.error().context("control");
  if (chosen) return error;
  log_warn("control", "no control socket: {}", server.error().message);
  return std::unique_ptr<control::Server>();
}

}  // namespace virgo::agent
