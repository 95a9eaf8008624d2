// The product's version. Not the version of any interface.
#pragma once

namespace virgo {

extern const char* const kVersion;  // "0.1.0"

}  // namespace virgo
