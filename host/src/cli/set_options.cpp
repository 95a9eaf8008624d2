#include "cli/set_options.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/text.hpp"
#include "config/load.hpp"

namespace virgo::cli {
namespace {

// The command line has no lines and columns.
void forget_positions(config::Node& node) {
  node.where = {};
  for (config::Position& p : node.key_positions) p = {};
  for (config::Node& item : node.items) forget_positions(item);
}

Result<config::Node> value_of(const std::string& key, std::string_view text) {
  config::Parsed parsed =
      config::parse(format("value: {}\n", text), "--set", config::process_sources());
  if (!parsed.problems.empty())
    return Error{Errc::invalid, format("--set {}: {}", key, parsed.problems.front().text)};
  if (parsed.root.items.size() != 1)
    return Error{Errc::invalid, format("--set {}: must be one value, as YAML has it", key)};
  forget_positions(parsed.root);
  return std::move(parsed.root.items.front());
}

}  // namespace

Result<config::Node> params_of(const std::vector<std::string>& sets) {
  config::Node params;
  params.kind = config::NodeKind::map;
  for (const std::string& set : sets) {
    const std::size_t equals = set.find('=');
    if (equals == std::string::npos || equals == 0)
      return Error{Errc::invalid,
                   format("--set '{}': write KEY=VALUE, as in --set path=/tmp", printable(set))};
    const std::string key = set.substr(0, equals);
    if (params.find(key) != nullptr)
      return Error{Errc::invalid, format("--set {}: is given twice", printable(key))};
    auto value = value_of(printable(key), std::string_view(set).substr(equals + 1));
    if (!value) return value.error();
    params.keys.push_back(key);
    params.key_positions.emplace_back();
    params.items.push_back(std::move(*value));
  }
  return params;
}

std::string set_problem(const config::Problem& problem) {
  std::string_view path = problem.path;
  for (const std::string_view prefix : {std::string_view(kSetPath), std::string_view(".params")})
    if (path.starts_with(prefix)) path.remove_prefix(prefix.size());
  if (path.starts_with('.')) path.remove_prefix(1);
  if (path.empty()) return problem.text;
  return format("--set {}: {}", path, problem.text);
}

}  // namespace virgo::cli
