// Lua patterns, matched in bounded memory and in steps that are counted, so that a
// pathological pattern can be stopped in the middle. LuaJIT's own matcher is one
// call into C, which nothing can stop.
//
// A Program is compiled from the pattern's text, then a Matcher runs it. Patterns
// have no alternatives and no repeated groups, so each item has at most one place
// to go back to: the stack of such places is as long as the program, nothing recurses.
//
// As in Lua 5.1 a malformed pattern is an error when the matcher gets to where it
// is malformed, not before. Other than there a NUL in a pattern stands for itself.
//
// All classes are trivially destructible: an error may be raised through them. They
// point into the pattern's and the subject's text, which must stay where it is.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace virgo::lua {

constexpr int kMaxCaptures = 32;

// A set of bytes.
struct ByteSet {
  std::array<std::uint32_t, 8> bits;

  constexpr bool has(unsigned char c) const { return ((bits[c >> 5] >> (c & 31)) & 1) != 0; }
};

struct PatternItem {
  enum class Op : std::uint8_t {
    text,      // these bytes
    byte,      // this byte                    } may be
    any,       // any byte                     } repeated
    set,       // one of sets                  }
    open,      // a capture begins
    position,  // a position capture
    close,     // a capture ends
    back,      // what the capture holds, once more
    balance,   // %bxy
    frontier,  // %f[set]
    end,       // $
    never,     // cannot match
    fault,     // the pattern is malformed here
    accept,
  };
  enum class Repeat : std::uint8_t { once, maybe, star, plus, lazy };

  Op op;
  Repeat repeat;
  std::uint8_t a;  // the byte; of balance the first; of captures the index
  std::uint8_t b;  // of balance the second
  // The byte that has to follow, or -1: where it does not, the rest is not tried.
  std::int16_t next;
  std::uint32_t size;  // of text; of set and frontier: which set
  const char* text;    // of text and fault
};

// What a Matcher runs. Lives with its owner: ProgramSpace, or a copy.
struct Program {
  const PatternItem* items = nullptr;
  const ByteSet* sets = nullptr;
  std::uint16_t item_count = 0;
  std::uint16_t set_count = 0;
  std::uint8_t captures = 0;
  std::uint32_t unclosed = 0;  // a bit for each capture that is never closed
  bool anchored = false;       // began with ^

  // Bytes that a copy needs; `memory` is aligned for pointers.
  std::size_t copy_size() const;
  Program copy_to(void* memory) const;
};

// Room for the longest program; to be put on the stack.
class ProgramSpace {
 public:
  static constexpr int kMaxItems = 200;
  static constexpr int kMaxSets = 48;

  // `anchors`: whether ^ at the beginning is an anchor (in gmatch it is not). Never
  // fails; a pattern that is too long has a fault where the room ends.
  Program compile(std::string_view pattern, bool anchors);

 private:
  friend class PatternCompiler;
  std::array<PatternItem, kMaxItems + 1> items_;
  std::array<ByteSet, kMaxSets> sets_;
};

class Matcher {
 public:
  enum class Outcome : std::uint8_t { match, no_match, fault, stopped };
  struct Capture {
    const char* begin;
    const char* end;  // null: a position
  };

  // `stop` is asked every few thousand steps; true ends the match.
  using Stop = bool (*)(void* arg);
  Matcher(std::string_view subject, const Program& program, Stop stop, void* arg)
      : begin_(subject.data()),
        end_(subject.data() + subject.size()),
        program_(program),
        stop_(stop),
        arg_(arg) {}

  // The first match that begins at or behind `from`; only there if anchored.
  Outcome search(const char* from);
  // Of the last match.
  const char* match_begin() const { return match_begin_; }
  const char* match_end() const { return match_end_; }
  const Capture& capture(int index) const { return captures_[static_cast<std::size_t>(index)]; }
  // Of a place in the subject.
  std::ptrdiff_t offset(const char* at) const { return at - begin_; }
  // After Outcome::fault.
  const char* fault() const { return fault_; }

 private:
  static constexpr std::int64_t kStride = 4096;

  struct Choice {
    const char* at;   // where the item ends if it is taken here
    const char* low;  // of star and plus: the least
    const PatternItem* item;
  };

  Outcome match_at(const char* at);
  const char* skip(const char* at);
  bool take_run(const PatternItem& item, const char*& at, Choice* choices, std::size_t& depth);
  bool take_bytes(const char* bytes, std::size_t size, const char*& at);
  bool take_balanced(const PatternItem& item, const char*& at);
  bool take_mark(const PatternItem& item, const char* at);
  const PatternItem* retry(Choice* choices, std::size_t& depth, const char*& at);
  bool retry_lazy(Choice& choice);
  bool retry_greedy(Choice& choice);
  const char* run_end(const PatternItem& item, const char* at) const;
  bool takes(const PatternItem& item, const char* at) const;
  const char* balanced(const PatternItem& item, const char* at) const;
  bool frontier(const PatternItem& item, const char* at) const;
  const ByteSet& set_of(const PatternItem& item) const;
  void count(std::ptrdiff_t bytes) { fuel_ -= bytes / 4; }
  bool exhausted() {
    if (--fuel_ > 0) return false;
    fuel_ = kStride;
    return stop_(arg_);
  }

  const char* begin_;
  const char* end_;
  Program program_;
  Stop stop_;
  void* arg_;
  std::int64_t fuel_ = kStride;
  const char* match_begin_ = nullptr;
  const char* match_end_ = nullptr;
  const char* fault_ = nullptr;
  std::array<Capture, kMaxCaptures> captures_;
};

}  // namespace virgo::lua
