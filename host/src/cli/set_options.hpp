// The parameters of a check from the command line: --set KEY=VALUE. VALUE is what
// one would write behind "KEY: " in the configuration, ${...} included.
#pragma once

#include <string>
#include <vector>

#include "config/node.hpp"
#include "config/specs.hpp"

namespace virgo::cli {

// A map of `sets`, each "KEY=VALUE". Its nodes have no positions. The error is a
// sentence that begins with the option.
Result<config::Node> params_of(const std::vector<std::string>& sets);

// The CheckSpec::path for such parameters, and a problem of such a check as a
// sentence: "--set path: must be an absolute path".
inline constexpr const char* kSetPath = "--set";
std::string set_problem(const config::Problem& problem);

}  // namespace virgo::cli
