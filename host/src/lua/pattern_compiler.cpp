// From the text of a pattern to its program.
#include <cstring>

#include "lua/pattern.hpp"
#include "lua/pattern_classes.hpp"

namespace virgo::lua {

using Op = PatternItem::Op;
using Repeat = PatternItem::Repeat;

class PatternCompiler {
 public:
  PatternCompiler(ProgramSpace& space, std::string_view pattern)
      : space_(space), at_(pattern.data()), end_(pattern.data() + pattern.size()) {}

  Program run(bool anchors) {
    if (anchors && at_ < end_ && *at_ == '^') {
      out_.anchored = true;
      ++at_;
    }
    while (at_ < end_ && !faulty_) item();
    if (!faulty_) add(Op::accept);
    for (int i = 0; i < captures_; ++i)
      if (open_[i]) out_.unclosed |= std::uint32_t{1} << i;
    out_.captures = static_cast<std::uint8_t>(captures_);
    out_.items = space_.items_.data();
    out_.sets = space_.sets_.data();
    find_next();
    return out_;
  }

 private:
  PatternItem& add(Op op) {
    // The last place is for what ends the program.
    if (out_.item_count >= ProgramSpace::kMaxItems && op != Op::fault && op != Op::accept) {
      fault("pattern too complex");
      return spare_;
    }
    PatternItem& item = space_.items_[out_.item_count++];
    item = PatternItem{};
    item.op = op;
    return item;
  }

  void fault(const char* text) {
    if (faulty_) return;
    faulty_ = true;
    add(Op::fault).text = text;
  }

  void item() {
    const char c = *at_;
    if (c == '(') {
      open();
    } else if (c == ')') {
      close();
    } else if (c == '$' && at_ + 1 == end_) {
      ++at_;
      add(Op::end);
    } else if (c == '%') {
      escape();
    } else if (c == '[') {
      const int set = bracket();
      if (set >= 0) repeatable(Op::set).size = static_cast<std::uint32_t>(set);
    } else if (c == '.') {
      ++at_;
      repeatable(Op::any);
    } else {
      ++at_;
      literal();
    }
  }

  // The byte before at_.
  void literal() {
    const char* byte = at_ - 1;
    if (at_ < end_ && (*at_ == '*' || *at_ == '+' || *at_ == '-' || *at_ == '?')) {
      repeatable(Op::byte).a = static_cast<std::uint8_t>(*byte);
      return;
    }
    if (out_.item_count > 0) {
      PatternItem& last = space_.items_[out_.item_count - 1u];
      if (last.op == Op::text && last.text + last.size == byte) {
        ++last.size;
        return;
      }
    }
    PatternItem& text = add(Op::text);
    text.text = byte;
    text.size = 1;
  }

  PatternItem& repeatable(Op op) {
    PatternItem& item = add(op);
    if (at_ == end_) return item;
    switch (*at_) {
      case '*':
        item.repeat = Repeat::star;
        break;
      case '+':
        item.repeat = Repeat::plus;
        break;
      case '-':
        item.repeat = Repeat::lazy;
        break;
      case '?':
        item.repeat = Repeat::maybe;
        break;
      default:
        return item;
    }
    ++at_;
    return item;
  }

  void open() {
    ++at_;
    if (captures_ == kMaxCaptures) return fault("too many captures");
    const int index = captures_++;
    const bool position = at_ < end_ && *at_ == ')';
    if (position) ++at_;
    add(position ? Op::position : Op::open).a = static_cast<std::uint8_t>(index);
    open_[index] = !position;
    position_[index] = position;
  }

  void close() {
    ++at_;
    int index = captures_ - 1;
    while (index >= 0 && !open_[index]) --index;
    if (index < 0) return fault("invalid pattern capture");
    open_[index] = false;
    add(Op::close).a = static_cast<std::uint8_t>(index);
  }

  void escape() {
    ++at_;
    if (at_ == end_) return fault("malformed pattern (ends with '%')");
    const char c = *at_++;
    if (c >= '0' && c <= '9') return back(c - '1');
    if (c == 'b') return balance();
    if (c == 'f') return frontier();
    const int set = class_set(c);
    if (set < 0) return literal();
    repeatable(Op::set).size = static_cast<std::uint32_t>(set);
  }

  void back(int index) {
    if (index < 0 || index >= captures_ || open_[index]) return fault("invalid capture index");
    add(position_[index] ? Op::never : Op::back).a = static_cast<std::uint8_t>(index);
  }

  void balance() {
    if (end_ - at_ < 2) return fault("malformed pattern (missing arguments to '%b')");
    PatternItem& item = add(Op::balance);
    item.a = static_cast<std::uint8_t>(at_[0]);
    item.b = static_cast<std::uint8_t>(at_[1]);
    at_ += 2;
  }

  void frontier() {
    if (at_ == end_ || *at_ != '[') return fault("missing '[' after '%f' in pattern");
    const int set = bracket();
    if (set >= 0) add(Op::frontier).size = static_cast<std::uint32_t>(set);
  }

  // The set at at_, which is a [, as a number among the sets; -1: it was a fault.
  int bracket() {
    const char* p = at_ + 1;
    const bool complement = p < end_ && *p == '^';
    if (complement) ++p;
    const char* close = bracket_end(p);
    if (close == nullptr) {
      fault("malformed pattern (missing ']')");
      return -1;
    }
    if (out_.set_count == ProgramSpace::kMaxSets) {
      fault("pattern too complex");
      return -1;
    }
    at_ = close + 1;
    ByteSet& set = space_.sets_[out_.set_count];
    set = {};
    fill(set, p, close);
    if (complement)
      for (std::uint32_t& bits : set.bits) bits = ~bits;
    return static_cast<int>(kClassSets) + out_.set_count++;
  }

  // Where the ] is; one that comes first stands for itself.
  const char* bracket_end(const char* p) const {
    for (bool first = true; p < end_; first = false) {
      if (*p == ']' && !first) return p;
      p += *p == '%' ? 2 : 1;
    }
    return nullptr;
  }

  static void fill(ByteSet& set, const char* p, const char* close) {
    while (p < close) {
      const auto c = static_cast<unsigned char>(*p);
      if (c == '%') {
        add_class(set, p[1]);
        p += 2;
      } else if (close - p > 2 && p[1] == '-') {
        for (unsigned x = c; x <= static_cast<unsigned char>(p[2]); ++x) add_byte(set, x);
        p += 3;
      } else {
        add_byte(set, c);
        ++p;
      }
    }
  }

  static void add_byte(ByteSet& set, unsigned c) {
    set.bits[c >> 5] |= std::uint32_t{1} << (c & 31);
  }

  static void add_class(ByteSet& set, char c) {
    const int n = class_set(c);
    if (n < 0) return add_byte(set, static_cast<unsigned char>(c));
    for (std::size_t i = 0; i < set.bits.size(); ++i)
      set.bits[i] |= kClassSet[static_cast<std::size_t>(n)].bits[i];
  }

  // Fills in PatternItem::next, from the end.
  void find_next() {
    int next = -1;
    for (int i = out_.item_count - 1; i >= 0; --i) {
      PatternItem& item = space_.items_[static_cast<std::size_t>(i)];
      item.next = static_cast<std::int16_t>(next);
      if (item.op == Op::open || item.op == Op::close || item.op == Op::position) continue;
      next = -1;
      if (item.op == Op::text) next = static_cast<unsigned char>(*item.text);
      if (item.op == Op::balance) next = item.a;
      if (item.op == Op::byte && (item.repeat == Repeat::once || item.repeat == Repeat::plus))
        next = item.a;
    }
  }

  ProgramSpace& space_;
  const char* at_;
  const char* end_;
  Program out_;
  PatternItem spare_{};  // what a full program adds to
  int captures_ = 0;
  bool faulty_ = false;
  std::array<bool, kMaxCaptures> open_{};
  std::array<bool, kMaxCaptures> position_{};
};

Program ProgramSpace::compile(std::string_view pattern, bool anchors) {
  return PatternCompiler(*this, pattern).run(anchors);
}

std::size_t Program::copy_size() const {
  return item_count * sizeof(PatternItem) + set_count * sizeof(ByteSet);
}

Program Program::copy_to(void* memory) const {
  auto* to_items = static_cast<PatternItem*>(memory);
  auto* to_sets = reinterpret_cast<ByteSet*>(to_items + item_count);
  std::memcpy(static_cast<void*>(to_items), items, item_count * sizeof(PatternItem));
  if (set_count > 0) std::memcpy(static_cast<void*>(to_sets), sets, set_count * sizeof(ByteSet));
  Program out = *this;
  out.items = to_items;
  out.sets = to_sets;
  return out;
}

}  // namespace virgo::lua
