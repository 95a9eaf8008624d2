// Text formatting: {fmt}'s core under our own name. `format("{} of {}", a, b)`.
#pragma once

#include <fmt/core.h>

namespace virgo {

using fmt::format;
using fmt::format_string;

}  // namespace virgo
