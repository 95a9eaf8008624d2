// Base64 (RFC 4648, section 4), with padding.
#pragma once

#include <string>
#include <string_view>

namespace virgo {

std::string base64(std::string_view bytes);

// The four characters for the first one to three bytes of `bytes`. Needs no memory.
void base64_group(std::string_view bytes, char* out);

}  // namespace virgo
