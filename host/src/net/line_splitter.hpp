// Bytes to lines: the framing of the endpoint protocol, and of line-based
// protocols in Lua. A line ends with \n; a \r before it is dropped. Not
// thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace virgo::net {

class LineSplitter {
 public:
  // `max_line`: bytes of a line without its end; what is longer is an error.
  explicit LineSplitter(std::size_t max_line) : max_line_(max_line) {}

  // After an overlong line the bytes are thrown away.
  void feed(std::string_view bytes);

  // The next whole line, valid until the next call of any function; nullopt if
  // there is none yet, or after an overlong one.
  std::optional<std::string_view> next();

  // A line is longer than allowed. Nothing more comes out.
  bool overlong() const { return overlong_; }
  // Bytes that are no whole line yet.
  std::size_t buffered() const { return buffer_.size() - start_; }

 private:
  void give_up();
  std::size_t max_line_;
  std::string buffer_;
  std::size_t start_ = 0;    // of the line being looked for
  std::size_t scanned_ = 0;  // no \n before this
  bool overlong_ = false;
};

}  // namespace virgo::net
