#include "http/body_writer.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "http/message_writer.hpp"

namespace virgo::http {

void BodyWriter::begin(Framing framing, std::uint64_t length, bool silent) {
  framing_ = framing;
  left_ = framing == Framing::length && !silent ? length : 0;
  silent_ = silent;
}

Result<void> BodyWriter::write(std::string& out, std::string_view bytes) {
  if (silent_ || bytes.empty()) return {};
  switch (framing_) {
    case Framing::chunked:
      append_chunk(out, bytes);
      return {};
    case Framing::until_close:
      out.append(bytes);
      return {};
    case Framing::length:
    case Framing::none:
      break;
  }
  const std::string_view fits =
      bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())));
  out.append(fits);
  left_ -= fits.size();
  if (fits.size() == bytes.size()) return {};
  return Error{Errc::invalid, format("the body is longer than its Content-Length, by {} bytes",
                                     bytes.size() - fits.size())};
}

Result<void> BodyWriter::finish(std::string& out, std::span<const Header> trailers) {
  if (silent_) return {};
  if (framing_ == Framing::chunked) return append_last_chunk(out, trailers);
  if (left_ == 0) return {};
  return Error{Errc::invalid,
               format("the body is shorter than its Content-Length, by {} bytes", left_)};
}

}  // namespace virgo::http
