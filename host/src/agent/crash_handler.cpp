// Everything here that the handler calls may be called in a signal handler: no
// memory is allocated, no lock is taken, no stdio is used.
#include "agent/crash_handler.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <ucontext.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <ctime>
#include <string_view>

#include "agent/crash_line.hpp"
#include "native/call_note.hpp"

namespace virgo::agent {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kWanted = false;
#else
constexpr bool kWanted = true;
#endif

constexpr std::array kSignals{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

std::atomic<int> record_file{-1};
std::atomic<bool> crashing{false};

std::string_view name_of(int number) {
  switch (number) {
    case SIGSEGV:
      return "SIGSEGV";
    case SIGBUS:
      return "SIGBUS";
    case SIGILL:
      return "SIGILL";
    case SIGFPE:
      return "SIGFPE";
    default:
      return "SIGABRT";
  }
}

const void* instruction(const void* context) {
  const auto* c = static_cast<const ucontext_t*>(context);
#if defined(__x86_64__)
  return reinterpret_cast<const void*>(c->uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return reinterpret_cast<const void*>(c->uc_mcontext.pc);
#else
  static_cast<void>(c);
  return nullptr;
#endif
}

// What the crash is about.
struct Scene {
  int signal = 0;
  bool fault = false;  // an instruction did it; else somebody sent the signal
  pid_t sender = 0;    // who, if it was another process
  const void* address = nullptr;
  const native::CallNote* call = nullptr;
  const native::CodeMark* plugin = nullptr;  // null: none
};

Scene look(int number, const siginfo_t& info, const void* context) {
  Scene s;
  s.signal = number;
  s.fault = info.si_code > 0;
  if (s.fault) s.address = info.si_addr;
  // A signal from outside is nobody's fault in here.
  if (!s.fault && info.si_pid != getpid()) {
    s.sender = info.si_pid;
    return s;
  }
  s.call = native::current_call();
  s.plugin = s.call != nullptr ? s.call->mark : native::mark_at(instruction(context));
  return s;
}

void say(const Scene& s) {
  CrashLine line;
  line << "virgo: crashed (" << name_of(s.signal);
  if (s.fault) (line << " at ").address(s.address);
  if (s.sender != 0) line << ", sent by process " << std::int64_t{s.sender};
  line << ")";
  if (s.plugin == nullptr) {
    if (s.sender == 0) line << " in the agent itself, not in a plugin";
    return line.write_to(STDERR_FILENO);
  }
  const bool named = !s.plugin->module.empty();
  line << " in " << (named ? "module " : "the plugin ");
  line.field(s.plugin->module) << (named ? " (" : "");
  line.field(s.plugin->file) << (named ? ")" : "");
  if (s.call != nullptr) {
    if (s.call->check[0] != '\0') (line << ", check '").field(s.call->check.data()) << "'";
    line << ", " << s.call->function << "()";
  }
  line.write_to(STDERR_FILENO);
}

// So that nobody who rewrites the file loses our line. Whoever holds the lock needs
// it briefly; after a second the line is written all the same.
void lock_shortly(int fd) {
  for (int tries = 0; tries < 100 && flock(fd, LOCK_EX | LOCK_NB) != 0; ++tries)
    poll(nullptr, 0, 10);
}

void record(const Scene& s, int fd) {
  if (s.plugin == nullptr || fd < 0) return;
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  CrashLine line;
  line << std::int64_t{now.tv_sec} << "\t" << std::int64_t{s.signal} << "\t";
  line.field(s.plugin->identity) << "\t";
  line.field(s.plugin->module) << "\t";
  if (s.call != nullptr)
    line.field(s.call->check.data()) << "\t" << s.call->function;
  else
    line << "\t";
  line << "\t";
  line.field(s.plugin->file);
  lock_shortly(fd);
  line.write_to(fd);
  flock(fd, LOCK_UN);  // the core file may take its time
}

void handle(int number, siginfo_t* info, void* context) noexcept {
  if (crashing.exchange(true)) {
    // Another thread was first; it ends the process.
    for (;;) pause();
  }
  const Scene scene = look(number, *info, context);
  say(scene);
  record(scene, record_file.load());
  // All of them: abort() would find SIGABRT handled once more.
  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  for (const int each : kSignals) sigaction(each, &usual, nullptr);
  // An instruction that failed fails again when it is tried again.
  if (!scene.fault) raise(number);
}

}  // namespace

void install_crash_handler(int record_fd) {
  record_file = record_fd;
  if (!kWanted) return;
  struct sigaction action {};
  action.sa_sigaction = handle;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigfillset(&action.sa_mask);
  for (const int each : kSignals) sigaction(each, &action, nullptr);
}

}  // namespace virgo::agent
