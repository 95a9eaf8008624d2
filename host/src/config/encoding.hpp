// Which bytes a configuration may consist of. Internal to config/. Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace virgo::config {

struct BadByte {
  int line = 1;
  int column = 1;  // in bytes
  std::string what;
};

// The first byte that is not valid UTF-8, or is a control character other than
// tab, line feed and carriage return. Nothing if the text is fine.
std::optional<BadByte> find_bad_byte(std::string_view text);

}  // namespace virgo::config
