#include "uv/terminal.hpp"

#include <signal.h>
#include <unistd.h>
#include <uv.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace virgo::uv {
namespace {

// Read by signal handlers: the length is 0 while the rest is written.
struct Farewell {
  volatile sig_atomic_t size = 0;
  int fd = -1;
  char text[64] = "";
};
Farewell g_farewell;
bool g_guarded = false;

extern "C" void restore_and_die(int number) {
  restore_terminal();
  signal(number, SIG_DFL);
  raise(number);
}

void guard_signals() {
  for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM}) {
    struct sigaction now {};
    sigaction(number, nullptr, &now);
    if (now.sa_handler != SIG_DFL) continue;
    now = {};
    now.sa_handler = restore_and_die;
    sigaction(number, &now, nullptr);
  }
}

}  // namespace

void guard_terminal(int fd, std::string_view farewell) {
  g_farewell.size = 0;
  if (farewell.size() >= sizeof g_farewell.text) farewell = {};
  g_farewell.fd = fd;
  std::memcpy(g_farewell.text, farewell.data(), farewell.size());
  g_farewell.size = static_cast<sig_atomic_t>(farewell.size());
  if (!farewell.empty()) guard_signals();
  if (g_guarded) return;
  g_guarded = true;
  (void)std::atexit(restore_terminal);
}

void restore_terminal() {
  const int saved = errno;
  const auto size = static_cast<std::size_t>(g_farewell.size);
  g_farewell.size = 0;
  if (size > 0 && write(g_farewell.fd, g_farewell.text, size) < 0) {
    // Nobody is left to tell.
  }
  uv_tty_reset_mode();
  errno = saved;
}

}  // namespace virgo::uv
