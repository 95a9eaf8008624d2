// What may stand in a configuration: one table of options per map. Validation,
// show() and the options reference all work from these tables, so that they
// cannot disagree. Internal to config/. Thread-safe (constant data).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/specs.hpp"

namespace virgo::config {

// Where values go while a file is read. `check` is the list item being read.
struct Draft {
  AgentSpec spec;
  std::string address;  // of the endpoint, not yet split
  std::string conf_d;
  Duration interval{};  // defaults for checks
  Duration timeout{};
  Duration splay{-1};  // -1: the check's interval
  CheckSpec check;
  AlertRule alert;       // and the item of its `alert`
  LuaPluginSpec plugin;  // the item of `lua_plugins` being read
};

enum class OptionType : std::uint8_t {
  text,      // std::string; min..max bytes
  path,      // std::string, made absolute; min 0 allows ""
  flag,      // bool
  whole,     // std::uint32_t, min..max
  size,      // std::uint64_t in bytes, min..max
  duration,  // Duration in ns, min..max
  level,     // LogLevel
  choice,    // std::string, one of choices
  paths,     // list of std::string, made absolute
  map,       // more options inside
  checks,    // list of checks, options inside
  params,    // any map, kept as a Node
  alerts,    // list of alert rules, options inside
  number,    // finite, kept as a Node
  scalar,    // kept as a Node
  labels,    // map of scalars, kept as a Node
  words,     // one of choices or a list of them, std::vector<std::string>
  subset,    // list of choices, may be empty, std::optional of the same
  patterns,  // list of absolute paths, may be empty, std::optional of the same
  plugins,   // map of Lua plugin files, options inside
};

using Slot = std::variant<std::monostate, std::string*, bool*, std::uint32_t*, std::uint64_t*,
                          Duration*, LogLevel*, std::vector<std::string>*, Node*,
                          std::optional<std::vector<std::string>>*>;

struct Option {
  std::string_view key;
  OptionType type = OptionType::text;
  std::string_view help;
  std::string_view preset = {};  // default as it would be written; read like a given value
  std::string_view note = {};    // says the default in words where there is no fixed one
  std::int64_t min = 0;
  std::int64_t max = 0;
  bool required = false;  // where its map is written at all
  bool hidden = false;    // a secret however it was written
  Slot (*slot)(Draft&) = nullptr;
  std::span<const Option> inside = {};
  std::span<const std::string_view> choices = {};
};

std::span<const Option> main_options();
std::span<const Option> drop_in_options();
// Of one item of `checks`.
std::span<const Option> check_options();
// Of one item of a check's `alert`.
std::span<const Option> alert_options();

// Of one item of `lua_plugins`.
std::span<const Option> plugin_options();

// "error", "warn", "info", "debug", "trace"; the index is the level minus 1.
std::span<const std::string_view> level_names();

}  // namespace virgo::config
