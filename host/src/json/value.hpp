// A parsed JSON value, and the parser.
//
// Numbers keep the text they were written with, so that an id can be echoed byte
// for byte and 64-bit integers stay exact. Objects keep their order; of a
// repeated key the last one counts. Plain values; not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace virgo::json {

enum class Kind : std::uint8_t { null, boolean, number, string, array, object };

struct Value {
  Kind kind = Kind::null;
  bool boolean = false;
  bool integer = false;  // number: `i64` is exact
  std::int64_t i64 = 0;
  double number = 0;
  std::string text;               // string: its value; number: as written
  std::vector<Value> items;       // array: elements; object: values
  std::vector<std::string> keys;  // object

  // Member of an object, or null.
  const Value* find(std::string_view key) const;
};

struct ParseLimits {
  std::size_t depth = 32;
  std::size_t values = 200'000;  // of any kind, together
};

// One JSON document (RFC 8259, UTF-8) and nothing after it. The error says what
// is wrong and at which byte.
Result<Value> parse(std::string_view text, const ParseLimits& limits = {});

// `value` as compact JSON.
std::string to_json(const Value& value);

}  // namespace virgo::json
