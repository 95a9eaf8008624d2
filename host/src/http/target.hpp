// Request targets and authorities (RFC 9112, section 3.2). Internal to http/.
#pragma once

#include <string_view>

#include "http/limits.hpp"
#include "http/message.hpp"

namespace virgo::http {

// Host with an optional port: "a.example", "127.0.0.1:80", "[::1]:8080". No user name.
bool is_authority(std::string_view text);

// Fills head->path and head->authority (which stays "" where the target has none) from
// method and target, whose bytes are is_target().
bool read_target(RequestHead* head, Refusal* refusal);

}  // namespace virgo::http
