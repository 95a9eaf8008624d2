// The body of one outgoing message under the framing its head announced. Used by the
// sessions. Not thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/headers.hpp"
#include "http/message.hpp"

namespace virgo::http {

class BodyWriter {
 public:
  // `length` matters with Framing::length. `silent`: nothing of the body is written, as
  // with a response to HEAD, and its length is not held against what is written.
  void begin(Framing framing, std::uint64_t length, bool silent);

  // Errc::invalid when that is more than the length; what fits is written.
  Result<void> write(std::string& out, std::string_view bytes);
  // Errc::invalid when less than the length was written; with a bad trailer, after which
  // it may be called again.
  Result<void> finish(std::string& out, std::span<const Header> trailers);

  // Of Framing::length: what is still to be written.
  std::uint64_t left() const { return left_; }

 private:
  Framing framing_ = Framing::none;
  bool silent_ = false;
  std::uint64_t left_ = 0;
};

}  // namespace virgo::http
