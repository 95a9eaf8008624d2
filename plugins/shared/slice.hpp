// Parts of a text that need not be as long as one thinks. std::string_view::substr() beyond
// the end throws, which here ends the process (out_of_range.cpp): it is for what is known to
// fit, this for the rest.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <string_view>

namespace plugin {

// From `from` on, at most `length` bytes; what is beyond the end is not there.
inline std::string_view slice(std::string_view text, size_t from, size_t length = SIZE_MAX) {
  if (from > text.size()) from = text.size();
  const size_t rest = text.size() - from;
  return {text.data() + from, length < rest ? length : rest};
}

}  // namespace plugin
