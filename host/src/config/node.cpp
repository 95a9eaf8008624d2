#include "config/node.hpp"

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "base/format.hpp"
#include "base/text.hpp"

namespace virgo::config {
namespace {

constexpr auto kMaxMagnitude = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

// What stands there, for "expected ..., found <this>".
std::string found(const Node& node) {
  switch (node.kind) {
    case NodeKind::null:
      return "nothing";
    case NodeKind::sequence:
      return "a list";
    case NodeKind::map:
      return "a map";
    case NodeKind::scalar:
      break;
  }
  if (node.secret) return "other text (not shown: it is a secret, or came from ${...})";
  return format("{}'{}'", node.quoted ? "the quoted text " : "", printable(node.text));
}

Error expected(std::string_view what, const Node& node) {
  return {Errc::invalid, format("expected {}, found {}", what, found(node))};
}

bool plain(const Node& node) {
  return node.kind == NodeKind::scalar && !node.quoted;
}

std::optional<bool> read_bool(std::string_view t) {
  if (t == "true" || t == "True" || t == "TRUE") return true;
  if (t == "false" || t == "False" || t == "FALSE") return false;
  return std::nullopt;
}

struct Digits {
  bool negative = false;
  int base = 10;
  std::string_view text;
};

// The parts of what is written like an integer, fitting or not.
std::optional<Digits> integer_digits(std::string_view t) {
  Digits d;
  if (t.starts_with("0x") || t.starts_with("0o")) {
    d.base = t[1] == 'x' ? 16 : 8;
    d.text = t.substr(2);
  } else {
    d.negative = t.starts_with('-');
    d.text = (d.negative || t.starts_with('+')) ? t.substr(1) : t;
  }
  if (d.text.empty()) return std::nullopt;
  for (const char c : d.text) {
    const bool digit = c >= '0' && c < '0' + (d.base < 10 ? d.base : 10);
    const bool hex = d.base == 16 && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'));
    if (!digit && !hex) return std::nullopt;
  }
  return d;
}

std::optional<std::int64_t> integer_value(const Digits& d) {
  std::uint64_t magnitude = 0;
  const auto r = std::from_chars(d.text.data(), d.text.data() + d.text.size(), magnitude, d.base);
  if (r.ec != std::errc() || magnitude > kMaxMagnitude + (d.negative ? 1 : 0)) return std::nullopt;
  return d.negative ? static_cast<std::int64_t>(0 - magnitude)
                    : static_cast<std::int64_t>(magnitude);
}

std::optional<double> read_number(std::string_view t) {
  if (t == ".nan" || t == ".NaN" || t == ".NAN") return std::nan("");
  double sign = 1;
  if (t.starts_with('-') || t.starts_with('+')) {
    if (t[0] == '-') sign = -1;
    t.remove_prefix(1);
  }
  if (t == ".inf" || t == ".Inf" || t == ".INF") return sign * INFINITY;
  // from_chars knows "inf" and "nan" by other names, which are text here.
  if (t.empty() || t.find_first_not_of("0123456789.eE+-") != std::string_view::npos)
    return std::nullopt;
  if (t[0] != '.' && (t[0] < '0' || t[0] > '9')) return std::nullopt;
  double value = 0;
  const auto r = std::from_chars(t.data(), t.data() + t.size(), value);
  if (r.ec != std::errc() || r.ptr != t.data() + t.size()) return std::nullopt;
  return sign * value;
}

}  // namespace

std::string to_string(const Position& position) {
  if (position.file == nullptr) return "";
  if (position.line == 0) return *position.file;
  return format("{}:{}:{}", *position.file, position.line, position.column);
}

std::string to_string(const Problem& problem) {
  std::string out = to_string(problem.where);
  if (!out.empty()) out += ": ";
  if (!problem.path.empty()) out += problem.path + ": ";
  return out + problem.text;
}

const Node* Node::find(std::string_view key) const {
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (keys[i] == key) return &items[i];
  return nullptr;
}

Result<bool> as_bool(const Node& node) {
  if (plain(node))
    if (const auto value = read_bool(node.text)) return *value;
  return expected("true or false", node);
}

Result<std::int64_t> as_int(const Node& node) {
  if (!plain(node)) return expected("a whole number", node);
  const auto digits = integer_digits(node.text);
  if (!digits) return expected("a whole number", node);
  if (const auto value = integer_value(*digits)) return *value;
  return expected("a whole number that fits into 64 bits", node);
}

Result<double> as_number(const Node& node) {
  if (plain(node)) {
    if (const auto digits = integer_digits(node.text); digits && digits->base != 10) {
      if (const auto value = integer_value(*digits)) return static_cast<double>(*value);
    } else if (const auto value = read_number(node.text)) {
      return *value;
    }
  }
  return expected("a number", node);
}

Result<std::string> as_text(const Node& node) {
  if (node.kind != NodeKind::scalar) return expected("text", node);
  return node.text;
}

ScalarType scalar_type(const Node& node) {
  if (!plain(node)) return ScalarType::text;
  if (read_bool(node.text)) return ScalarType::boolean;
  if (as_int(node).ok()) return ScalarType::integer;
  if (as_number(node).ok()) return ScalarType::number;
  return ScalarType::text;
}

bool same_content(const Node& a, const Node& b) {
  if (a.kind != b.kind || a.text != b.text || a.keys != b.keys) return false;
  if (a.items.size() != b.items.size()) return false;
  if (a.kind == NodeKind::scalar && scalar_type(a) != scalar_type(b)) return false;
  for (std::size_t i = 0; i < a.items.size(); ++i)
    if (!same_content(a.items[i], b.items[i])) return false;
  return true;
}

}  // namespace virgo::config
