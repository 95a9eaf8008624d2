// Reads agent.yaml and its conf.d/*.yaml into an AgentSpec.
//
// Strict: unknown keys (with "did you mean"), duplicate keys, wrong types and
// values out of range are problems; all problems of a run are returned
// together, in file order. Runs on any one thread; does no network I/O.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/specs.hpp"

namespace virgo::config {

// Bounds on one file; each is refused by its name ("agent.yaml:7:3: nested
// deeper than 32 levels (limit 'depth')"). Exactly the bound is accepted.
// Aliases count as often as they are used.
struct ParseLimits {
  // Of the file, and again of what aliases and ${...} add to it.
  std::uint64_t bytes = 1u << 20;
  // Lists and maps within each other; a file that is one flat map has depth 1.
  std::uint32_t depth = 32;
  // Values: scalars, lists and maps; keys do not count.
  std::uint32_t nodes = 100'000;
};

inline constexpr std::size_t kMaxDropIns = 1000;
inline constexpr std::size_t kMaxChecks = 10'000;
inline constexpr std::size_t kMaxAlerts = 100;  // rules of one check

// What the loader asks its surroundings for. The default asks the process's
// environment and file system; tests put their own.
struct Sources {
  std::function<std::optional<std::string>(const std::string&)> environment;
  // The installed tree, where the default plugin folders are. Absolute.
  std::string prefix;
};
// The process's environment; the folder above the one the running binary is in.
Sources process_sources();

struct Loaded {
  AgentSpec spec;
  // Problems of the main file. Not empty = do not start (exit code 2). Those of
  // drop-ins are in spec.failed_drop_ins.
  Problems problems;
};

// `file` is read, then the folder `conf.d` beside it (or what `conf_d:` names),
// *.yaml in byte order of their names. A drop-in may hold `checks:` only; one
// with any problem is left out as a whole. Relative paths and ${file:} start
// from the folder of the file they are written in. Never waits on a FIFO or
// device; throws nothing but std::bad_alloc.
Loaded load(const std::string& file, const Sources& sources, const ParseLimits& limits = {});

// Parses text alone, for tests and tools; `name` stands in positions, and
// relative ${file:} paths start from its folder. Problems are in file order;
// those of the text as a whole leave the root null.
struct Parsed {
  Node root;
  Problems problems;
};
Parsed parse(std::string_view text, const std::string& name, const Sources& sources,
             const ParseLimits& limits = {});

// The effective configuration as YAML, defaults filled in, drop-ins included,
// paths absolute. It loads back to the same spec, except for what is hidden as
// "********": endpoint.token, text options that came from ${...} and secret
// parameters. Files that failed stand in comments at the top.
std::string show(const AgentSpec& spec);

// One key that a configuration may have, as the validator knows it.
struct OptionInfo {
  std::string path;    // "endpoint.backoff.min", "checks[].interval"
  std::string type;    // "duration"
  std::string preset;  // default as it would be written, or in words in parentheses
  std::string range;   // "100ms .. 1d", may be ""
  std::string meaning;
};
// Every option, in the order of the documentation.
std::vector<OptionInfo> options();
// The same as a Markdown table.
std::string options_reference();

}  // namespace virgo::config
