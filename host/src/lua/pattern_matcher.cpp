// Runs the program of a pattern. Going back means taking the last choice anew:
// captures need not be restored then, since an item that is run again sets its own.
#include <algorithm>
#include <cstring>

#include "lua/pattern.hpp"
#include "lua/pattern_classes.hpp"

namespace virgo::lua {

using Op = PatternItem::Op;
using Repeat = PatternItem::Repeat;

namespace {

constexpr std::ptrdiff_t kDispatch = 4;  // going back costs as much as so many bytes

std::size_t distance(const char* from, const char* to) {
  return static_cast<std::size_t>(to - from);
}

const char* find_byte(const char* from, const char* end, int byte) {
  if (from == end) return nullptr;
  return static_cast<const char*>(std::memchr(from, byte, distance(from, end)));
}

}  // namespace

const ByteSet& Matcher::set_of(const PatternItem& item) const {
  return item.size < kClassSets ? kClassSet[item.size] : program_.sets[item.size - kClassSets];
}

// Whether the byte at `at`, which is not the end, is one of a repeatable item's.
bool Matcher::takes(const PatternItem& item, const char* at) const {
  const auto c = static_cast<unsigned char>(*at);
  if (item.op == Op::set) return set_of(item).has(c);
  return item.op == Op::any || item.a == c;
}

// The end of the longest run of such bytes.
const char* Matcher::run_end(const PatternItem& item, const char* at) const {
  if (item.op == Op::any) return end_;
  if (item.op == Op::set) {
    const ByteSet& set = set_of(item);
    while (at < end_ && set.has(static_cast<unsigned char>(*at))) ++at;
  } else {
    while (at < end_ && static_cast<unsigned char>(*at) == item.a) ++at;
  }
  return at;
}

// %bxy: behind the y that belongs to the x at `at`, or null.
const char* Matcher::balanced(const PatternItem& item, const char* at) const {
  std::size_t depth = 1;
  while (++at < end_) {
    const auto c = static_cast<unsigned char>(*at);
    if (c == item.b) {
      if (--depth == 0) return at + 1;
    } else if (c == item.a) {
      ++depth;
    }
  }
  return nullptr;
}

// Beyond its ends the subject has zeros.
bool Matcher::frontier(const PatternItem& item, const char* at) const {
  const ByteSet& set = set_of(item);
  const char before = at == begin_ ? '\0' : at[-1];
  const char here = at == end_ ? '\0' : *at;
  return !set.has(static_cast<unsigned char>(before)) && set.has(static_cast<unsigned char>(here));
}

// One byte more, and on to where the rest can begin.
bool Matcher::retry_lazy(Choice& choice) {
  const PatternItem& item = *choice.item;
  if (choice.at == end_ || !takes(item, choice.at)) return false;
  ++choice.at;
  if (item.next < 0) return true;
  const char* from = choice.at;
  if (item.op == Op::any) {
    choice.at = find_byte(from, end_, item.next);
    count(choice.at == nullptr ? end_ - from : choice.at - from);
    return choice.at != nullptr;
  }
  while (choice.at < end_ && static_cast<unsigned char>(*choice.at) != item.next)
    if (!takes(item, choice.at++)) return false;
  count(choice.at - from);
  return choice.at < end_;
}

// One byte less, and back to where the rest can begin.
bool Matcher::retry_greedy(Choice& choice) {
  const PatternItem& item = *choice.item;
  const char* from = choice.at;
  bool found = false;
  while (!found && choice.at > choice.low) {
    --choice.at;
    found = item.next < 0 || static_cast<unsigned char>(*choice.at) == item.next;
  }
  count(from - choice.at);
  return found;
}

// Where to go on after a failure; null: nowhere.
const PatternItem* Matcher::retry(Choice* choices, std::size_t& depth, const char*& at) {
  while (depth > 0) {
    Choice& choice = choices[depth - 1];
    const PatternItem& item = *choice.item;
    if (item.repeat == Repeat::maybe) {
      --depth;
      at = choice.at;
      return &item + 1;
    }
    if (item.repeat == Repeat::lazy ? retry_lazy(choice) : retry_greedy(choice)) {
      at = choice.at;
      return &item + 1;
    }
    count(kDispatch);
    --depth;
  }
  return nullptr;
}

// An item that may be repeated. False: it is not there.
inline bool Matcher::take_run(const PatternItem& item, const char*& at, Choice* choices,
                              std::size_t& depth) {
  switch (item.repeat) {
    case Repeat::once:
      if (at == end_ || !takes(item, at)) return false;
      ++at;
      return true;
    case Repeat::maybe:
      if (at == end_ || !takes(item, at)) return true;
      choices[depth++] = {at, at, &item};
      ++at;
      return true;
    case Repeat::lazy:
      choices[depth++] = {at, at, &item};
      return true;
    case Repeat::star:
    case Repeat::plus:
      break;
  }
  const char* low = at;
  at = run_end(item, at);
  count(at - low);
  if (item.repeat == Repeat::plus && at == low++) return false;
  if (at > low) choices[depth++] = {at, low, &item};
  return true;
}

// These bytes, and no others.
inline bool Matcher::take_bytes(const char* bytes, std::size_t size, const char*& at) {
  count(static_cast<std::ptrdiff_t>(size / 4));
  if (size > distance(at, end_) || std::memcmp(at, bytes, size) != 0) return false;
  at += size;
  return true;
}

inline bool Matcher::take_balanced(const PatternItem& item, const char*& at) {
  if (at == end_ || static_cast<unsigned char>(*at) != item.a) return false;
  const char* behind = balanced(item, at);
  count((behind == nullptr ? end_ : behind) - at);
  if (behind != nullptr) at = behind;
  return behind != nullptr;
}

// An item that only marks or asks where it stands.
inline bool Matcher::take_mark(const PatternItem& item, const char* at) {
  Capture& capture = captures_[item.a];
  switch (item.op) {
    case Op::open:
      capture = {at, at};
      return true;
    case Op::position:
      capture = {at, nullptr};
      return true;
    case Op::close:
      capture.end = at;
      return true;
    case Op::frontier:
      return frontier(item, at);
    case Op::end:
      return at == end_;
    default:
      return false;  // never
  }
}

Matcher::Outcome Matcher::match_at(const char* at) {
  Choice choices[ProgramSpace::kMaxItems];
  std::size_t depth = 0;
  match_begin_ = at;
  for (const PatternItem* item = program_.items; item != nullptr;) {
    if (exhausted()) return Outcome::stopped;
    bool good = false;
    switch (item->op) {
      case Op::text:
        good = take_bytes(item->text, item->size, at);
        break;
      case Op::byte:
      case Op::any:
      case Op::set:
        good = take_run(*item, at, choices, depth);
        break;
      case Op::back: {
        const Capture& held = captures_[item->a];
        good = take_bytes(held.begin, distance(held.begin, held.end), at);
        break;
      }
      case Op::balance:
        good = take_balanced(*item, at);
        break;
      case Op::fault:
        fault_ = item->text;
        return Outcome::fault;
      case Op::accept:
        match_end_ = at;
        return Outcome::match;
      default:
        good = take_mark(*item, at);
    }
    item = good ? item + 1 : retry(choices, depth, at);
  }
  return Outcome::no_match;
}

// The first place at or behind `at` where a match can begin, as far as its first
// item tells; null: none.
const char* Matcher::skip(const char* at) {
  const PatternItem* item = program_.items;
  while (item->op == Op::open || item->op == Op::position) ++item;
  const char* from = at;
  if (item->op == Op::text) {
    at = static_cast<const char*>(memmem(at, distance(at, end_), item->text, item->size));
  } else if (item->repeat == Repeat::once || item->repeat == Repeat::plus) {
    if (item->op == Op::byte) at = find_byte(at, end_, item->a);
    if (item->op == Op::balance) at = find_byte(at, end_, item->a);
    if (item->op == Op::set) {
      const ByteSet& set = set_of(*item);
      while (at < end_ && !set.has(static_cast<unsigned char>(*at))) ++at;
      if (at == end_) at = nullptr;
    }
  }
  count((at == nullptr ? end_ : at) - from);
  return at;
}

Matcher::Outcome Matcher::search(const char* from) {
  if (program_.anchored) return match_at(from);
  while (true) {
    from = skip(from);
    if (from == nullptr) return Outcome::no_match;
    const Outcome outcome = match_at(from);
    if (outcome != Outcome::no_match || from == end_) return outcome;
    ++from;
  }
}

}  // namespace virgo::lua
