#include "config/encoding.hpp"

#include "base/format.hpp"
#include "base/text.hpp"

namespace virgo::config {
std::optional<BadByte> find_bad_byte(std::string_view text) {
  int line = 1;
  std::size_t line_start = 0;
  std::size_t i = 0;
  while (i < text.size()) {
    const auto c = static_cast<unsigned char>(text[i]);
    const std::size_t length = utf8_length(text.substr(i));
    const bool control = (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
    if (length == 0 || control) {
      std::string what = c == 0    ? "a NUL byte"
                         : control ? format("the control character 0x{:02x}", c)
                                   : format("byte 0x{:02x}, which is not valid UTF-8", c);
      return BadByte{line, static_cast<int>(i - line_start) + 1, std::move(what)};
    }
    if (c == '\n') {
      ++line;
      line_start = i + 1;
    }
    i += length;
  }
  return std::nullopt;
}

}  // namespace virgo::config
