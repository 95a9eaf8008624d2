// What the budget costs: the watchdog, and line mode, in which compiled loops can be stopped.
#pragma once

namespace virgo::bench {

// Prints it for single calls into Lua and for runs of shipped checks, as medians of `rounds`.
void print_cost_of_budget(int rounds);

}  // namespace virgo::bench
