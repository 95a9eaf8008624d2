#include "net/line_splitter.hpp"

namespace virgo::net {
namespace {

constexpr std::size_t kKeep = 16 * 1024;

}  // namespace

std::optional<std::string_view> LineSplitter::next() {
  if (overlong_) return std::nullopt;
  const std::size_t end = buffer_.find('\n', scanned_);
  if (end == std::string::npos) {
    buffer_.erase(0, start_);
    start_ = 0;
    scanned_ = buffer_.size();
    // One byte more, since that may be the \r of a line that just fits.
    if (buffer_.size() > max_line_ + 1) {
      overlong_ = true;
      std::string().swap(buffer_);
      scanned_ = 0;
    } else if (buffer_.empty() && buffer_.capacity() > kKeep) {
      std::string().swap(buffer_);
    }
    return std::nullopt;
  }
  std::string_view line = std::string_view(buffer_).substr(start_, end - start_);
  start_ = scanned_ = end + 1;
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  if (line.size() > max_line_) {
    overlong_ = true;
    return std::nullopt;
  }
  return line;
}

std::string LineSplitter::take_rest() {
  std::string rest = buffer_.substr(start_);
  buffer_.clear();
  start_ = scanned_ = 0;
  return rest;
}

}  // namespace virgo::net
