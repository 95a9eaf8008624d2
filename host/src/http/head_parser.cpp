#include "http/head_parser.hpp"

#include <llhttp.h>

#include "http/framing.hpp"
#include "http/target.hpp"

namespace virgo::http {
namespace {

// What llhttp says of one head.
struct Tokens {
  HeaderList& headers;
  std::size_t max_headers;
  std::string_view start;  // target of a request, reason of a response
  Refusal refusal;
  bool refused = false;
  bool complete = false;

  int refuse(int status, const char* why, bool limit = false) {
    refusal = {status, limit, why};
    refused = true;
    return HPE_USER;
  }
};

Tokens& tokens_of(llhttp_t* parser) {
  return *static_cast<Tokens*>(parser->data);
}

// llhttp may give one token in several pieces; the text being whole, they lie next to
// each other.
bool extend(std::string_view& token, const char* at, std::size_t length) {
  if (token.data() == nullptr || token.data() + token.size() != at) return false;
  token = {token.data(), token.size() + length};
  return true;
}

int on_start(llhttp_t* parser, const char* at, std::size_t length) {
  Tokens& tokens = tokens_of(parser);
  if (!extend(tokens.start, at, length)) tokens.start = {at, length};
  return 0;
}

int on_field(llhttp_t* parser, const char* at, std::size_t length) {
  Tokens& tokens = tokens_of(parser);
  if (!tokens.headers.empty() && extend(tokens.headers.back().name, at, length)) return 0;
  if (tokens.headers.size() >= tokens.max_headers)
    return tokens.refuse(431, "there are too many header fields", true);
  tokens.headers.add({at, length}, {});
  return 0;
}

int on_value(llhttp_t* parser, const char* at, std::size_t length) {
  Header& header = tokens_of(parser).headers.back();
  if (!extend(header.value, at, length)) header.value = {at, length};
  return 0;
}

int on_complete(llhttp_t* parser) {
  tokens_of(parser).complete = true;
  return 2;  // stop here: what the body is, framing.cpp decides
}

const llhttp_settings_t& settings() {
  static const llhttp_settings_t table = [] {
    llhttp_settings_t t;
    llhttp_settings_init(&t);
    t.on_url = on_start;
    t.on_status = on_start;
    t.on_header_field = on_field;
    t.on_header_value = on_value;
    t.on_headers_complete = on_complete;
    return t;
  }();
  return table;
}

const char* why(llhttp_errno_t error) {
  switch (error) {
    case HPE_INVALID_METHOD:
      return "the request line has no method";
    case HPE_INVALID_URL:
      return "the request target is not valid";
    case HPE_INVALID_VERSION:
    case HPE_INVALID_CONSTANT:
      return "the start line has no valid HTTP version";
    case HPE_INVALID_STATUS:
      return "the status code is not valid";
    case HPE_INVALID_HEADER_TOKEN:
      return "a header field is not valid";
    case HPE_INVALID_CONTENT_LENGTH:
      return "Content-Length is not a number in range";
    case HPE_UNEXPECTED_CONTENT_LENGTH:
      return "Content-Length is there twice, or together with Transfer-Encoding";
    case HPE_INVALID_TRANSFER_ENCODING:
      return "Transfer-Encoding is not valid";
    default:
      return "the head is not valid";
  }
}

bool refuse(Refusal* refusal, int status, const char* why) {
  *refusal = {status, false, why};
  return false;
}

// The head of `type` as tokens; `bad` is the status of whatever is not valid.
bool tokenize(llhttp_t* parser, llhttp_type_t type, std::string_view text, Tokens& tokens, int bad,
              Refusal* refusal) {
  llhttp_init(parser, type, &settings());
  parser->data = &tokens;
  const llhttp_errno_t error = llhttp_execute(parser, text.data(), text.size());
  if (tokens.complete) return true;
  if (tokens.refused) {
    *refusal = tokens.refusal;
  } else {
    *refusal = {bad, false, why(error)};
  }
  return false;
}

// llhttp passes over some of what may not stand there: bytes that are no token before
// the colon, and control characters in values.
bool check_fields(const HeaderList& headers, int bad, Refusal* refusal) {
  for (const Header& header : headers) {
    if (!is_token(header.name) || header.name.data()[header.name.size()] != ':')
      return refuse(refusal, bad, "the name of a header field is not valid");
    if (!is_field_value(header.value))
      return refuse(refusal, bad, "a header field has a control character in it");
  }
  return true;
}

void trim_values(HeaderList& headers) {
  for (std::size_t i = 0; i < headers.size(); ++i)
    headers.at(i).value = trim_blanks(headers[i].value);
}

// "HTTP/d.d"
bool is_version(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return text.size() == 8 && text.starts_with("HTTP/") && digit(text[5]) && text[6] == '.' &&
         digit(text[7]);
}

bool is_spoken(std::string_view version) {
  return version == "HTTP/1.1" || version == "HTTP/1.0";
}

// "METHOD target HTTP/1.x", one space between each: what llhttp would shrug off is
// refused with the status that names the reason.
bool read_request_line(std::string_view line, const Limits& limits, RequestHead* head,
                       Refusal* refusal) {
  const std::size_t method_end = line.find(' ');
  const std::size_t target_end = line.rfind(' ');
  if (method_end == std::string_view::npos || method_end == target_end)
    return refuse(refusal, 400, "the request line does not have three parts");
  head->method = line.substr(0, method_end);
  head->target = line.substr(method_end + 1, target_end - method_end - 1);
  const std::string_view version = line.substr(target_end + 1);
  if (!is_token(head->method)) return refuse(refusal, 400, why(HPE_INVALID_METHOD));
  if (!is_version(version)) return refuse(refusal, 400, why(HPE_INVALID_VERSION));
  if (!is_spoken(version)) return refuse(refusal, 505, "this version of HTTP is not spoken here");
  if (head->target.size() > limits.max_target) {
    *refusal = {414, true, "the request target is too long"};
    return false;
  }
  if (!is_target(head->target)) return refuse(refusal, 400, why(HPE_INVALID_URL));
  head->minor = version.back() - '0';
  return true;
}

// "HTTP/1.x NNN reason"; the space before an empty reason may be missing.
bool read_status_line(std::string_view line, ResponseHead* head, Refusal* refusal) {
  const std::string_view version = line.substr(0, line.find(' '));
  if (!is_version(version)) return refuse(refusal, 502, why(HPE_INVALID_VERSION));
  if (!is_spoken(version)) return refuse(refusal, 502, "this version of HTTP is not spoken here");
  const std::string_view rest = line.substr(version.size());
  const auto digit = [&](std::size_t i) { return rest[i] >= '0' && rest[i] <= '9'; };
  if (rest.size() < 4 || !digit(1) || !digit(2) || !digit(3) || rest[1] < '1' || rest[1] > '5' ||
      (rest.size() > 4 && rest[4] != ' '))
    return refuse(refusal, 502, why(HPE_INVALID_STATUS));
  head->minor = version.back() - '0';
  head->status = (rest[1] - '0') * 100 + (rest[2] - '0') * 10 + (rest[3] - '0');
  head->reason = rest.size() > 5 ? rest.substr(5) : std::string_view();
  if (!is_field_value(head->reason))
    return refuse(refusal, 502, "the reason has a control character in it");
  return true;
}

std::string_view first_line(std::string_view text) {
  return text.substr(0, text.find('\r'));
}

}  // namespace

bool parse_request_head(std::string_view text, const Limits& limits, RequestHead* head,
                        Refusal* refusal) {
  head->headers.clear();
  if (!read_request_line(first_line(text), limits, head, refusal)) return false;
  Tokens tokens{head->headers, limits.max_headers, {}, {}};
  llhttp_t parser;
  if (!tokenize(&parser, HTTP_REQUEST, text, tokens, 400, refusal)) {
    const llhttp_errno_t error = llhttp_get_errno(&parser);
    // Our own look at the line has passed method and version already.
    if (error == HPE_INVALID_METHOD || error == HPE_INVALID_CONSTANT ||
        error == HPE_INVALID_VERSION)
      return refuse(refusal, 501, "this method is not known here");
    return false;
  }
  if (tokens.start != head->target || parser.http_minor != head->minor)
    return refuse(refusal, 400, "the request line can be read in two ways");
  if (!check_fields(head->headers, 400, refusal)) return false;
  trim_values(head->headers);
  return read_target(head, refusal) && read_request_fields(head, refusal);
}

bool parse_response_head(std::string_view text, const Limits& limits, ResponseHead* head,
                         Refusal* refusal) {
  head->headers.clear();
  if (!read_status_line(first_line(text), head, refusal)) return false;
  Tokens tokens{head->headers, limits.max_headers, {}, {}};
  llhttp_t parser;
  if (!tokenize(&parser, HTTP_RESPONSE, text, tokens, 502, refusal)) return false;
  if (parser.status_code != head->status || parser.http_minor != head->minor)
    return refuse(refusal, 502, "the status line can be read in two ways");
  if (!check_fields(head->headers, 502, refusal)) return false;
  trim_values(head->headers);
  return read_response_fields(head, refusal);
}

bool parse_trailers(std::string_view text, const Limits& limits, HeaderList* trailers,
                    Refusal* refusal) {
  trailers->clear();
  while (text.size() > 2) {
    const std::string_view line = first_line(text);
    text.remove_prefix(line.size() + 2);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
      return refuse(refusal, 400, "the name of a trailer field is not valid");
    const Header trailer{line.substr(0, colon), trim_blanks(line.substr(colon + 1))};
    if (!is_field_value(trailer.value))
      return refuse(refusal, 400, "a trailer field has a control character in it");
    if (is_framing_field(trailer.name))
      return refuse(refusal, 400, "a field is a trailer that may not be one");
    if (trailers->size() >= limits.max_headers) {
      *refusal = {431, true, "there are too many trailer fields"};
      return false;
    }
    trailers->add(trailer.name, trailer.value);
  }
  return true;
}

}  // namespace virgo::http
