// SPDX-License-Identifier: MIT
//
// A configuration as a tree, for virgo/testing/fake_host.hpp: built from C++ values
// or parsed from YAML on one line, and read as the agent reads it. Values; not
// thread-safe.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace virgo::fake {

struct Node {
  enum class Kind { none, scalar, list, map };
  Kind kind = Kind::none;
  bool quoted = false;  // a scalar that is text and nothing else
  std::string text;     // scalar
  std::vector<Node> items;
  std::vector<std::string> keys;  // map, as many as items

  Node() = default;
  // Text stands as if written without quotes: "3" is a number too, "10s" a
  // duration.
  Node(const char* value) : Node(std::string(value)) {}
  Node(std::string_view value) : Node(std::string(value)) {}
  Node(std::string value) : kind(Kind::scalar), text(std::move(value)) {}
  template <class Number, std::enable_if_t<std::is_arithmetic_v<Number>, int> = 0>
  Node(Number value) : kind(Kind::scalar) {
    if constexpr (std::is_same_v<Number, bool>) {
      text = value ? "true" : "false";
    } else if constexpr (std::is_integral_v<Number>) {
      text = std::to_string(value);
    } else {
      char digits[32];
      snprintf(digits, sizeof digits, "%.17g", static_cast<double>(value));
      text = digits;
    }
  }

  // The value of key in a map, or null.
  const Node* find(std::string_view key) const {
    for (size_t i = 0; i < keys.size(); ++i)
      if (keys[i] == key) return &items[i];
    return nullptr;
  }
  void add(std::string key, Node value) {
    kind = Kind::map;
    keys.push_back(std::move(key));
    items.push_back(std::move(value));
  }
};

// list({"a", "b"}), map({{"host", "::1"}, {"ports", list({80, 443})}}).
inline Node list(std::initializer_list<Node> items) {
  Node node;
  node.kind = Node::Kind::list;
  node.items = items;
  return node;
}
inline Node map(std::initializer_list<std::pair<std::string, Node>> entries) {
  Node node;
  node.kind = Node::Kind::map;
  for (const auto& [key, value] : entries) node.add(key, value);
  return node;
}
// As if written with quotes.
inline Node quoted(std::string text) {
  Node node(std::move(text));
  node.quoted = true;
  return node;
}

// What is given to Check::configure(): {{"path", "/tmp"}, {"timeout", "5s"}}, or a
// map made otherwise.
struct Params {
  Node root;
  Params() { root.kind = Node::Kind::map; }
  Params(std::initializer_list<std::pair<std::string, Node>> entries) : root(map(entries)) {}
  Params(Node node) : root(std::move(node)) {}
};

// ---- Readings of a scalar, as the agent's: nothing when it is no such thing ----

inline bool is_plain(const Node& node) {
  return node.kind == Node::Kind::scalar && !node.quoted;
}

inline std::optional<bool> as_bool(const Node& node) {
  if (!is_plain(node)) return std::nullopt;
  const std::string& t = node.text;
  if (t == "true" || t == "True" || t == "TRUE") return true;
  if (t == "false" || t == "False" || t == "FALSE") return false;
  return std::nullopt;
}

inline std::optional<int64_t> as_int(const Node& node) {
  if (!is_plain(node)) return std::nullopt;
  std::string_view t = node.text;
  int base = 10;
  bool negative = false;
  if (t.substr(0, 2) == "0x" || t.substr(0, 2) == "0o") {
    base = t[1] == 'x' ? 16 : 8;
    t.remove_prefix(2);
  } else if (!t.empty() && (t[0] == '-' || t[0] == '+')) {
    negative = t[0] == '-';
    t.remove_prefix(1);
  }
  uint64_t magnitude = 0;
  const auto r = std::from_chars(t.data(), t.data() + t.size(), magnitude, base);
  if (t.empty() || r.ec != std::errc() || r.ptr != t.data() + t.size()) return std::nullopt;
  const auto most = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  if (magnitude > most + (negative ? 1 : 0)) return std::nullopt;
  return static_cast<int64_t>(negative ? 0 - magnitude : magnitude);
}

inline std::optional<double> as_number(const Node& node) {
  if (const auto whole = as_int(node)) return static_cast<double>(*whole);
  if (!is_plain(node)) return std::nullopt;
  const std::string& t = node.text;
  const bool sign = !t.empty() && (t[0] == '-' || t[0] == '+');
  const std::string_view rest = std::string_view(t).substr(sign ? 1 : 0);
  if (rest == ".inf" || rest == ".Inf" || rest == ".INF") return t[0] == '-' ? -HUGE_VAL : HUGE_VAL;
  if (t == ".nan" || t == ".NaN" || t == ".NAN") return std::nan("");
  // strtod() knows more than YAML does: infinity, hexadecimal floats, blanks.
  if (t.empty() || t.find_first_not_of("0123456789.eE+-") != std::string::npos) return std::nullopt;
  char* end = nullptr;
  const double value = strtod(t.c_str(), &end);
  if (end != t.c_str() + t.size()) return std::nullopt;
  return value;
}

namespace detail {

struct Unit {
  std::string_view name;
  uint64_t factor;
};

// A number and one of the units, scaled; at most INT64_MAX.
template <size_t N>
std::optional<uint64_t> scaled(const std::string& text, const Unit (&units)[N]) {
  const size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::string number = text.substr(0, digits);
  const std::string_view name = std::string_view(text).substr(digits);
  for (const Unit& unit : units) {
    if (unit.name != name) continue;
    if (const auto whole = as_int(Node(number))) {
      if (static_cast<uint64_t>(*whole) > INT64_MAX / unit.factor) return std::nullopt;
      return static_cast<uint64_t>(*whole) * unit.factor;
    }
    const auto real = as_number(Node(number));
    if (!real || *real * static_cast<double>(unit.factor) > 9.2e18) return std::nullopt;
    return static_cast<uint64_t>(std::round(*real * static_cast<double>(unit.factor)));
  }
  return std::nullopt;
}

}  // namespace detail

// Nanoseconds from "10s", "500ms", "1.5m".
inline std::optional<uint64_t> as_duration(const Node& node) {
  static constexpr detail::Unit kUnits[] = {
      {"ns", 1},          {"us", 1000},         {"ms", 1000000},      {"s", 1000000000},
      {"m", 60000000000}, {"h", 3600000000000}, {"d", 86400000000000}};
  if (node.kind != Node::Kind::scalar) return std::nullopt;
  return detail::scaled(node.text, kUnits);
}

// Bytes from "64MiB", "1MB", "512".
inline std::optional<uint64_t> as_size(const Node& node) {
  static constexpr detail::Unit kUnits[] = {{"", 1},           {"B", 1},
                                            {"kB", 1000},      {"KB", 1000},
                                            {"MB", 1000000},   {"GB", 1000000000},
                                            {"KiB", 1u << 10}, {"MiB", 1u << 20},
                                            {"GiB", 1u << 30}, {"TiB", uint64_t{1} << 40}};
  if (node.kind != Node::Kind::scalar) return std::nullopt;
  return detail::scaled(node.text, kUnits);
}

}  // namespace virgo::fake
