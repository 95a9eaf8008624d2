#include "http/outgoing_fields.hpp"

#include "base/format.hpp"
#include "base/text.hpp"
#include "http/framing.hpp"
#include "http/message_writer.hpp"
#include "http/target.hpp"

namespace virgo::http {
namespace {

Error invalid(std::string what) {
  return {Errc::invalid, std::move(what)};
}

Result<void> read_length(const Header& header, OutgoingFields& fields) {
  std::uint64_t length = 0;
  if (fields.content_length) return invalid("Content-Length is given twice");
  if (!parse_content_length(header.value, &length))
    return invalid(format("Content-Length is not a number: \"{}\"", printable(header.value)));
  fields.content_length = length;
  return {};
}

Result<void> read_coding(const Header& header, OutgoingFields& fields) {
  if (fields.chunked || !same_name(header.value, "chunked"))
    return invalid(
        format("Transfer-Encoding can only be chunked, once, not \"{}\"", printable(header.value)));
  fields.chunked = true;
  return {};
}

Result<void> read_host(const Header& header, OutgoingFields& fields) {
  if (fields.host) return invalid("Host is given twice");
  if (!header.value.empty() && !is_authority(header.value))
    return invalid(format("Host is not valid: \"{}\"", printable(header.value)));
  fields.host = true;
  return {};
}

void read_connection(std::string_view value, OutgoingFields& fields) {
  std::string_view option;
  while (take_element(value, &option)) {
    if (same_name(option, "close")) fields.close = true;
    if (same_name(option, "keep-alive")) fields.keep_alive = true;
    if (same_name(option, "upgrade")) fields.connection_upgrade = true;
  }
}

Result<void> read_field(const Header& header, OutgoingFields& fields) {
  const std::string_view name = header.name;
  switch (name.size()) {
    case 4:
      if (same_name(name, "date")) fields.date = true;
      if (same_name(name, "host")) return read_host(header, fields);
      break;
    case 7:
      if (same_name(name, "upgrade")) fields.upgrade = true;
      break;
    case 10:
      if (same_name(name, "connection")) read_connection(header.value, fields);
      break;
    case 14:
      if (same_name(name, "content-length")) return read_length(header, fields);
      break;
    case 17:
      if (same_name(name, "transfer-encoding")) return read_coding(header, fields);
      break;
    default:
      break;
  }
  return {};
}

}  // namespace

Result<OutgoingFields> read_outgoing(std::span<const Header> headers) {
  OutgoingFields fields;
  for (const Header& header : headers) {
    if (!is_token(header.name) || !is_field_value(header.value))
      return check_header(header).error();
    if (auto good = read_field(header, fields); !good) return good.error();
  }
  if (fields.chunked && fields.content_length)
    return invalid("Content-Length is given together with Transfer-Encoding");
  return fields;
}

void append_outgoing(std::string& out, std::span<const Header> headers, bool coding, bool length) {
  for (const Header& header : headers) {
    const std::size_t size = header.name.size();
    if (!coding && size == 17 && same_name(header.name, "transfer-encoding")) continue;
    if (!length && size == 14 && same_name(header.name, "content-length")) continue;
    append_header(out, header.name, header.value);
  }
}

}  // namespace virgo::http
