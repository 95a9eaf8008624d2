#include "http/chunked_decoder.hpp"

#include <algorithm>

#include "http/head_parser.hpp"

namespace virgo::http {
namespace {

// The value of a hexadecimal digit, -1 of anything else.
int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr std::uint64_t kMaxSize = UINT64_MAX >> 4;

}  // namespace

void ChunkedDecoder::begin() {
  state_ = State::size_first;
  size_ = total_ = 0;
  line_ = extensions_ = 0;
  buffer_.clear();
  trailers_.clear();
}

bool ChunkedDecoder::refuse(int status, const char* why, bool limit) {
  refusal_ = {status, limit, why};
  return false;
}

ChunkedDecoder::Event ChunkedDecoder::next(std::string_view& bytes) {
  while (!bytes.empty()) {
    if (state_ == State::data) return take_data(bytes);
    if (state_ == State::trailers) return take_trailers(bytes);
    if (!take(bytes.front())) return Event::failed;
    bytes.remove_prefix(1);
  }
  return Event::need_input;
}

bool ChunkedDecoder::take(char c) {
  switch (state_) {
    case State::data_cr:
      if (c != '\r') return refuse(400, "a chunk is longer than its size");
      state_ = State::data_lf;
      return true;
    case State::data_lf:
      if (c != '\n') return refuse(400, "a chunk does not end with CR LF");
      state_ = State::size_first;
      return true;
    default:
      break;
  }
  if (++line_ > limits_.max_chunk_line) return refuse(400, "a chunk-size line is too long", true);
  switch (state_) {
    case State::size_first:
      size_ = 0;
      state_ = State::size;
      return take_digit(c) || refuse(400, "a chunk size does not begin with a digit");
    case State::size:
      if (c == '\r') {
        state_ = State::size_lf;
        return true;
      }
      if (c != ';') return take_digit(c) || refuse(400, "a chunk size is not valid");
      state_ = State::extension;
      [[fallthrough]];
    case State::extension:
      if (c == '\r') {
        state_ = State::size_lf;
        return true;
      }
      if (++extensions_ > limits_.max_chunk_extensions)
        return refuse(400, "there are too many chunk extensions", true);
      return is_field_value({&c, 1}) ||
             refuse(400, "a chunk extension has a control character in it");
    default:
      return c == '\n' ? end_size() : refuse(400, "a chunk-size line has a bare CR");
  }
}

bool ChunkedDecoder::take_digit(char c) {
  const int value = hex_value(c);
  if (value < 0 || size_ > kMaxSize) return false;
  size_ = size_ * 16 + static_cast<std::uint64_t>(value);
  return true;
}

bool ChunkedDecoder::end_size() {
  line_ = 0;
  if (size_ > limits_.max_body || total_ > limits_.max_body - size_)
    return refuse(413, "the body is too large", true);
  total_ += size_;
  state_ = size_ == 0 ? State::trailers : State::data;
  return true;
}

ChunkedDecoder::Event ChunkedDecoder::take_data(std::string_view& bytes) {
  data_ = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(size_, bytes.size())));
  bytes.remove_prefix(data_.size());
  size_ -= data_.size();
  if (size_ == 0) state_ = State::data_cr;
  return Event::data;
}

ChunkedDecoder::Event ChunkedDecoder::take_trailers(std::string_view& bytes) {
  switch (buffer_.take(bytes, limits_.max_trailers)) {
    case HeadBuffer::Take::more:
      return Event::need_input;
    case HeadBuffer::Take::complete:
      if (!parse_trailers(buffer_.text(), limits_, &trailers_, &refusal_)) return Event::failed;
      return Event::end;
    case HeadBuffer::Take::too_long:
      refuse(431, "the trailers are too long", true);
      break;
    case HeadBuffer::Take::bare_end:
      refuse(400, "a trailer line does not end with CR LF");
      break;
    case HeadBuffer::Take::folded:
      refuse(400, "a trailer line is folded");
      break;
  }
  return Event::failed;
}

}  // namespace virgo::http
