#include "net/line_splitter.hpp"

namespace virgo::net {
namespace {

constexpr std::size_t kKeep = 16 * 1024;

}  // namespace

void LineSplitter::feed(std::string_view bytes) {
  if (overlong_) return;
  // For those who do not call next() until nothing is left.
  if (start_ > kKeep && start_ > buffer_.size() / 2) {
    buffer_.erase(0, start_);
    scanned_ -= start_;
    start_ = 0;
  }
  buffer_.append(bytes);
}

void LineSplitter::give_up() {
  overlong_ = true;
  std::string().swap(buffer_);
  start_ = scanned_ = 0;
}

std::optional<std::string_view> LineSplitter::next() {
  if (overlong_) return std::nullopt;
  const std::size_t end = buffer_.find('\n', scanned_);
  if (end == std::string::npos) {
    buffer_.erase(0, start_);
    start_ = 0;
    scanned_ = buffer_.size();
    // One byte more, since that may be the \r of a line that just fits.
    if (buffer_.size() > max_line_ + 1) {
      give_up();
    } else if (buffer_.empty() && buffer_.capacity() > kKeep) {
      std::string().swap(buffer_);
    }
    return std::nullopt;
  }
  std::string_view line = std::string_view(buffer_).substr(start_, end - start_);
  start_ = scanned_ = end + 1;
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  if (line.size() > max_line_) {
    give_up();
    return std::nullopt;
  }
  return line;
}

}  // namespace virgo::net
