// Application-layer protocol negotiation (RFC 7301): the lists, and the server's
// choice. Internal to crypto/.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace virgo::crypto {

// Each name after a byte with its length. Fails with invalid for an empty name,
// one of more than 255 bytes, or more than 65535 in all.
Result<std::string> alpn_list(const std::vector<std::string>& names);

// The first of `ours` that is also in `theirs`, both in that form; a view into
// `theirs`. Empty if there is none, or `theirs` is damaged.
std::string_view choose_alpn(std::string_view ours, std::string_view theirs);

}  // namespace virgo::crypto
