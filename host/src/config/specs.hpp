// What a configuration says, typed. Produced by config/load.hpp; the loader has
// applied defaults and refused whatever does not fit, so readers need no checks.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "config/node.hpp"

namespace virgo::config {

// When a check's state is to be a bad one. It looks at a metric, with exactly one of
// above, below, equals, not_equals and absent, or at how the run ended.
struct AlertRule {
  std::string metric;               // "" = `status` is given
  Node labels;                      // map of texts (or null): a series has all of these
  Node above, below;                // finite numbers; null = not given
  Node equals, not_equals;          // any scalars
  bool absent = false;              // no sample of it in a run
  std::vector<std::string> status;  // "timeout", ..., or "not_ok" alone
  Duration hold{};                  // `for`: it must have been so for this long
  Node clear;                       // where it ends: at most `above`, at least `below`
  Duration clear_for{};             // it must have ended for this long
  std::string severity;             // "warn" or "critical"
  std::string text;                 // put before the reason; may be ""
  Position where;                   // of the metric's name, else of the list item
  std::string path;                 // "checks[2].alert[0]"
};

// One configured instance of a check type.
struct CheckSpec {
  std::string name;  // unique within the agent; [A-Za-z0-9_.:/-]{1,128}
  std::string type;  // check type it instantiates, "virgo.cpu"; [A-Za-z0-9_.-]{1,134}.
                     // Default: the name. A type without a dot has "virgo." put in front.
  bool enabled = true;
  Duration interval{};  // 100 ms .. 24 h
  Duration timeout{};   // 10 ms .. interval; default min(interval, defaults.timeout)
  Duration splay{};     // 0 .. interval; default = interval
  std::string naming;   // of the agent: "otel" or "prometheus"
  Node params;          // map (or null): what the check type itself understands
  std::vector<AlertRule> alerts;
  Position where;    // of the list item
  std::string path;  // "checks[2]"
  bool from_drop_in = false;
};

// Everything but the place in the file is the same.
bool same_check(const CheckSpec& a, const CheckSpec& b);

// A drop-in file that could not be used: its checks do not run, and it is
// reported as a failed check named after the file ("conf.d/web.yaml").
struct FailedDropIn {
  std::string name;  // has the form of a check's name; other characters became '_'
  Problems problems;
};

struct EndpointSpec {
  bool configured = false;
  std::string host;
  std::uint16_t port = 443;
  std::string server_name;  // the name the certificate must carry; default = host
  std::string ca_file;      // PEM file or directory of hashed certificates; absolute
  std::string token;        // secret
  Duration connect_timeout{};
  Duration request_timeout{};
  Duration flush_interval{};  // reports are gathered for so long, then sent together
  Duration backoff_min{};     // first delay's ceiling; full jitter below it
  Duration backoff_max{};
  Position where;
};

struct LimitsSpec {
  std::uint64_t queue_bytes = 0;      // reports waiting for the endpoint
  std::uint32_t samples_per_run = 0;  // more are refused with a limit error
  std::uint32_t workers = 0;          // threads for blocking native checks
  // Of each Lua plugin file; LuaPluginSpec::limits has what a file has instead.
  std::uint64_t lua_memory = 0;     // bytes
  Duration lua_budget{};            // running without coming back to the loop
  Duration lua_grace{};             // in one call that cannot be interrupted; of the agent
  Duration lua_cpu_per_run{};       // processor time
  Duration lua_cpu_per_minute{};    // the same, of all its runs
  std::uint32_t lua_sockets = 0;    // open at a time in one run; children count as well
  std::uint32_t lua_log_lines = 0;  // a minute
  std::uint32_t lua_series = 0;     // distinct series of one check
};

// What the configuration says about one Lua plugin file.
struct LuaPluginSpec {
  std::string file;  // "redis.lua"
  // What it may reach of what it declares; nothing given: all of it.
  std::optional<std::vector<std::string>> net;   // kinds
  std::optional<std::vector<std::string>> exec;  // absolute paths; '*', or '/' at the end
  std::optional<std::vector<std::string>> read;
  LimitsSpec limits;  // the lua_* ones; zero: as for all
  Position where;
};

// Where the state lies unless the configuration says otherwise.
inline constexpr const char* kDefaultStateFolder = "/var/lib/virgo";

// Where the control socket is unless the configuration says otherwise.
inline constexpr const char* kDefaultControlSocket = "/run/virgo/control.sock";

struct AgentSpec {
  std::string id;  // sent as the agent's identity; default = host name
  LogLevel log_level = LogLevel::info;
  std::vector<std::string> plugin_dirs;      // native; searched in order; absolute
  std::vector<std::string> lua_plugin_dirs;  // Lua; searched in order; absolute
  std::string conversation;                  // agent/ folder of the Lua conversation; "" = shipped
  std::string naming;                        // "otel" or "prometheus"; see CheckSpec
  std::string state_folder;                  // what survives a restart; "" = nothing does
  std::string control;                       // path of the control socket; "" = none
  EndpointSpec endpoint;
  LimitsSpec limits;
  std::vector<LuaPluginSpec> lua_plugins;
  std::vector<CheckSpec> checks;  // main file first, then drop-ins by file name
  std::vector<FailedDropIn> failed_drop_ins;
  std::vector<std::string> files;  // every file read, main file first
  // Text options that came from ${...}: "endpoint.address". show() hides them.
  std::vector<std::string> masked;
};

}  // namespace virgo::config
