// Alert rules held against what a check type declares.
#pragma once

#include "check/check.hpp"

namespace virgo::check {

// Metrics that runs of `type` cannot report, and comparisons that can never hold, are
// appended to `problems`, with their positions. Of a type that may report metrics it did
// not declare, a name that looks like a typing error is logged only. False if anything
// was appended.
bool validate_alerts(const CheckType& type, const config::CheckSpec& spec,
                     config::Problems& problems);

}  // namespace virgo::check
