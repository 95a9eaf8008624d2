// The ABI's status codes in the host's terms. Any thread.
#pragma once

#include <string>

#include "metric/report.hpp"
#include "virgo/plugin.h"

namespace virgo::native {

// What a run that ended with `status` is reported as. Unknown codes follow the
// ABI's rule: below zero failed, above zero ok.
metric::Status to_metric(virgo_status status);

// "-3 (unsupported)", for sentences.
std::string status_text(virgo_status status);

}  // namespace virgo::native
