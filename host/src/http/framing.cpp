#include "http/framing.hpp"

#include "http/target.hpp"

namespace virgo::http {
namespace {

// Fields of one name: none, one, or more.
struct Field {
  std::string_view value;
  unsigned count = 0;

  void add(std::string_view v) {
    value = v;
    ++count;
  }
};

// The fields that say something about the connection.
struct Fields {
  Field content_length;
  Field transfer_encoding;
  Field host;
  Field upgrade;
  Field expect;
  bool close = false;
  bool keep_alive = false;
  bool connection_upgrade = false;

  explicit Fields(const HeaderList& headers) {
    for (const Header& header : headers) take(header);
  }

 private:
  // The length of the name first: most fields are none of these.
  void take(const Header& header) {
    switch (header.name.size()) {
      case 4:
        return take_if(header, "host", host);
      case 6:
        return take_if(header, "expect", expect);
      case 7:
        return take_if(header, "upgrade", upgrade);
      case 14:
        return take_if(header, "content-length", content_length);
      case 17:
        return take_if(header, "transfer-encoding", transfer_encoding);
      case 10:
        if (same_name(header.name, "connection")) take_connection(header.value);
        return;
      default:
        return;
    }
  }

  static void take_if(const Header& header, std::string_view name, Field& field) {
    if (same_name(header.name, name)) field.add(header.value);
  }

  void take_connection(std::string_view value) {
    std::string_view option;
    while (take_element(value, &option)) {
      if (same_name(option, "close")) close = true;
      if (same_name(option, "keep-alive")) keep_alive = true;
      if (same_name(option, "upgrade")) connection_upgrade = true;
    }
  }
};

bool refuse(Refusal* refusal, int status, const char* why) {
  *refusal = {status, false, why};
  return false;
}

// "chunked" alone is known here. `unknown`: the status of a list that ends with it.
bool check_transfer_encoding(const Field& field, int minor, int bad, int unknown,
                             Refusal* refusal) {
  if (minor == 0) return refuse(refusal, bad, "Transfer-Encoding is not in HTTP/1.0");
  if (field.count > 1) return refuse(refusal, bad, "Transfer-Encoding is there twice");
  if (same_name(field.value, "chunked")) return true;
  std::string_view rest = field.value;
  std::string_view coding;
  unsigned codings = 0;
  unsigned chunked = 0;
  for (; take_element(rest, &coding); ++codings)
    if (same_name(coding, "chunked")) ++chunked;
  if (codings > 1 && chunked == 1 && same_name(coding, "chunked"))
    return refuse(refusal, unknown, "the transfer coding is not known here");
  return refuse(refusal, bad, "Transfer-Encoding does not end with chunked");
}

bool read_framing(const Fields& fields, MessageHead* head, int bad, int unknown, Refusal* refusal) {
  head->framing = Framing::none;
  head->content_length = 0;
  const bool coded = fields.transfer_encoding.count > 0;
  if (coded && fields.content_length.count > 0)
    return refuse(refusal, bad, "Content-Length is there together with Transfer-Encoding");
  if (coded) {
    if (!check_transfer_encoding(fields.transfer_encoding, head->minor, bad, unknown, refusal))
      return false;
    head->framing = Framing::chunked;
  }
  if (fields.content_length.count > 1) return refuse(refusal, bad, "Content-Length is there twice");
  if (fields.content_length.count == 1) {
    if (!parse_content_length(fields.content_length.value, &head->content_length))
      return refuse(refusal, bad, "Content-Length is not a number in range");
    if (head->content_length > 0) head->framing = Framing::length;
  }
  return true;
}

void read_connection(const Fields& fields, MessageHead* head) {
  head->keep_alive = !fields.close && (head->minor == 1 || fields.keep_alive);
  const bool upgrade = head->minor == 1 && fields.connection_upgrade && fields.upgrade.count > 0;
  head->upgrade = upgrade ? fields.upgrade.value : std::string_view();
}

bool read_host(const Fields& fields, RequestHead* head, Refusal* refusal) {
  if (fields.host.count > 1) return refuse(refusal, 400, "Host is there twice");
  if (fields.host.count == 0) {
    if (head->minor == 1) return refuse(refusal, 400, "there is no Host");
    return true;
  }
  if (!fields.host.value.empty() && !is_authority(fields.host.value))
    return refuse(refusal, 400, "Host is not valid");
  if (head->authority.empty()) head->authority = fields.host.value;
  return true;
}

bool read_expect(const Fields& fields, RequestHead* head, Refusal* refusal) {
  head->expect_continue = false;
  if (fields.expect.count == 0 || head->minor == 0) return true;
  if (fields.expect.count > 1 || !same_name(fields.expect.value, "100-continue"))
    return refuse(refusal, 417, "the expectation is not known here");
  head->expect_continue = head->framing != Framing::none;
  return true;
}

}  // namespace

bool read_request_fields(RequestHead* head, Refusal* refusal) {
  const Fields fields(head->headers);
  if (!read_framing(fields, head, 400, 501, refusal)) return false;
  if (head->framing != Framing::none && head->is_connect())
    return refuse(refusal, 400, "CONNECT has a body");
  read_connection(fields, head);
  return read_host(fields, head, refusal) && read_expect(fields, head, refusal);
}

bool read_response_fields(ResponseHead* head, Refusal* refusal) {
  const Fields fields(head->headers);
  if (!read_framing(fields, head, 502, 502, refusal)) return false;
  read_connection(fields, head);
  if (has_no_body(head->status)) {
    head->framing = Framing::none;
  } else if (head->framing == Framing::none && fields.content_length.count == 0) {
    head->framing = Framing::until_close;
  }
  return true;
}

bool has_no_body(int status) {
  return status < 200 || status == 204 || status == 304;
}

bool is_framing_field(std::string_view name) {
  for (const std::string_view field : {"content-length", "transfer-encoding", "host"})
    if (same_name(name, field)) return true;
  return false;
}

bool may_be_trailer(std::string_view name) {
  if (is_framing_field(name)) return false;
  for (const std::string_view barred :
       {"connection", "trailer", "te", "upgrade", "expect", "content-encoding", "content-type",
        "content-range", "authorization", "set-cookie", "cache-control"})
    if (same_name(name, barred)) return false;
  return true;
}

bool parse_content_length(std::string_view text, std::uint64_t* value) {
  // 19 digits always fit.
  if (text.empty() || text.size() > 19) return false;
  std::uint64_t sum = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    sum = sum * 10 + static_cast<std::uint64_t>(c - '0');
  }
  *value = sum;
  return true;
}

}  // namespace virgo::http
