// Follows a page as its reader does: runs its commands, one by one, and holds what they
// print against what the page shows. Test thread only.
#pragma once

#include <string>

#include "sdk/installed.hpp"

namespace virgo::sdk_test {

// The page must have more than `least` steps. Each command must end with 0. Failures are
// those of the test that calls.
void follow(Installed& virgo, const std::string& page, std::size_t least,
            const Compilers& compilers);

}  // namespace virgo::sdk_test
