// Gathers a head or trailer section, up to its blank line, and holds its line ends to
// CR LF. Internal to http/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace virgo::http {

class HeadBuffer {
 public:
  enum class Take : std::uint8_t {
    more,      // all of `bytes` was taken and the blank line has not come
    complete,  // text() ends with the blank line; `bytes` holds what follows it
    bare_end,  // a CR without LF, or a LF without CR
    folded,    // a line that begins with a space or tab
    too_long,  // `limit` bytes without a blank line
  };

  // Takes from the front of `bytes`. After anything but `more`, clear() has to follow
  // before the next call. The answer does not depend on how the bytes are cut.
  Take take(std::string_view& bytes, std::size_t limit);

  // What was gathered; does not move between `complete` and clear().
  std::string_view text() const { return text_; }
  // The line end of the first line has come.
  bool has_line() const { return line_ > 0; }
  // Forgets the text, and the memory beyond 4 KiB.
  void clear();

 private:
  Take scan();

  std::string text_;
  std::size_t line_ = 0;     // where the line begins that is being looked at
  std::size_t scanned_ = 0;  // no LF from line_ up to here
};

}  // namespace virgo::http
