// SPDX-License-Identifier: MIT
//
// What a check type has declared, and a configuration held against it, as the agent
// does before configure() sees it. Constant once made.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "../../plugin.h"
#include "flow_yaml.hpp"
#include "node.hpp"

namespace virgo::fake {

// One thing that is wrong with a configuration.
struct Problem {
  std::string path;  // "params.mounts[0]"
  std::string text;
};
inline bool operator==(const Problem& a, const Problem& b) {
  return a.path == b.path && a.text == b.text;
}

namespace detail {

inline size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

// The elements of a virgo_array; what a shorter stride does not have is zero.
template <class T>
std::vector<T> elements(const virgo_array& array) {
  std::vector<T> out(array.data == nullptr ? 0 : array.count);
  for (size_t i = 0; i < out.size(); ++i)
    memcpy(&out[i], static_cast<const char*>(array.data) + i * array.stride,
           std::min<size_t>(array.stride, sizeof(T)));
  return out;
}

inline std::string found(const Node& node) {
  switch (node.kind) {
    case Node::Kind::none:
      return "nothing";
    case Node::Kind::list:
      return "a list";
    case Node::Kind::map:
      return "a map";
    case Node::Kind::scalar:
      break;
  }
  return (node.quoted ? "the quoted text '" : "'") + node.text + "'";
}

// "" when node can be read as a parameter of that type, else why not.
inline std::string mismatch(uint32_t type, const Node& node) {
  const bool scalar = node.kind == Node::Kind::scalar;
  switch (type) {
    case VIRGO_PARAM_BOOL:
      return as_bool(node) ? "" : "expected true or false, found " + found(node);
    case VIRGO_PARAM_INT:
      return as_int(node) ? "" : "expected a whole number, found " + found(node);
    case VIRGO_PARAM_NUMBER:
      return as_number(node) ? "" : "expected a number, found " + found(node);
    case VIRGO_PARAM_LIST:
      return node.kind == Node::Kind::list ? "" : "must be a list";
    case VIRGO_PARAM_MAP:
      return node.kind == Node::Kind::map ? "" : "must be a map (key: value)";
    default:
      break;
  }
  if (!scalar) return "expected text, found " + found(node);
  if (type == VIRGO_PARAM_DURATION && !as_duration(node))
    return "'" + node.text +
           "' is not a duration: write a number and a unit (ns, us, ms, s, m, h, d), as in 10s or "
           "500ms";
  if (type == VIRGO_PARAM_SIZE && !as_size(node))
    return "'" + node.text +
           "' is not a size: write a number and a unit (B, KiB, MiB, GiB, kB, MB, GB), as in 64MiB";
  return "";
}

struct Declared {
  explicit Declared(const virgo_check_type& type)
      : name(type.name == nullptr ? "" : type.name),
        params(elements<virgo_param>(type.params)),
        metrics(elements<virgo_metric>(type.metrics)),
        defaults(params.size()) {
    for (size_t i = 0; i < params.size(); ++i) {
      if (params[i].fallback == nullptr) continue;
      const auto node = parse(params[i].fallback);
      const std::string wrong =
          node ? mismatch(params[i].type, *node) : std::string("it is not YAML");
      if (wrong.empty())
        defaults[i] = *node;
      else
        bad.push_back("the default of parameter '" + std::string(params[i].name) + "' of '" + name +
                      "' does not fit its type: " + wrong);
    }
  }

  // Unknown keys, wrong types, missing ones, in this order.
  std::vector<Problem> validate(const Node& root) const {
    std::vector<Problem> out;
    for (size_t i = 0; i < root.keys.size(); ++i) {
      const virgo_param* param = find(root.keys[i]);
      if (param == nullptr) {
        out.push_back({"params", unknown(root.keys[i])});
        continue;
      }
      if (root.items[i].kind == Node::Kind::none) continue;  // "key:" alone is the default
      std::string wrong = mismatch(param->type, root.items[i]);
      if (!wrong.empty()) out.push_back({"params." + root.keys[i], std::move(wrong)});
    }
    for (const virgo_param& p : params) {
      const Node* given = root.find(p.name);
      const bool absent = given == nullptr || given->kind == Node::Kind::none;
      if ((p.flags & VIRGO_PARAM_IS_REQUIRED) != 0 && absent)
        out.push_back({"params", "parameter '" + std::string(p.name) + "' (" + type_name(p.type) +
                                     ") of '" + name + "' is required"});
    }
    return out;
  }

  const virgo_param* find(std::string_view key) const {
    for (const virgo_param& p : params)
      if (p.name == key) return &p;
    return nullptr;
  }

  static const char* type_name(uint32_t type) {
    static constexpr const char* kNames[] = {"text",     "bool", "int",  "number", "text",
                                             "duration", "size", "list", "map"};
    return kNames[type <= VIRGO_PARAM_MAP ? type : 0];
  }

  std::string name;
  std::vector<virgo_param> params;
  std::vector<virgo_metric> metrics;
  std::vector<Node> defaults;    // of params; none where there is none
  std::vector<std::string> bad;  // what is wrong with the declaration itself

 private:
  std::string unknown(const std::string& key) const {
    std::string text = "'" + name + "' has no parameter '" + key + "'";
    const char* nearest = nullptr;
    size_t best = std::max<size_t>(1, key.size() / 3) + 1;
    for (const virgo_param& p : params) {
      const size_t distance = edit_distance(key, p.name);
      if (distance >= best) continue;
      best = distance;
      nearest = p.name;
    }
    return nearest == nullptr ? text : text + ", did you mean '" + nearest + "'?";
  }
};

}  // namespace detail
}  // namespace virgo::fake
