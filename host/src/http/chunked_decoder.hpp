// The chunked transfer coding (RFC 9112, section 7.1), strictly: a size is hexadecimal
// digits and nothing else, every line ends with CR LF. Internal to http/.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/head_buffer.hpp"
#include "http/headers.hpp"
#include "http/limits.hpp"

namespace virgo::http {

class ChunkedDecoder {
 public:
  enum class Event : std::uint8_t { need_input, data, end, failed };

  explicit ChunkedDecoder(const Limits& limits) : limits_(limits) {}

  // Takes from the front of `bytes`; `data()` points into it. After `end` the trailers are
  // filled, and last until begin().
  Event next(std::string_view& bytes);
  // For the next body.
  void begin();

  std::string_view data() const { return data_; }
  const HeaderList& trailers() const { return trailers_; }
  const Refusal& refusal() const { return refusal_; }
  // Only trailers are missing.
  bool in_trailers() const { return state_ == State::trailers; }

 private:
  enum class State : std::uint8_t {
    size_first,  // at the first digit
    size,
    extension,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailers
  };

  // One byte of a chunk-size line, or of the end of a chunk. False if it is wrong there.
  bool take(char c);
  bool take_digit(char c);
  bool end_size();
  Event take_data(std::string_view& bytes);
  Event take_trailers(std::string_view& bytes);
  bool refuse(int status, const char* why, bool limit = false);

  const Limits& limits_;
  State state_ = State::size_first;
  std::uint64_t size_ = 0;      // of the chunk; then what is left of it
  std::uint64_t total_ = 0;     // of the body
  std::size_t line_ = 0;        // bytes of the chunk-size line
  std::size_t extensions_ = 0;  // bytes of all extensions
  std::string_view data_;
  HeadBuffer buffer_;
  HeaderList trailers_;
  Refusal refusal_;
};

}  // namespace virgo::http
