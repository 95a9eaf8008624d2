// Reports and gaps as the JSON that endpoints receive (host/docs/protocol.md,
// "batch.post"). Functions without state.
#pragma once

#include <string>

#include "metric/report.hpp"

namespace virgo::deliver {

// The largest encoded report; a batch of one must fit into a frame.
inline constexpr std::size_t kMaxRecord = 768 * 1024;

// An object's members without the braces, "seq" left out: the queue puts it in.
// A report beyond kMaxRecord is replaced by one without samples, of status
// `limit`, that says so.
std::string encode(const metric::Report& report);
std::string encode(const metric::Gap& gap);

}  // namespace virgo::deliver
