#include "http/message_writer.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/text.hpp"
#include "http/framing.hpp"

namespace virgo::http {
namespace {

Error invalid(const char* what, std::string_view text) {
  return {Errc::invalid, format("{}: \"{}\"", what, printable(text))};
}

void append_hex(std::string& out, std::size_t value) {
  char digits[2 * sizeof value];
  std::size_t at = sizeof digits;
  do {
    digits[--at] = "0123456789abcdef"[value & 15];
    value >>= 4;
  } while (value != 0);
  out.append(digits + at, sizeof digits - at);
}

}  // namespace

void append_decimal(std::string& out, std::uint64_t value) {
  char digits[20];
  std::size_t at = sizeof digits;
  do {
    digits[--at] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  out.append(digits + at, sizeof digits - at);
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  const std::size_t at = out.size();
  out.resize(at + name.size() + value.size() + 4);
  char* to = std::copy(name.begin(), name.end(), out.data() + at);
  *to++ = ':';
  *to++ = ' ';
  to = std::copy(value.begin(), value.end(), to);
  *to++ = '\r';
  *to = '\n';
}

Result<void> append_status_line(std::string& out, int minor, int status, std::string_view reason) {
  if (status == 200 && minor == 1 && reason.empty()) {
    out.append("HTTP/1.1 200 OK\r\n");
    return {};
  }
  if (minor < 0 || minor > 1) return Error{Errc::invalid, format("HTTP/1.{} is not known", minor)};
  if (status < 100 || status > 999)
    return Error{Errc::invalid, format("the status code {} is not between 100 and 999", status)};
  if (reason.empty()) reason = reason_phrase(status);
  if (!is_field_value(reason)) return invalid("the reason has a control character in it", reason);
  out.append(minor == 1 ? "HTTP/1.1 " : "HTTP/1.0 ");
  append_decimal(out, static_cast<std::uint64_t>(status));
  out.append(" ").append(reason).append("\r\n");
  return {};
}

Result<void> append_request_line(std::string& out, std::string_view method, std::string_view target,
                                 int minor) {
  if (minor < 0 || minor > 1) return Error{Errc::invalid, format("HTTP/1.{} is not known", minor)};
  if (!is_token(method)) return invalid("the method is not a token", method);
  if (!is_target(target))
    return invalid("the request target has a space or a character in it that must be escaped",
                   target);
  out.append(method).append(" ").append(target);
  out.append(minor == 1 ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n");
  return {};
}

Result<void> check_header(const Header& header) {
  if (!is_token(header.name)) return invalid("the header name is not a token", header.name);
  if (!is_field_value(header.value))
    return Error{Errc::invalid, format("the header {} has a control character in it: \"{}\"",
                                       header.name, printable(header.value))};
  return {};
}

Result<void> append_headers(std::string& out, std::span<const Header> headers) {
  for (const Header& header : headers)
    if (auto good = check_header(header); !good) return good;
  for (const Header& header : headers) append_header(out, header.name, header.value);
  return {};
}

void append_chunk(std::string& out, std::string_view bytes) {
  if (bytes.empty()) return;
  append_hex(out, bytes.size());
  out.append("\r\n").append(bytes).append("\r\n");
}

Result<void> append_last_chunk(std::string& out, std::span<const Header> trailers) {
  for (const Header& trailer : trailers) {
    if (auto good = check_header(trailer); !good) return good;
    if (!may_be_trailer(trailer.name))
      return invalid("this field may not be a trailer", trailer.name);
  }
  out.append("0\r\n");
  for (const Header& trailer : trailers) append_header(out, trailer.name, trailer.value);
  out.append("\r\n");
  return {};
}

}  // namespace virgo::http
