// A terminal that was taken over, raw mode and the rest, is given back however the
// process ends. Process-wide; loop thread, where nothing else is said.
#pragma once

#include <string_view>

namespace virgo::uv {

// From now on the end of the process, by exit() or by SIGHUP, SIGINT, SIGQUIT or
// SIGTERM unless somebody else handles them, restores the terminal first: its mode,
// and `farewell` (at most 63 bytes; "" = nothing) is written to `fd`.
void guard_terminal(int fd, std::string_view farewell);

// What the guard does. Async-signal-safe; nothing if no terminal was taken over.
void restore_terminal();

}  // namespace virgo::uv
