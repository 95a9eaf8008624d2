// A gathered head as tokens, by llhttp, held to what llhttp lets pass. Internal to
// http/.
#pragma once

#include <string_view>

#include "http/limits.hpp"
#include "http/message.hpp"

namespace virgo::http {

// `text` is a whole head with CR LF at each line's end and a blank line last, as
// HeadBuffer gives it. Fills all of `head`, whose views are into `text`; false and
// `refusal` if it is no valid request.
bool parse_request_head(std::string_view text, const Limits& limits, RequestHead* head,
                        Refusal* refusal);

// The same of a response. The framing is that of the response to a GET.
bool parse_response_head(std::string_view text, const Limits& limits, ResponseHead* head,
                         Refusal* refusal);

// A trailer section, with its blank line. Content-Length, Transfer-Encoding and Host are
// refused in it.
bool parse_trailers(std::string_view text, const Limits& limits, HeaderList* trailers,
                    Refusal* refusal);

}  // namespace virgo::http
