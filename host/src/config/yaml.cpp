// How a document becomes a tree
//
// yaml-cpp reports events; they fill a flat table of raw nodes, in which an
// alias is one more reference to a row. Only then is the tree of Nodes copied
// out of the table, and an alias becomes a copy of what it names. Both steps
// count: the first bounds what the text itself makes, the second what aliases
// multiply it to. Depth is bounded in the event handler, because yaml-cpp calls
// it before it recurses: throwing there keeps its stack as shallow as our limit.
#include "config/yaml.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/node/node.h>  // only so that lint sees its Node is not ours
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <streambuf>
#include <unordered_map>

#include "base/format.hpp"
#include "base/text.hpp"
#include "config/encoding.hpp"
#include "config/raw_tree.hpp"
#include "config/reader.hpp"

namespace virgo::config {
namespace {

constexpr std::size_t kMaxKey = 256;

Place place_of(const YAML::Mark& mark) {
  return mark.is_null() ? Place{1, 1} : Place{mark.line + 1, mark.column + 1};
}

// Fills the table of raw nodes.
class Handler final : public YAML::EventHandler {
 public:
  Handler(Notes& notes, Growth& growth, const ParseLimits& limits, const Substitute& substitute)
      : notes_(notes), growth_(growth), limits_(limits), substitute_(substitute) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (started_)
      notes_.stop(place_of(mark), "a second YAML document starts here; a file holds only one");
    started_ = true;
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (at_key()) notes_.stop(place_of(mark), "a key is missing before ':'");
    const std::uint32_t row = add_row(NodeKind::null, mark, anchor);
    // yaml-cpp places a missing value at whatever comes next, maybe lines away.
    if (!open_.empty() && !table[open_.back().row].key_places.empty()) {
      const Place key = table[open_.back().row].key_places.back();
      if (table[row].where.line != key.line) table[row].where = key;
    }
    put({row, table[row].where, false});
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const Place where = place_of(mark);
    const std::uint32_t row = anchor < anchors_.size() ? anchors_[anchor] : kNone;
    if (row == kNone) notes_.stop(where, "an alias of an anchor that is not defined");
    if (table[row].open) notes_.stop(where, "an alias inside the very value it names");
    if (at_key()) {
      if (table[row].node.kind != NodeKind::scalar) notes_.stop(where, kBadKey);
      const std::string text = table[row].node.text;
      take_key(text, where, true);
    } else {
      put({row, where, true});
    }
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const bool quoted = check_scalar_tag(mark, tag);
    if (at_key()) {
      if (anchor != 0) table[add_row(NodeKind::scalar, mark, anchor)].node.text = value;
      take_key(value, place_of(mark), quoted);
      return;
    }
    const std::uint32_t row = add_row(NodeKind::scalar, mark, anchor);
    Node& node = table[row].node;
    node.text = value;
    node.quoted = quoted;
    finish_scalar(node, place_of(mark));
    put({row, place_of(mark), false});
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(NodeKind::sequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(NodeKind::map, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

  std::vector<RawNode> table;
  Reference root;
  Place last{1, 1};  // where the last value or key began

 private:
  static constexpr const char* kBadKey =
      "a key must be text, not a list or a map (or a bracket is not closed)";

  struct Open {
    std::uint32_t row = kNone;
    bool wants_value = false;
    bool drop_value = false;  // of a key that was refused
    std::unordered_map<std::string, Place> seen;
  };

  bool at_key() const {
    return !open_.empty() && table[open_.back().row].node.kind == NodeKind::map &&
           !open_.back().wants_value;
  }

  std::uint32_t add_row(NodeKind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (table.size() >= limits_.nodes)
      notes_.stop(place_of(mark), format("more than {} values (limit 'nodes')", limits_.nodes));
    const auto row = static_cast<std::uint32_t>(table.size());
    table.emplace_back();
    table.back().node.kind = kind;
    table.back().where = last = place_of(mark);
    if (anchor != 0) {
      if (anchors_.size() <= anchor) anchors_.resize(anchor + 1, kNone);
      anchors_[anchor] = row;
    }
    return row;
  }

  // True if the scalar is text whatever it looks like. yaml-cpp's tag is "?" for
  // a plain scalar and "!" for a quoted one.
  bool check_scalar_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?") return false;
    if (tag == "!" || tag == "tag:yaml.org,2002:str") return true;
    refuse_tag(mark, tag);
    return true;
  }

  void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    notes_.add(place_of(mark),
               format("the tag '{}' is not supported; quote the value if it is text that starts "
                      "with '!'",
                      printable(tag)));
  }

  void finish_scalar(Node& node, Place where) {
    if (node.text.find('\0') != std::string::npos) {
      notes_.add(where, "text with a NUL character");
      node.invalid = true;
    } else if (node.text.find("${") != std::string::npos) {
      auto result = substitute_(node.text);
      if (!result) {
        notes_.add(where, result.error().message);
        node.invalid = true;
        return;
      }
      if (result->text.size() > node.text.size())
        growth_.add(result->text.size() - node.text.size(), where);
      node.text = std::move(result->text);
      node.secret = result->secret;
      if (result->secret) node.quoted = false;  // a port from ${env:} is a number, quoted or not
    }
  }

  void take_key(const std::string& key, Place where, bool quoted) {
    Open& map = open_.back();
    RawNode& raw = table[map.row];
    last = where;
    map.wants_value = true;
    map.drop_value = true;
    if (!quoted && key == "<<")
      return notes_.add(where, "merge keys ('<<') are not supported; repeat the keys");
    if (key.size() > kMaxKey)
      return notes_.add(where, format("a key is longer than {} bytes", kMaxKey));
    if (find_bad_byte(key)) return notes_.add(where, "a key contains a control character");
    if (key.find("${") != std::string::npos)
      return notes_.add(where, "${...} is replaced in values only, not in keys");
    const auto [first, is_new] = map.seen.emplace(key, where);
    if (!is_new)
      return notes_.add(where, format("the key '{}' is written twice, first at {}", printable(key),
                                      to_string(notes_.position(first->second))));
    map.drop_value = false;
    raw.node.keys.push_back(key);
    raw.key_places.push_back(where);
  }

  void open(NodeKind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    const Place where = place_of(mark);
    if (at_key()) notes_.stop(where, kBadKey);
    if (open_.size() >= limits_.depth)
      notes_.stop(where, format("nested deeper than {} levels (limit 'depth')", limits_.depth));
    if (!tag.empty() && tag != "?" && tag != "!") refuse_tag(mark, tag);
    const std::uint32_t row = add_row(kind, mark, anchor);
    table[row].open = true;
    put({row, where, false});
    open_.emplace_back().row = row;
  }

  void close() {
    table[open_.back().row].open = false;
    open_.pop_back();
  }

  void put(Reference reference) {
    if (open_.empty()) {
      root = reference;
      return;
    }
    Open& parent = open_.back();
    if (!parent.drop_value) table[parent.row].items.push_back(reference);
    parent.wants_value = parent.drop_value = false;
  }

  Notes& notes_;
  Growth& growth_;
  const ParseLimits& limits_;
  const Substitute& substitute_;
  bool started_ = false;
  std::vector<Open> open_;
  std::vector<std::uint32_t> anchors_;  // row by yaml-cpp's anchor number
};

// A read-only stream over memory, which is what yaml-cpp reads from.
class View final : public std::streambuf {
 public:
  explicit View(std::string_view text) {
    char* begin = const_cast<char*>(text.data());
    setg(begin, begin, begin + text.size());
  }
};

std::string_view line_of(std::string_view text, int line) {
  for (int i = 1; i < line; ++i) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

// `last` is where the last thing began that was understood.
void note_syntax_error(const YAML::Exception& error, std::string_view text, Place last,
                       Notes& notes) {
  Place place = place_of(error.mark);
  const auto lines =
      static_cast<int>(std::count(text.begin(), text.end(), '\n')) + (text.ends_with('\n') ? 0 : 1);
  const bool at_end = place.line > lines;
  if (at_end && error.msg == YAML::ErrorMsg::DOC_IN_SCALAR)
    return notes.add(last, "a quoted text that starts after this place is never closed");
  if (at_end) place = {lines, 1};
  const bool reference = line_of(text, place.line).find("${") != std::string_view::npos;
  notes.add(place, format("not valid YAML: {}{}", printable(error.msg, 200),
                          reference ? " (inside { } and [ ], write \"${...}\" in quotes)" : ""));
}

Node read_tree(std::string_view text, Notes& notes, const ParseLimits& limits,
               const Substitute& substitute) {
  // yaml-cpp takes the end of the text for the missing quote of a text that ends
  // in a new line; an explicit end of the document makes it see the difference.
  const std::string closed = format("{}{}...\n", text, text.ends_with('\n') ? "" : "\n");
  View view(closed);
  std::istream stream(&view);
  YAML::Parser parser(stream);
  Growth growth(notes, limits.bytes);
  Handler handler(notes, growth, limits, substitute);
  try {
    while (parser.HandleNextDocument(handler)) {
    }
  } catch (const YAML::Exception& error) {
    note_syntax_error(error, text, handler.last, notes);
    throw Stop{};
  }
  if (handler.root.row == kNone) return {};
  return expand(handler.table, handler.root, notes, growth, limits);
}

}  // namespace

Parsed read_yaml(std::string_view text, const std::shared_ptr<const std::string>& file,
                 const ParseLimits& limits, const Substitute& substitute) {
  Notes notes(file);
  Parsed out;
  try {
    if (text.size() > limits.bytes)
      notes.stop({1, 1}, format("the file is larger than {} bytes (limit 'bytes')", limits.bytes));
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    if (const auto bad = find_bad_byte(text))
      notes.stop({bad->line, bad->column}, "the text contains " + bad->what);
    out.root = read_tree(text, notes, limits, substitute);
  } catch (const Stop&) {
  } catch (const std::exception& error) {
    notes.add({1, 1}, format("cannot be parsed: {}", error.what()));
  } catch (...) {
    notes.add({1, 1}, "cannot be parsed");
  }
  if (out.root.where.file == nullptr) out.root.where = {file, 1, 1};
  out.problems = std::move(notes.problems);
  sort_by_place(out.problems);
  return out;
}

}  // namespace virgo::config
