// How large a message may be, in each of its dimensions, and what is answered to
// one that is refused.
#pragma once

#include <cstddef>
#include <cstdint>

namespace virgo::http {

// Every bound is what is still allowed. A client has no one to answer to: there,
// each violation is an Error with Errc::limit.
struct Limits {
  // Start line, header fields and the blank line, in bytes as they came; blank lines
  // in front of a request count too. Beyond: 431, or 414 while in the start line.
  std::size_t max_head = std::size_t{16} * 1024;
  // Header fields; trailer fields are counted by themselves. Beyond: 431.
  std::size_t max_headers = 128;
  // The request target. Beyond: 414.
  std::size_t max_target = std::size_t{8} * 1024;
  // The body, transfer coding removed. Beyond: 413, at the head if it has a length.
  std::uint64_t max_body = UINT64_MAX;
  // One chunk-size line with its extensions and its line end. Beyond: 400.
  std::size_t max_chunk_line = 256;
  // The extensions of all chunks of one message together. Beyond: 400.
  std::size_t max_chunk_extensions = std::size_t{4} * 1024;
  // The trailer section with its blank line. Beyond: 431.
  std::size_t max_trailers = std::size_t{8} * 1024;
  // Interim (1xx) responses in front of one response. Clients only.
  unsigned max_informational = 16;
};

// Why a message is not accepted.
struct Refusal {
  // 400 bad, 413 body, 414 target, 417 expectation, 431 head, 501 method or transfer
  // coding that is not known, 505 version. Of a response: 502.
  int status = 400;
  // True if a bound of Limits was passed.
  bool limit = false;
  // A sentence's end, "the header name has a space in it"; of static storage.
  const char* why = "";

  bool operator==(const Refusal&) const = default;
};

}  // namespace virgo::http
