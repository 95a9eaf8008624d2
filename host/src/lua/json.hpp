// Lua values to and from JSON: the walk that the bindings share, each with its own
// rules for what a table is. Loop thread only.
#pragma once

#include <string>

#include "json/tape.hpp"
#include "json/writer.hpp"

struct lua_State;

namespace virgo::lua {

// What becomes of a tape. The indexes are absolute.
struct JsonReading {
  int null = 0;         // index of the value for null; 0 = nil
  int array_meta = 0;   // index of the metatable of arrays; 0 = none
  int object_meta = 0;  // of objects
  // Integers that a number cannot hold: index of a function of (high, low) for
  // int64, and one for uint64, of two 32-bit halves; 0 = rounded numbers.
  int make_i64 = 0;
  int make_u64 = 0;
};

// Pushes the value of a tape that was parsed well. May raise.
void push_json(lua_State* L, const json::Tape& tape, const JsonReading& reading);

// Writes a Lua value. What may raise leaves no C++ object behind: the text is the
// caller's, in a scratch (scratch.hpp).
class JsonWriting {
 public:
  JsonWriting(lua_State* state, json::Writer& writer, int max_depth)
      : L(state), out(writer), max_depth_(max_depth) {}
  // `text` is what the writer appends to: an error is raised when it has become longer
  // than `most` bytes by more than one value, or when the call is to be stopped. A table
  // that is met again and again is written as often.
  void bound(const std::string& text, std::size_t most) {
    text_ = &text;
    most_ = most;
  }
  // Appends the value at the absolute `index`. May raise.
  void value(int index);

 protected:
  ~JsonWriting() = default;
  // Whether the table at `index` is an array, and of how many elements.
  virtual bool is_array(int index, int& n) = 0;
  // Before anything else is tried: a table or userdata that writes itself. True
  // if it was written.
  virtual bool custom(int index) = 0;
  // What JSON has no form for: writes something in its place or raises.
  virtual void refuse(int index, const char* reason) = 0;
  // The members of the table at `index`; by default as lua_next gives them.
  virtual void members(int index);
  virtual void number(double value) = 0;

  // An error is about to be raised.
  virtual void failing() {}

  void member(int key, int value);  // one of them, both on the stack
  [[noreturn]] void fail(const char* message);

  lua_State* const L;
  json::Writer& out;

 private:
  bool on_path(const void* table) const;
  void check_bound();
  void table(int index);
  void array(int index, int n);

  // The tables being written, outermost last, to find one that contains itself.
  struct Frame {
    const void* table;
    const Frame* outer;
  };
  const Frame* path_ = nullptr;
  int depth_ = 0;
  int max_depth_;
  const std::string* text_ = nullptr;  // null: no bound
  std::size_t most_ = 0;
};

}  // namespace virgo::lua
