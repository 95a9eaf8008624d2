// Writes compact JSON onto the end of a string. Commas are put by the writer;
// that begins and ends pair up is the caller's business. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace virgo::json {

class Writer {
 public:
  // Where line breaks go.
  enum class Layout : std::uint8_t {
    compact,
    indented,  // each member of an object on a line of its own, two spaces a level
  };
  explicit Writer(std::string& out, Layout layout = Layout::compact, int level = 0)
      : out_(out), indented_(layout == Layout::indented), level_(level) {}

  void begin_object() { open('{'); }
  void end_object();
  void begin_array() { open('['); }
  void end_array() { close(']'); }

  // The value follows with the next call. Must be UTF-8.
  void key(std::string_view name);
  // The same from any bytes, as text() writes them.
  void key_text(std::string_view name);

  void null() { raw("null"); }
  void boolean(bool value) { raw(value ? "true" : "false"); }
  void integer(std::int64_t value);
  void integer(std::uint64_t value);
  // The shortest text that reads back as the same double; NaN and infinities,
  // which JSON lacks, as "NaN", "Infinity", "-Infinity".
  void number(double value);
  // The same, with whole numbers up to 2^53 without an exponent.
  void shortest(double value);
  // Must be UTF-8.
  void string(std::string_view value);
  // Any bytes: those that are not UTF-8 become U+FFFD. Characters that are invisible,
  // or end a line in JavaScript, are escaped.
  void text(std::string_view bytes);
  // Finished JSON, put in as it is.
  void raw(std::string_view json);

 private:
  void open(char bracket);
  void close(char bracket);
  void separate();
  void break_line();
  std::string& out_;
  bool indented_;
  int level_;
  bool comma_ = false;  // a value stands before the next one
};

}  // namespace virgo::json
