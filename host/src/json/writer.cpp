#include "json/writer.hpp"

#include <charconv>
#include <cmath>

namespace virgo::json {
namespace {

void append_escaped(std::string& out, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::size_t plain = 0;  // start of the run that needs no escaping
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, plain, i - plain);
    plain = i + 1;
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
      default:
        out += "\\u00";
        out += kHex[c >> 4];
        out += kHex[c & 15];
    }
  }
  out.append(text, plain, std::string_view::npos);
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
}

void Writer::close(char bracket) {
  out_ += bracket;
  comma_ = true;
}

void Writer::key(std::string_view name) {
  string(name);
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

void Writer::string(std::string_view value) {
  separate();
  out_ += '"';
  append_escaped(out_, value);
  out_ += '"';
}

void Writer::raw(std::string_view json) {
  separate();
  out_ += json;
}

}  // namespace virgo::json
