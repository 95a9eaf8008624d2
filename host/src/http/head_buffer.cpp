#include "http/head_buffer.hpp"

#include <algorithm>
#include <cstring>

namespace virgo::http {
namespace {

// A body that follows in the same bytes is not copied further than this.
constexpr std::size_t kPiece = 1024;
constexpr std::size_t kKeep = 4096;

}  // namespace

void HeadBuffer::clear() {
  if (text_.capacity() > kKeep) {
    std::string().swap(text_);
  } else {
    text_.clear();
  }
  line_ = scanned_ = 0;
}

HeadBuffer::Take HeadBuffer::take(std::string_view& bytes, std::size_t limit) {
  while (!bytes.empty()) {
    const std::size_t before = text_.size();
    const std::size_t room = limit > before ? limit - before : 0;
    const std::size_t piece = std::min({bytes.size(), room, kPiece});
    text_.append(bytes.data(), piece);
    const Take found = scan();
    if (found != Take::more) {
      bytes.remove_prefix(std::max(text_.size(), before) - before);
      return found;
    }
    bytes.remove_prefix(piece);
    if (text_.size() >= limit) return Take::too_long;
  }
  return Take::more;
}

HeadBuffer::Take HeadBuffer::scan() {
  while (true) {
    const auto* data = text_.data();
    const void* found = std::memchr(data + scanned_, '\n', text_.size() - scanned_);
    if (found == nullptr) {
      scanned_ = text_.size();
      return Take::more;
    }
    const auto end = static_cast<std::size_t>(static_cast<const char*>(found) - data);
    if (end == line_ || data[end - 1] != '\r') return Take::bare_end;
    const std::size_t length = end - 1 - line_;
    if (length == 0) {
      text_.resize(end + 1);
      return Take::complete;
    }
    if (std::memchr(data + line_, '\r', length) != nullptr) return Take::bare_end;
    if (data[line_] == ' ' || data[line_] == '\t') return Take::folded;
    line_ = scanned_ = end + 1;
  }
}

}  // namespace virgo::http
