// Handed: a plain Lua value outside of any state: nil, true, false, a number, a
// text, or a table of these. What an old version of a script leaves to the next
// one, in the same process (copied from state to state) or in the next (JSON).
// Loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

struct lua_State;

namespace virgo::script {

class Handed {
 public:
  // Bounds of one value; a table that contains itself breaks the first.
  static constexpr int kMaxDepth = 16;
  static constexpr std::size_t kMaxValues = 20'000;   // keys and values of all tables
  static constexpr std::size_t kMaxBytes = 1u << 20;  // of all texts

  Handed() = default;  // nil

  // The value at `index`, without its metatables. What has no plain form, or is too
  // much, is an error that says where: "handover: .seen[3] is a function". Raises
  // nothing.
  static Result<Handed> take(lua_State* L, int index);
  // Pushes it. To be called where the state's cap is not in force, or protected.
  void push(lua_State* L) const;

  bool nil() const { return kind_ == Kind::nil; }

  // As JSON and back; every value survives exactly, also bytes that are no text.
  std::string to_json() const;
  static Result<Handed> from_json(std::string_view text);

 private:
  enum class Kind : std::uint8_t { nil, boolean, number, text, table };
  friend struct HandedReader;
  friend struct HandedJson;

  Kind kind_ = Kind::nil;
  bool boolean_ = false;
  double number_ = 0;
  std::string text_;
  std::vector<std::pair<Handed, Handed>> entries_;
};

}  // namespace virgo::script
