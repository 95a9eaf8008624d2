#include "conform/process_state.hpp"

#include <dirent.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <clocale>
#include <csignal>
#include <cstring>
#include <optional>
#include <thread>

#include "base/child_process.hpp"
#include "base/format.hpp"
#include "base/text.hpp"

// Where a sanitizer has its own allocator, malloc's figures stand still.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" __attribute__((weak)) std::size_t __sanitizer_get_current_allocated_bytes();

namespace virgo::conform {
namespace {

std::atomic<unsigned> forks = 0;

std::string working_directory() {
  char path[4096];
  return getcwd(path, sizeof path) == nullptr ? std::strerror(errno) : std::string(path);
}

std::string file_mode_mask() {
  const mode_t mask = umask(0);
  umask(mask);
  return format("{:04o}", mask);
}

std::string environment() {
  std::string out;
  for (char** e = environ; e != nullptr && *e != nullptr; ++e) out += std::string(*e) + '\n';
  return out;
}

std::string handler_of(int signal) {
  struct sigaction action {};
  if (sigaction(signal, nullptr, &action) != 0) return "none";
  return format("{} flags {:x}",
                (action.sa_flags & SA_SIGINFO) != 0 ? reinterpret_cast<void*>(action.sa_sigaction)
                                                    : reinterpret_cast<void*>(action.sa_handler),
                static_cast<unsigned>(action.sa_flags));
}

std::string blocked_signals() {
  sigset_t set;
  pthread_sigmask(SIG_SETMASK, nullptr, &set);
  std::string out;
  for (int s = 1; s < NSIG; ++s) out += sigismember(&set, s) == 1 ? '1' : '0';
  return out;
}

// Processes that were started and have ended leave their resource usage with us; those
// that run on, themselves.
std::string children() {
  rusage used{};
  getrusage(RUSAGE_CHILDREN, &used);
  const bool some = waitpid(-1, nullptr, WNOHANG | WNOWAIT) >= 0 || errno != ECHILD;
  return format("{} forked, {} page faults of ended ones, {}", forks.load(),
                used.ru_minflt + used.ru_majflt, some ? "some left" : "none left");
}

std::string resource_limits() {
  std::string out;
  for (int resource = 0; resource < RLIMIT_NLIMITS; ++resource) {
    rlimit limit{};
    getrlimit(static_cast<__rlimit_resource>(resource), &limit);
    out += format("{}:{} ", limit.rlim_cur, limit.rlim_max);
  }
  return out;
}

// A folder of /proc/self that stays open.
class CountedFolder {
 public:
  explicit CountedFolder(const char* path) : path_(path) {}
  // Empty when it cannot be read.
  std::optional<std::size_t> entries() {
    if (dir_ == nullptr) dir_ = opendir(path_);
    if (dir_ == nullptr) return {};
    rewinddir(dir_);
    std::size_t n = 0;
    errno = 0;
    while (const dirent* entry = readdir(dir_)) n += entry->d_name[0] != '.';
    if (errno != 0) return {};
    return n;
  }

 private:
  const char* path_;
  DIR* dir_ = nullptr;
};

}  // namespace

void ProcessState::watch_forks() {
  pthread_atfork([] { ++forks; }, nullptr, nullptr);
}

ProcessState ProcessState::now() {
  ProcessState out;
  out.facts_["the working directory"] = working_directory();
  out.facts_["the umask"] = file_mode_mask();
  out.facts_["the environment"] = environment();
  out.facts_["the locale"] = std::setlocale(LC_ALL, nullptr);
  out.facts_["the signal mask of the loop thread"] = blocked_signals();
  out.facts_["child processes"] = children();
  out.facts_["the resource limits"] = resource_limits();
  out.facts_["the user"] = format("{} {} {} {}", getuid(), geteuid(), getgid(), getegid());
  for (int s = 1; s < NSIG; ++s)
    out.facts_[format("the handler of {}", signal_name(s))] = handler_of(s);
  return out;
}

std::vector<std::string> ProcessState::changes_to(const ProcessState& after) const {
  std::vector<std::string> out;
  for (const auto& [what, before] : facts_) {
    const std::string& now = after.facts_.at(what);
    if (now == before) continue;
    // Long ones are named only.
    out.push_back(before.size() + now.size() > 200
                      ? format("{} changed", what)
                      : format("{} changed from {} to {}", what, printable(before, 100),
                               printable(now, 100)));
  }
  return out;
}

Holdings Holdings::now() {
  Holdings out;
  if (__sanitizer_get_current_allocated_bytes != nullptr) {
    out.memory = __sanitizer_get_current_allocated_bytes();
  } else {
    const struct mallinfo2 info = mallinfo2();
    out.memory = info.uordblks + info.hblkhd;
  }
  // Both open before either is counted.
  static CountedFolder files("/proc/self/fd");
  static CountedFolder threads("/proc/self/task");
  out.threads = threads.entries();
  out.files = files.entries();
  return out;
}

}  // namespace virgo::conform
