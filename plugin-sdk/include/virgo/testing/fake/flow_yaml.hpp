// SPDX-License-Identifier: MIT
//
// YAML on one line ("flow style"): what a default in a virgo_param is written in,
// and a short way to write a configuration in a test. Scalars, quotes, [lists] and
// {maps: of them}; no anchors, tags, block style or ${...}.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "node.hpp"

namespace virgo::fake {
namespace detail {

class FlowParser {
 public:
  explicit FlowParser(std::string_view text) : rest_(text) {}

  std::optional<Node> document() {
    auto node = value(0);
    skip_blanks();
    if (!node || !rest_.empty()) return std::nullopt;
    return node;
  }

 private:
  static constexpr int kMaxDepth = 32;

  void skip_blanks() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t' || rest_[0] == '\n'))
      rest_.remove_prefix(1);
  }
  bool take(char c) {
    skip_blanks();
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::optional<Node> value(int depth) {
    if (depth > kMaxDepth) return std::nullopt;
    skip_blanks();
    if (take('[')) return list_items(depth);
    if (take('{')) return map_entries(depth);
    return scalar(depth);
  }

  std::optional<Node> list_items(int depth) {
    Node node;
    node.kind = Node::Kind::list;
    while (!take(']')) {
      auto item = value(depth + 1);
      if (!item) return std::nullopt;
      node.items.push_back(std::move(*item));
      if (take(',')) continue;
      if (!take(']')) return std::nullopt;
      break;
    }
    return node;
  }

  std::optional<Node> map_entries(int depth) {
    Node node;
    node.kind = Node::Kind::map;
    while (!take('}')) {
      const auto key = scalar(depth + 1);
      if (!key || !take(':')) return std::nullopt;
      auto item = value(depth + 1);
      if (!item || node.find(key->text) != nullptr) return std::nullopt;
      node.add(key->text, std::move(*item));
      if (take(',')) continue;
      if (!take('}')) return std::nullopt;
      break;
    }
    return node;
  }

  std::optional<Node> scalar(int depth) {
    skip_blanks();
    if (!rest_.empty() && (rest_[0] == '\'' || rest_[0] == '"')) return quoted_scalar();
    size_t end = 0;
    while (end < rest_.size() && !ends_plain(end, depth)) ++end;
    std::string_view text = rest_.substr(0, end);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    if (!text.empty() && std::string_view("&*!|>%@`#").find(text[0]) != std::string_view::npos)
      return std::nullopt;
    rest_.remove_prefix(end);
    if (text.empty() || text == "~" || text == "null") return Node();
    return Node(text);
  }

  // A colon ends a key when a blank or the end of the map follows it.
  bool ends_plain(size_t at, int depth) const {
    const char c = rest_[at];
    const char next = at + 1 < rest_.size() ? rest_[at + 1] : ' ';
    if (c == ':') return next == ' ' || (depth > 0 && (next == ',' || next == '}'));
    return depth > 0 && std::string_view(",[]{}").find(c) != std::string_view::npos;
  }

  std::optional<Node> quoted_scalar() {
    const char quote = rest_[0];
    std::string text;
    for (size_t i = 1; i < rest_.size(); ++i) {
      const char c = rest_[i];
      const char next = i + 1 < rest_.size() ? rest_[i + 1] : '\0';
      if (c == quote && !(quote == '\'' && next == '\'')) {
        rest_.remove_prefix(i + 1);
        return quoted(text);
      }
      if (c != '\\' || quote == '\'') {
        text += c;
        if (c == quote) ++i;
        continue;
      }
      ++i;
      if (next == 'n' || next == 't')
        text += next == 'n' ? '\n' : '\t';
      else if (next == '\\' || next == '"' || next == '/')
        text += next;
      else
        return std::nullopt;
    }
    return std::nullopt;
  }

  std::string_view rest_;
};

}  // namespace detail

// "{path: /tmp, mounts: [/, /home], deep: {a: 'b'}}"; nothing when it is not that.
inline std::optional<Node> parse(std::string_view yaml) {
  return detail::FlowParser(yaml).document();
}

}  // namespace virgo::fake
