// What a running agent says on its control socket, for a person to read.
#pragma once

#include <string>

#include "json/value.hpp"

namespace virgo::cli {

// Of the result of the request "status".
std::string status_page(const json::Value& result);
// Of the result of "checks": a table, and below it why checks are not ok.
std::string checks_page(const json::Value& result);
// The same for one check, all there is.
std::string check_page(const json::Value& result);

}  // namespace virgo::cli
