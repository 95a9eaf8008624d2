// std::string_view::substr() throws std::out_of_range, and so brings libstdc++ into a
// plugin that has no other use for it: two megabytes of address space and 200 KiB of
// memory for the agent. Plugins are compiled without exceptions anyway; a position beyond
// the text is a bug, and ends the process as one, where the crash handler names the
// plugin.
#include <stdlib.h>

namespace std {

// libstdc++'s own name for it, declared in <bits/functexcept.h>.
[[noreturn, gnu::visibility("hidden")]] void __throw_out_of_range_fmt(const char*, ...) {  // NOLINT
  abort();
}

}  // namespace std
