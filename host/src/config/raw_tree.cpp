#include "config/raw_tree.hpp"

#include <optional>

namespace virgo::config {
namespace {

class Expander {
 public:
  Expander(Notes& notes, Growth& growth, const ParseLimits& limits,
           const std::vector<RawNode>& table)
      : notes_(notes), growth_(growth), limits_(limits), table_(table) {}

  // `alias` is where the innermost alias on the way here was written.
  Node expand(const Reference& reference, std::uint32_t depth, std::optional<Place> alias) {
    if (reference.alias) alias = reference.where;
    const RawNode& raw = table_[reference.row];
    const Place blame = alias.value_or(raw.where);
    if (++count_ > limits_.nodes)
      notes_.stop(blame, format("more than {} values (limit 'nodes'); each use of an alias counts "
                                "all it stands for",
                                limits_.nodes));
    const bool collection = raw.node.kind == NodeKind::map || raw.node.kind == NodeKind::sequence;
    if (collection && depth >= limits_.depth)
      notes_.stop(blame, format("nested deeper than {} levels (limit 'depth'), by an alias",
                                limits_.depth));
    if (alias) growth_.add(written_bytes(raw.node), blame);

    Node out = raw.node;
    out.where = notes_.position(raw.where);
    out.items.reserve(raw.items.size());
    for (const Reference& item : raw.items) out.items.push_back(expand(item, depth + 1, alias));
    out.key_positions.reserve(raw.key_places.size());
    for (const Place key : raw.key_places) out.key_positions.push_back(notes_.position(key));
    return out;
  }

 private:
  static std::uint64_t written_bytes(const Node& node) {
    std::uint64_t bytes = node.text.size();
    for (const std::string& key : node.keys) bytes += key.size();
    return bytes;
  }

  Notes& notes_;
  Growth& growth_;
  const ParseLimits& limits_;
  const std::vector<RawNode>& table_;
  std::uint64_t count_ = 0;
};

}  // namespace

Node expand(const std::vector<RawNode>& table, const Reference& root, Notes& notes, Growth& growth,
            const ParseLimits& limits) {
  return Expander(notes, growth, limits, table).expand(root, 0, std::nullopt);
}

}  // namespace virgo::config
