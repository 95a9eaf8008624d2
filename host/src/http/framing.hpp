// What the header fields of a message mean for the connection: where the body ends,
// whether the connection is kept, whether it changes its protocol. Internal to http/.
#pragma once

#include <string_view>

#include "http/limits.hpp"
#include "http/message.hpp"

namespace virgo::http {

// From head->headers and minor, and with requests method and target: fills the rest of
// the head. False and `refusal` if the fields contradict each other or the standard.
bool read_request_fields(RequestHead* head, Refusal* refusal);
bool read_response_fields(ResponseHead* head, Refusal* refusal);

// 1xx, 204 and 304: there is no body whatever the fields say.
bool has_no_body(int status);

// False of fields that decide on framing, routing or the connection, and of others the
// standard bars from the trailers of who follows it.
bool may_be_trailer(std::string_view name);
// True of the fields that somebody could take for those of the head, and so for where the
// message ends or goes: refused in received trailers.
bool is_framing_field(std::string_view name);

// Decimal digits only, and in range; false otherwise.
bool parse_content_length(std::string_view text, std::uint64_t* value);

}  // namespace virgo::http
