// A YAML document as a tree that remembers where everything stood.
//
// Nodes are plain values: strings are copied out of the parser, anchors and
// tags are gone, ${...} is already replaced (and what came from ${file:} or
// ${env:} is marked secret). Not thread-safe; immutable once loaded.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace virgo::config {

// Where something stands: 1-based line and column (in bytes), and the file's
// name as it was given on the command line or in the configuration. Line 0
// means the file as a whole.
struct Position {
  std::shared_ptr<const std::string> file;
  int line = 0;
  int column = 0;
};

// "agent.yaml:14:5"; "agent.yaml" for the whole file; "" for a default position.
std::string to_string(const Position& position);

enum class NodeKind : std::uint8_t { null, scalar, sequence, map };

struct Node {
  NodeKind kind = NodeKind::null;
  bool quoted = false;   // scalar written with quotes, so it is text and nothing else
  bool secret = false;   // from ${env:} or ${file:}, or declared secret; never print it
  bool invalid = false;  // its problem is reported already and its text is not usable
  std::string text;      // scalar only
  Position where;
  std::vector<Node> items;              // sequence: elements; map: values, in the order written
  std::vector<std::string> keys;        // map only, same length as items
  std::vector<Position> key_positions;  // map only, same length as items

  // Map value by key, or null.
  const Node* find(std::string_view key) const;
};

// Typed readings of a scalar (YAML 1.2 core schema: true/false, decimal, 0o and
// 0x integers, floats with .inf/.nan). The error is a sentence without a
// position; it never contains the text of a secret node.
Result<bool> as_bool(const Node& node);
Result<std::int64_t> as_int(const Node& node);
// Integers are numbers too.
Result<double> as_number(const Node& node);
// Any scalar; null and collections are refused.
Result<std::string> as_text(const Node& node);

// What a scalar is to a reader that has no type in mind (a Lua check's params).
// Quoted scalars are text. Only for NodeKind::scalar.
enum class ScalarType : std::uint8_t { text, boolean, integer, number };
ScalarType scalar_type(const Node& node);

// The same values, in the same order of keys, wherever they stand and however
// they are quoted.
bool same_content(const Node& a, const Node& b);

// One thing that is wrong with the configuration.
struct Problem {
  Position where;
  std::string path;  // "checks[2].interval", may be ""
  std::string text;  // "unknown key 'intervall', did you mean 'interval'?"
};

// "agent.yaml:14:5: checks[2]: unknown key ..."
std::string to_string(const Problem& problem);

using Problems = std::vector<Problem>;

}  // namespace virgo::config
