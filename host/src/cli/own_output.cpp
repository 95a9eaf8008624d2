#include "cli/own_output.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace virgo::cli {

OwnOutput::OwnOutput() {
  std::fflush(stdout);
  out_ = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  dup2(STDERR_FILENO, STDOUT_FILENO);
}

OwnOutput::~OwnOutput() {
  std::fflush(stdout);
  if (out_ < 0) return;
  dup2(out_, STDOUT_FILENO);
  close(out_);
}

bool OwnOutput::write(std::string_view text) const {
  while (!text.empty()) {
    const ssize_t n = ::write(out_, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace virgo::cli
