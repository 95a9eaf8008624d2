// What is wrong with a configuration, as one text.
#pragma once

#include <string>

#include "config/node.hpp"

namespace virgo::config {

// All of them on one line, separated by "; ".
std::string to_string(const Problems& problems);

}  // namespace virgo::config
