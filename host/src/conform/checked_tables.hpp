// The tables a plugin under test is handed: the agent's own functions, which do the
// work, with Recorder looking on; each in guarded memory, and cut to what an agent
// of some release had.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "virgo/ext/loop.h"
#include "virgo/plugin.h"

namespace virgo::conform {

// What an agent of one released ABI minor offered.
struct Release {
  const char* name;    // "1.0"
  std::size_t host;    // bytes of virgo_host
  std::size_t config;  // of virgo_config_api
  std::size_t run;     // of virgo_run_api
  std::size_t loop;    // of virgo_loop; 0 = no such extension
  std::uint16_t minor;
};

// Oldest first; the last is today's. A line is added with each release, and none is
// ever changed.
std::span<const Release> releases();

// The table for one module, made from the agent's `table`. Without `extensions`
// get_extension() answers NULL.
const virgo_host* checked_table(const virgo_host* table, const Release& release, bool extensions);

}  // namespace virgo::conform
