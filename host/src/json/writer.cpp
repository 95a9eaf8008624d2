#include "json/writer.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include "base/text.hpp"

namespace virgo::json {
namespace {

constexpr char kHex[] = "0123456789abcdef";

// Which bytes a string may not hold as they are.
constexpr auto kSpecial = [] {
  std::array<bool, 256> special{};
  for (std::size_t c = 0; c < 0x20; ++c) special[c] = true;
  special['"'] = special['\\'] = true;
  return special;
}();
// The same for bytes nobody has looked at yet.
constexpr auto kSuspect = [] {
  std::array<bool, 256> suspect = kSpecial;
  for (std::size_t c = 0x7f; c < 0x100; ++c) suspect[c] = true;
  return suspect;
}();

void append_unicode(std::string& out, unsigned code) {
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHex[(code >> shift) & 15u];
}

void append_special(std::string& out, unsigned char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    case '\b':
      out += "\\b";
      break;
    case '\f':
      out += "\\f";
      break;
    default:
      append_unicode(out, c);
  }
}

void append_escaped(std::string& out, std::string_view text) {
  std::size_t plain = 0;  // start of the run that needs no escaping
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (!kSpecial[c]) continue;
    out.append(text, plain, i - plain);
    plain = i + 1;
    append_special(out, c);
  }
  out.append(text, plain, std::string_view::npos);
}

// Of a valid character of two or three bytes.
unsigned code_point(std::string_view character) {
  unsigned code = static_cast<unsigned char>(character[0]) & (character.size() == 2 ? 0x1fu : 0xfu);
  for (const char c : character.substr(1)) code = code << 6 | (static_cast<unsigned>(c) & 0x3fu);
  return code;
}

bool is_invisible(unsigned code) {
  return code == 0xad || (code >= 0x600 && code <= 0x604) || code == 0x70f || code == 0x17b4 ||
         code == 0x17b5 || (code >= 0x200c && code <= 0x200f) ||
         (code >= 0x2028 && code <= 0x202f) || (code >= 0x2060 && code <= 0x206f) ||
         code == 0xfeff || code >= 0xfff0;
}

// What begins `bytes` and is suspect; returns how many bytes that were.
std::size_t append_suspect(std::string& out, std::string_view bytes) {
  const auto c = static_cast<unsigned char>(bytes[0]);
  if (c == 0x7f) {
    append_unicode(out, c);
    return 1;
  }
  if (c < 0x80) {
    append_special(out, c);
    return 1;
  }
  const std::size_t n = utf8_length(bytes);
  if (n == 0) {
    out += "\xef\xbf\xbd";
    return 1;
  }
  const std::string_view character = bytes.substr(0, n);
  const unsigned code = n < 4 ? code_point(character) : 0;
  if (code != 0xfffd && is_invisible(code))
    append_unicode(out, code);
  else
    out += character;
  return n;
}

void append_any(std::string& out, std::string_view bytes) {
  std::size_t plain = 0;
  std::size_t i = 0;
  while (i < bytes.size()) {
    if (!kSuspect[static_cast<unsigned char>(bytes[i])]) {
      ++i;
      continue;
    }
    out.append(bytes, plain, i - plain);
    i += append_suspect(out, bytes.substr(i));
    plain = i;
  }
  out.append(bytes, plain, std::string_view::npos);
}

template <class T>
void append_number(std::string& out, T value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value);
  out.append(text, end.ptr);
}

}  // namespace

void Writer::separate() {
  if (comma_) out_ += ',';
  comma_ = true;
}

void Writer::open(char bracket) {
  separate();
  out_ += bracket;
  comma_ = false;
  ++level_;
}

void Writer::close(char bracket) {
  out_ += bracket;
  comma_ = true;
  --level_;
}

void Writer::break_line() {
  out_ += '\n';
  if (level_ > 0) out_.append(2 * static_cast<std::size_t>(level_), ' ');
}

void Writer::end_object() {
  if (indented_) {
    --level_;
    break_line();
    ++level_;
  }
  close('}');
}

void Writer::key(std::string_view name) {
  separate();
  if (indented_) break_line();
  comma_ = false;
  string(name);
  out_ += ':';
  comma_ = false;
}

void Writer::key_text(std::string_view name) {
  separate();
  if (indented_) break_line();
  comma_ = false;
  text(name);
  out_ += ':';
  comma_ = false;
}

void Writer::integer(std::int64_t value) {
  separate();
  append_number(out_, value);
}

void Writer::integer(std::uint64_t value) {
  separate();
  append_number(out_, value);
}

void Writer::number(double value) {
  if (std::isnan(value)) {
    string("NaN");
  } else if (std::isinf(value)) {
    string(value > 0 ? "Infinity" : "-Infinity");
  } else {
    separate();
    append_number(out_, value);
  }
}

void Writer::shortest(double value) {
  const bool whole = value == std::floor(value) && std::fabs(value) <= 9007199254740992.0;
  if (whole && !(value == 0 && std::signbit(value)))
    integer(static_cast<std::int64_t>(value));
  else
    number(value);
}

void Writer::string(std::string_view value) {
  separate();
  out_ += '"';
  append_escaped(out_, value);
  out_ += '"';
}

void Writer::text(std::string_view bytes) {
  separate();
  out_ += '"';
  append_any(out_, bytes);
  out_ += '"';
}

void Writer::raw(std::string_view json) {
  separate();
  out_ += json;
}

}  // namespace virgo::json
