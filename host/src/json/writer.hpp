// Writes compact JSON onto the end of a string. Commas are put by the writer;
// that begins and ends pair up is the caller's business. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace virgo::json {

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }

  // The value follows with the next call.
  void key(std::string_view name);

  void null() { raw("null"); }
  void boolean(bool value) { raw(value ? "true" : "false"); }
  void integer(std::int64_t value);
  void integer(std::uint64_t value);
  // The shortest text that reads back as the same double; NaN and infinities,
  // which JSON lacks, as "NaN", "Infinity", "-Infinity".
  void number(double value);
  // Must be UTF-8.
  void string(std::string_view value);
  // Finished JSON, put in as it is.
  void raw(std::string_view json);

 private:
  void open(char bracket);
  void close(char bracket);
  void separate();
  std::string& out_;
  bool comma_ = false;  // a value stands before the next one
};

}  // namespace virgo::json
