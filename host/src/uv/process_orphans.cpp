#include "uv/process_orphans.hpp"

#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/file.hpp"
#include "base/format.hpp"
#include "uv/process_spawn.hpp"

namespace virgo::uv {
namespace {

constexpr Duration kGather = std::chrono::milliseconds(50);

struct Stat {
  char state = '?';
  pid_t parent = 0;
  pid_t session = 0;
};

Stat stat_of(pid_t pid) {
  Stat out;
  std::array<char, 512> text{};
  const Descriptor file = open_to_read(format("/proc/{}/stat", pid));
  const ssize_t n = file ? read(file.get(), text.data(), text.size() - 1) : 0;
  // The name, in parentheses, may have anything in it; then " Z PARENT GROUP SESSION".
  const char* after = n > 0 ? std::strrchr(text.data(), ')') : nullptr;
  if (after == nullptr || std::strlen(after) < 4) return out;
  char* at = nullptr;
  out.state = after[2];
  out.parent = static_cast<pid_t>(std::strtol(after + 3, &at, 10));
  std::strtol(at, &at, 10);
  out.session = static_cast<pid_t>(std::strtol(at, &at, 10));
  return out;
}

bool is_orphan(pid_t pid) {
  const Stat stat = stat_of(pid);
  // In this order: when nothing is being started now, who was a zombie before and is one of
  // ours is in the list.
  return stat.state == 'Z' && stat.parent == getpid() && stat.session != getsid(0) &&
         !spawn_in_progress() && !is_live_child(pid);
}

}  // namespace

OrphanReaper::OrphanReaper(Loop& loop)
    : timer_(loop, [this] { look(); }), child_ended_(loop, SIGCHLD, [this] {
        if (!timer_.active()) timer_.start(kGather);
      }) {
  timer_.unref();
}

void OrphanReaper::look() {
  reap();
  if (spawn_in_progress()) timer_.start(kGather);
}

std::size_t OrphanReaper::reap() {
  std::size_t reaped = 0;
  const std::unique_ptr<DIR, int (*)(DIR*)> proc(opendir("/proc"), closedir);
  while (const dirent* entry = proc ? readdir(proc.get()) : nullptr) {
    const pid_t pid = static_cast<pid_t>(std::strtol(entry->d_name, nullptr, 10));
    if (pid > 1 && is_orphan(pid) && waitpid(pid, nullptr, WNOHANG) == pid) ++reaped;
  }
  return reaped;
}

}  // namespace virgo::uv
