#include "config/schema.hpp"

#include <array>

namespace virgo::config {
namespace {

using enum OptionType;

constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kSecond = 1'000 * kMillisecond;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kKiB = 1 << 10;
constexpr std::int64_t kMiB = 1 << 20;
constexpr std::int64_t kGiB = 1 << 30;
constexpr std::int64_t kMaxPath = 4095;

// Whose names and labels the shipped checks use for what they measure.
constexpr std::array<std::string_view, 2> kNamings{"otel", "prometheus"};
constexpr std::array<std::string_view, 6> kNetKinds{"tcp", "udp", "unix", "icmp", "dns", "listen"};
constexpr std::array<std::string_view, 2> kSeverities{"warn", "critical"};
constexpr std::array<std::string_view, 8> kStatuses{
    "failed", "invalid", "unsupported", "unreachable", "timeout", "limit", "quarantined", "not_ok"};
constexpr std::array<std::string_view, 5> kLevels{"error", "warn", "info", "debug", "trace"};

// clang-format off
constexpr Option kAgent[] = {
  {.key = "id", .type = text,
   .help = "Identity of this agent, sent with everything it reports.",
   .note = "the host's name", .min = 1, .max = 128,
   .slot = [](Draft& d) -> Slot { return &d.spec.id; }},
  {.key = "log_level", .type = level,
   .help = "The least important messages that are still logged.",
   .preset = "info",
   .slot = [](Draft& d) -> Slot { return &d.spec.log_level; }},
};

constexpr Option kBackoff[] = {
  {.key = "min", .type = duration,
   .help = "Upper bound of the first random delay before connecting again; it doubles with each failure.",
   .preset = "1s", .min = 10 * kMillisecond, .max = kHour,
   .slot = [](Draft& d) -> Slot { return &d.spec.endpoint.backoff_min; }},
  {.key = "max", .type = duration,
   .help = "The delay's bound does not grow beyond this. At least `min`.",
   .preset = "2m", .min = 10 * kMillisecond, .max = 24 * kHour,
   .slot = [](Draft& d) -> Slot { return &d.spec.endpoint.backoff_max; }},
};

constexpr Option kEndpoint[] = {
  {.key = "address", .type = text,
   .help = "Where reports go: `host`, `host:port` or `[IPv6 address]:port`. The port is 443 unless given.",
   .min = 1, .max = 512, .required = true,
   .slot = [](Draft& d) -> Slot { return &d.address; }},
  {.key = "server_name", .type = text,
   .help = "The name the endpoint's certificate must carry.",
   .note = "the host in `address`", .min = 1, .max = 253,
   .slot = [](Draft& d) -> Slot { return &d.spec.endpoint.server_name; }},
  {.key = "ca", .type = path,
   .help = "Certificates that may sign the endpoint's: a PEM file, or a folder of hashed certificates.",
   .min = 1, .max = kMaxPath, .required = true,
   .slot = [](Draft& d) -> Slot { return &d.spec.endpoint.ca_file; }},
  {.key = "token", .type = text,
   .help = "Secret that proves who this agent is. Better `${file:...}` than the text itself.",
   .min = 1, .max = 8192, .required = true, .hidden = true,
   .slot = [](Draft& d) -> Slot { return &d.spec.endpoint.token; }},
  {.key = "connect_timeout", .type = duration,
   .help = "For connecting and the TLS handshake together.",
   .preset = "10s", .min = 10 * kMillisecond, .max = 10 * kMinute,
   .slot = [](Draft& d) -> Slot { return &d.spec.endpoint.connect_timeout; }},
  {.key = "request_timeout", .type = duration,
   .help = "For the answer to one request.",
   .preset = "30s", .min = 10 * kMillisecond, .max = 10 * kMinute,
   .slot = [](Draft& d) -> Slot { return &d.spec.endpoint.request_timeout; }},
  {.key = "flush_interval", .type = duration,
   .help = "Reports are gathered for so long and sent together, which costs less than one by one.",
   .preset = "1s", .min = 0, .max = kMinute,
   .slot = [](Draft& d) -> Slot { return &d.spec.endpoint.flush_interval; }},
  {.key = "backoff", .type = map,
   .help = "Waiting between attempts to connect.", .inside = kBackoff},
};

constexpr Option kPlugins[] = {
  {.key = "native", .type = paths,
   .help = "Folders with native plugins (`*.so`), searched in order. Replaces the default.",
   .note = "`<prefix>/lib/virgo/plugins`", .min = 1, .max = kMaxPath,
   .slot = [](Draft& d) -> Slot { return &d.spec.plugin_dirs; }},
  {.key = "lua", .type = paths,
   .help = "Folders with Lua checks (`*.lua`), searched in order. Replaces the default.",
   .note = "`<prefix>/share/virgo/lua-plugins`", .min = 1, .max = kMaxPath,
   .slot = [](Draft& d) -> Slot { return &d.spec.lua_plugin_dirs; }},
};

constexpr Option kLimits[] = {
  {.key = "queue", .type = size,
   .help = "Reports that wait for the endpoint; beyond it the oldest are dropped and counted.",
   .preset = "16MiB", .min = 64 * kKiB, .max = kGiB,
   .slot = [](Draft& d) -> Slot { return &d.spec.limits.queue_bytes; }},
  {.key = "samples_per_run", .type = whole,
   .help = "Samples one run of a check may report.",
   .preset = "5000", .min = 1, .max = 100'000,
   .slot = [](Draft& d) -> Slot { return &d.spec.limits.samples_per_run; }},
  {.key = "workers", .type = whole,
   .help = "Threads for native checks that block.",
   .preset = "4", .min = 1, .max = 64,
   .slot = [](Draft& d) -> Slot { return &d.spec.limits.workers; }},
  {.key = "lua_memory", .type = size,
   .help = "Memory one Lua plugin file may use.",
   .preset = "8MiB", .min = kMiB, .max = kGiB,
   .slot = [](Draft& d) -> Slot { return &d.spec.limits.lua_memory; }},
  {.key = "lua_budget", .type = duration,
   .help = "How long Lua may run without returning to the loop.",
   .preset = "100ms", .min = 10 * kMillisecond, .max = 10 * kSecond,
   .slot = [](Draft& d) -> Slot { return &d.spec.limits.lua_budget; }},
  {.key = "lua_grace", .type = duration,
   .help = "Processor time that a Lua check may spend in one call that cannot be interrupted, beyond its budget. Then the agent starts itself anew without the check.",
   .preset = "5s", .min = 10 * kMillisecond, .max = 60 * kSecond,
   .slot = [](Draft& d) -> Slot { return &d.spec.limits.lua_grace; }},
  {.key = "lua_cpu_per_run", .type = duration,
   .help = "Processor time one run of a Lua check may use.",
   .preset = "500ms", .min = 10 * kMillisecond, .max = 60 * kSecond,
   .slot = [](Draft& d) -> Slot { return &d.spec.limits.lua_cpu_per_run; }},
  {.key = "lua_cpu_per_minute", .type = duration,
   .help = "Processor time all checks of a Lua plugin file may use in a minute.",
   .preset = "5s", .min = 100 * kMillisecond, .max = 60 * kSecond,
   .slot = [](Draft& d) -> Slot { return &d.spec.limits.lua_cpu_per_minute; }},
  {.key = "lua_sockets", .type = whole,
   .help = "Sockets and child processes one run of a Lua check may have open at a time.",
   .preset = "64", .min = 1, .max = 1024,
   .slot = [](Draft& d) -> Slot { return &d.spec.limits.lua_sockets; }},
  {.key = "lua_log_lines", .type = whole,
   .help = "Lines a Lua plugin file may log in a minute.",
   .preset = "60", .min = 1, .max = 100'000,
   .slot = [](Draft& d) -> Slot { return &d.spec.limits.lua_log_lines; }},
  {.key = "lua_series", .type = whole,
   .help = "Different series one Lua check may report within ten minutes.",
   .preset = "2000", .min = 1, .max = 1'000'000,
   .slot = [](Draft& d) -> Slot { return &d.spec.limits.lua_series; }},
};

constexpr Option kDefaults[] = {
  {.key = "interval", .type = duration,
   .help = "Time from one run of a check to the next.",
   .preset = "10s", .min = 100 * kMillisecond, .max = 24 * kHour,
   .slot = [](Draft& d) -> Slot { return &d.interval; }},
  {.key = "timeout", .type = duration,
   .help = "After this a run counts as failed. Cut to the check's interval.",
   .preset = "30s", .min = 10 * kMillisecond, .max = 24 * kHour,
   .slot = [](Draft& d) -> Slot { return &d.timeout; }},
  {.key = "splay", .type = duration,
   .help = "First runs are spread over this time: each host at a place of its own, its checks at eight moments that they share. Cut to the check's interval.",
   .note = "the check's interval", .min = 0, .max = 24 * kHour,
   .slot = [](Draft& d) -> Slot { return &d.splay; }},
};

constexpr Option kAlert[] = {
  {.key = "metric", .type = text,
   .help = "The metric to look at. Each of its series is judged on its own; the worst counts.",
   .min = 1, .max = 256,
   .slot = [](Draft& d) -> Slot { return &d.alert.metric; }},
  {.key = "labels", .type = labels,
   .help = "Only series that have all of these labels.",
   .slot = [](Draft& d) -> Slot { return &d.alert.labels; }},
  {.key = "above", .type = number,
   .help = "Alert while the value is above this.",
   .slot = [](Draft& d) -> Slot { return &d.alert.above; }},
  {.key = "below", .type = number,
   .help = "Alert while the value is below this.",
   .slot = [](Draft& d) -> Slot { return &d.alert.below; }},
  {.key = "equals", .type = scalar,
   .help = "Alert while the value is this number or text.",
   .slot = [](Draft& d) -> Slot { return &d.alert.equals; }},
  {.key = "not_equals", .type = scalar,
   .help = "Alert while the value is not this number or text.",
   .slot = [](Draft& d) -> Slot { return &d.alert.not_equals; }},
  {.key = "absent", .type = flag,
   .help = "`true`: alert while runs have no sample of the metric.",
   .note = "no",
   .slot = [](Draft& d) -> Slot { return &d.alert.absent; }},
  {.key = "status", .type = words,
   .help = "Instead of a metric: alert while runs end like this, one word or a list. `not_ok` is all but `ok`.",
   .slot = [](Draft& d) -> Slot { return &d.alert.status; }, .choices = kStatuses},
  {.key = "for", .type = duration,
   .help = "It must have been so for this long.",
   .preset = "0s", .min = 0, .max = 24 * kHour,
   .slot = [](Draft& d) -> Slot { return &d.alert.hold; }},
  {.key = "clear", .type = number,
   .help = "The alert ends when the value is here again: at most `above`, at least `below`.",
   .note = "the threshold",
   .slot = [](Draft& d) -> Slot { return &d.alert.clear; }},
  {.key = "clear_for", .type = duration,
   .help = "And has been so for this long.",
   .preset = "0s", .min = 0, .max = 24 * kHour,
   .slot = [](Draft& d) -> Slot { return &d.alert.clear_for; }},
  {.key = "severity", .type = choice,
   .help = "The state of the check meanwhile.",
   .preset = "critical",
   .slot = [](Draft& d) -> Slot { return &d.alert.severity; }, .choices = kSeverities},
  {.key = "text", .type = text,
   .help = "What to say, in front of the values.",
   .min = 1, .max = 512,
   .slot = [](Draft& d) -> Slot { return &d.alert.text; }},
};

constexpr Option kCheck[] = {
  {.key = "name", .type = text,
   .help = "Unique name: letters, digits and `_ . : / -`. An item that is text only is a name.",
   .min = 1, .max = 128, .required = true,
   .slot = [](Draft& d) -> Slot { return &d.check.name; }},
  {.key = "type", .type = text,
   .help = "Type of check. Without a dot, `virgo.` is put in front: `cpu` is `virgo.cpu`.",
   .note = "the name", .min = 1, .max = 128,
   .slot = [](Draft& d) -> Slot { return &d.check.type; }},
  {.key = "enabled", .type = flag,
   .help = "`false` keeps the check but does not run it.",
   .preset = "true",
   .slot = [](Draft& d) -> Slot { return &d.check.enabled; }},
  {.key = "interval", .type = duration,
   .help = "Time from one run to the next.",
   .note = "`defaults.interval`", .min = 100 * kMillisecond, .max = 24 * kHour,
   .slot = [](Draft& d) -> Slot { return &d.check.interval; }},
  {.key = "timeout", .type = duration,
   .help = "After this a run counts as failed. At most the interval.",
   .note = "`defaults.timeout`", .min = 10 * kMillisecond, .max = 24 * kHour,
   .slot = [](Draft& d) -> Slot { return &d.check.timeout; }},
  {.key = "splay", .type = duration,
   .help = "The first run happens within this time, at a place that follows from the name. At most the interval.",
   .note = "`defaults.splay`", .min = 0, .max = 24 * kHour,
   .slot = [](Draft& d) -> Slot { return &d.check.splay; }},
  {.key = "params", .type = params,
   .help = "What the type of check itself understands.",
   .slot = [](Draft& d) -> Slot { return &d.check.params; }},
  {.key = "alert", .type = alerts,
   .help = "When the check's state is not ok: a list of rules.",
   .inside = kAlert},
};

constexpr Option kAllow[] = {
  {.key = "net", .type = subset,
   .help = "Kinds of network use.",
   .note = "all it declares",
   .slot = [](Draft& d) -> Slot { return &d.plugin.net; }, .choices = kNetKinds},
  {.key = "exec", .type = patterns,
   .help = "Programs. `*` stands for any part of a name, a `/` at the end for all in the folder.",
   .note = "all it declares", .min = 1, .max = kMaxPath,
   .slot = [](Draft& d) -> Slot { return &d.plugin.exec; }},
  {.key = "read", .type = patterns,
   .help = "Files and folders, written in the same way.",
   .note = "all it declares", .min = 1, .max = kMaxPath,
   .slot = [](Draft& d) -> Slot { return &d.plugin.read; }},
};

constexpr Option kPluginLimits[] = {
  {.key = "memory", .type = size,
   .help = "As `limits.lua_memory`, for this file.",
   .note = "as for all", .min = kMiB, .max = kGiB,
   .slot = [](Draft& d) -> Slot { return &d.plugin.limits.lua_memory; }},
  {.key = "budget", .type = duration,
   .help = "As `limits.lua_budget`, for this file.",
   .note = "as for all", .min = 10 * kMillisecond, .max = 10 * kSecond,
   .slot = [](Draft& d) -> Slot { return &d.plugin.limits.lua_budget; }},
  {.key = "cpu_per_run", .type = duration,
   .help = "As `limits.lua_cpu_per_run`, for this file.",
   .note = "as for all", .min = 10 * kMillisecond, .max = 60 * kSecond,
   .slot = [](Draft& d) -> Slot { return &d.plugin.limits.lua_cpu_per_run; }},
  {.key = "cpu_per_minute", .type = duration,
   .help = "As `limits.lua_cpu_per_minute`, for this file.",
   .note = "as for all", .min = 100 * kMillisecond, .max = 60 * kSecond,
   .slot = [](Draft& d) -> Slot { return &d.plugin.limits.lua_cpu_per_minute; }},
  {.key = "sockets", .type = whole,
   .help = "As `limits.lua_sockets`, for this file.",
   .note = "as for all", .min = 1, .max = 1024,
   .slot = [](Draft& d) -> Slot { return &d.plugin.limits.lua_sockets; }},
  {.key = "log_lines", .type = whole,
   .help = "As `limits.lua_log_lines`, for this file.",
   .note = "as for all", .min = 1, .max = 100'000,
   .slot = [](Draft& d) -> Slot { return &d.plugin.limits.lua_log_lines; }},
  {.key = "series", .type = whole,
   .help = "As `limits.lua_series`, for this file.",
   .note = "as for all", .min = 1, .max = 1'000'000,
   .slot = [](Draft& d) -> Slot { return &d.plugin.limits.lua_series; }},
};

constexpr Option kPlugin[] = {
  {.key = "allow", .type = map, .help = "What it may reach, of what it declares as its needs.", .inside = kAllow},
  {.key = "limits", .type = map, .help = "Its own bounds.", .inside = kPluginLimits},
};

constexpr Option kDropIn[] = {
  {.key = "checks", .type = checks,
   .help = "What to run: a list of names and maps.", .required = true, .inside = kCheck},
};

constexpr Option kMain[] = {
  {.key = "agent", .type = map, .help = "Who this agent is.", .inside = kAgent},
  {.key = "endpoint", .type = map,
   .help = "Where reports go. `virgo run` needs it.", .inside = kEndpoint},
  {.key = "plugins", .type = map, .help = "Where checks are loaded from.", .inside = kPlugins},
  {.key = "conversation", .type = path,
   .help = "Folder with the Lua code that talks to the endpoint; empty for the one that is shipped. Used as it changes, without a restart.",
   .preset = "\"\"", .min = 0, .max = kMaxPath,
   .slot = [](Draft& d) -> Slot { return &d.spec.conversation; }},
  {.key = "state", .type = path,
   .help = "Folder for what the agent must remember when it is started again: crashes of plugins, and what Lua checks hand over. Made if it is missing, unless it is the default; empty for none.",
   .preset = "/var/lib/virgo", .min = 0, .max = kMaxPath,
   .slot = [](Draft& d) -> Slot { return &d.spec.state_folder; }},
  {.key = "control", .type = path,
   .help = "Unix socket for `virgo ctl`, for the agent's own user and root. The default is used where its folder exists or can be made; empty for none.",
   .preset = "/run/virgo/control.sock", .min = 0, .max = kMaxPath,
   .slot = [](Draft& d) -> Slot { return &d.spec.control; }},
  {.key = "limits", .type = map, .help = "Bounds on what the agent may use.", .inside = kLimits},
  {.key = "lua_plugins", .type = plugins,
   .help = "What single Lua plugin files may do, by the file's name (`redis.lua`).", .inside = kPlugin},
  {.key = "defaults", .type = map, .help = "For checks that do not say otherwise.", .inside = kDefaults},
  {.key = "naming", .type = choice,
   .help = "Names and labels of the shipped checks' metrics: those of the OpenTelemetry conventions, or those of Prometheus' node_exporter.",
   .preset = "otel",
   .slot = [](Draft& d) -> Slot { return &d.spec.naming; }, .choices = kNamings},
  {.key = "conf_d", .type = path,
   .help = "Folder of drop-in files (`*.yaml`), each with `checks` only; empty for none.",
   .note = "`conf.d` beside this file, if there is one", .min = 0, .max = kMaxPath,
   .slot = [](Draft& d) -> Slot { return &d.conf_d; }},
  {.key = "checks", .type = checks,
   .help = "What to run: a list of names and maps.", .inside = kCheck},
};
// clang-format on

}  // namespace

std::span<const Option> main_options() {
  return kMain;
}
std::span<const Option> drop_in_options() {
  return kDropIn;
}
std::span<const Option> check_options() {
  return kCheck;
}
std::span<const Option> alert_options() {
  return kAlert;
}
std::span<const Option> plugin_options() {
  return kPlugin;
}
std::span<const std::string_view> level_names() {
  return kLevels;
}

}  // namespace virgo::config
