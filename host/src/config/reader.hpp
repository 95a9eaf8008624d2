// Holds a tree against a table of options and puts the values into a Draft.
// Internal to config/. Not thread-safe.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "config/node.hpp"
#include "config/schema.hpp"

namespace virgo::config {

// By file order: line, then column. Problems of one file only.
void sort_by_place(Problems& problems);

class Reader {
 public:
  // Relative paths are seen from `folder`, which must be absolute. Both
  // references must outlive the reader.
  Reader(Draft& draft, Problems& problems, std::string folder)
      : draft_(draft), problems_(problems), folder_(std::move(folder)) {}

  // Reads the keys of a map (null is an empty one); sub-maps too, but not
  // `checks` and `alert`. Adds a problem for each key that is unknown, missing or wrong.
  // `path` names the map ("endpoint"), "" for the root.
  void read_map(const Node& node, std::span<const Option> options, const std::string& path);

  // Sets what has a fixed default to it, in sub-maps too.
  void preset(std::span<const Option> options);

  // At the place of a value, or of the file if it is null.
  void problem(const Position& where, const std::string& path, std::string text);
  std::size_t problem_count() const { return problems_.size(); }

 private:
  void refuse_unknown(const Node& node, std::size_t index, std::span<const Option> options,
                      const std::string& path);
  void read_value(const Node& node, const Option& option, const std::string& path);
  void read_paths(const Node& node, const Option& option, const std::string& path);
  void read_words(const Node& node, const Option& option, const std::string& path);
  void read_list(const Node& node, const Option& option, const std::string& path);
  void read_labels(const Node& node, const Option& option, const std::string& path);
  Result<void> set(const Node& node, const Option& option);

  Draft& draft_;
  Problems& problems_;
  std::string folder_;
};

// The items of `lua_plugins`, in order; those with problems are left out.
std::vector<LuaPluginSpec> read_lua_plugins(const Node& map, Draft& draft, Reader& reader);

// Names that are in use, and where they were given.
using CheckNames = std::map<std::string, Position, std::less<>>;

// The rules of `list` (the value of a check's `alert`); those with problems are left
// out. `path` is the check's.
std::vector<AlertRule> read_alerts(const Node& list, Draft& draft, Reader& reader,
                                   const std::string& path);

// The items of `list` (the value of `checks`) in order; those with problems are
// left out. Names are added to `names`, and one that is there already is a
// problem, as is more than kMaxChecks names. Intervals and so on default to the
// draft's.
std::vector<CheckSpec> read_checks(const Node& list, Draft& draft, Problems& problems,
                                   const std::string& folder, CheckNames& names);

}  // namespace virgo::config
