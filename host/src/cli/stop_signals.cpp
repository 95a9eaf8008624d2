#include "cli/stop_signals.hpp"

#include <unistd.h>

#include <csignal>

#include "cli/cli.hpp"
#include "uv/process_spawn.hpp"

namespace virgo::cli {

void leave_at_once(int code) {
  uv::end_children();
  _exit(code);
}

StopSignals::StopSignals(uv::Loop& loop)
    : interrupt_(loop, SIGINT, [this] { received(); }),
      terminate_(loop, SIGTERM, [this] { received(); }) {}

void StopSignals::received() {
  if (asked_) leave_at_once(kFailed);
  asked_ = true;
  if (first_) first_();
}

}  // namespace virgo::cli
