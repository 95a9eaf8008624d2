// Messages as bytes, at the end of a buffer: what the sessions and Lua's http-codec
// write with. Each function checks all it is given first and on failure
// (Errc::invalid) appends nothing: what could end a line early (CR, LF, NUL, other
// control characters) never gets into a message.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/headers.hpp"

namespace virgo::http {

// "Not Found" of 404; "Unknown" of a code without a name.
std::string_view reason_phrase(int status);

// "HTTP/1.1 200 OK\r\n". Status 100 to 999; an empty reason means reason_phrase().
Result<void> append_status_line(std::string& out, int minor, int status, std::string_view reason);
// "GET /x HTTP/1.1\r\n". The method is any token.
Result<void> append_request_line(std::string& out, std::string_view method, std::string_view target,
                                 int minor);
// "Name: value\r\n" each, without the blank line after them.
Result<void> append_headers(std::string& out, std::span<const Header> headers);

// Nothing of no bytes, since that would end the body.
void append_chunk(std::string& out, std::string_view bytes);
// The last chunk, the trailers and the blank line. Framing fields, Host and what else may
// not be a trailer is refused.
Result<void> append_last_chunk(std::string& out, std::span<const Header> trailers = {});

// "name: value\r\n" without a check.
void append_header(std::string& out, std::string_view name, std::string_view value);
void append_decimal(std::string& out, std::uint64_t value);

// The sentence for what is wrong with a header field, naming it.
Result<void> check_header(const Header& header);

}  // namespace virgo::http
