// posix_spawn(), not fork(): nothing of ours runs in the child before exec, so it
// does not matter which locks other threads held.
#include "base/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/file.hpp"
#include "base/format.hpp"

namespace virgo {
namespace {

// How often the child is asked whether it has ended, on systems that cannot tell.
constexpr int kPollMs = 10;

// Read at one go: more than a pipe holds, but not all that a child can write
// while we read, or it would keep us from looking at the time.
constexpr int kChunks = 16;

// Moves a descriptor out of the way of the child's 0, 1 and 2.
int above_standard(int fd) {
  const int moved = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  close(fd);
  return moved;
}

// One stream of the child: its end here, and what came out of it.
class Stream {
 public:
  Stream(int out, std::string& text, std::size_t max) : out_(out), text_(text), max_(max) {
    fcntl(out_, F_SETFL, O_NONBLOCK);
  }
  ~Stream() { finish(); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  pollfd wanted() const { return {out_, POLLIN, 0}; }
  // Reads what is there.
  void drain() {
    std::array<char, 16 * 1024> buffer;
    for (int i = 0; i < kChunks && out_ >= 0; ++i) {
      const ssize_t n = read(out_, buffer.data(), buffer.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && errno == EAGAIN) return;
      if (n <= 0) return finish();
      text_.append(buffer.data(), std::min(static_cast<std::size_t>(n), max_ - text_.size()));
    }
  }

 private:
  void finish() {
    if (out_ >= 0) close(out_);
    out_ = -1;
  }
  int out_;
  std::string& text_;
  const std::size_t max_;
};

struct Pipe {
  int out = -1;
  int in = -1;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return system_error(errno).context("pipe");
  const Pipe made{above_standard(ends[0]), above_standard(ends[1])};
  if (made.out >= 0 && made.in >= 0) return made;
  const Error error = system_error(errno).context("pipe");
  if (made.out >= 0) close(made.out);
  if (made.in >= 0) close(made.in);
  return error;
}

Result<pid_t> spawn(const std::vector<std::string>& argv, int out, int err) {
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);

  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, out, 1);
  posix_spawn_file_actions_adddup2(&files, err, 2);
  posix_spawn_file_actions_addclosefrom_np(&files, 3);
  posix_spawnattr_t how;
  posix_spawnattr_init(&how);
  sigset_t signals;
  sigfillset(&signals);
  posix_spawnattr_setsigdefault(&how, &signals);
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&how, &signals);
  posix_spawnattr_setpgroup(&how, 0);
  posix_spawnattr_setflags(&how,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  pid_t pid = -1;
  const int error = posix_spawnp(&pid, words[0], &files, &how, words.data(), environ);
  posix_spawnattr_destroy(&how);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) return system_error(error).context(argv[0]);
  return pid;
}

bool has_ended(pid_t pid) {
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == pid;
}

// Milliseconds until `deadline` for poll(), rounded up; 0 = over.
int until(TimePoint deadline) {
  const Duration left = deadline - system_clock().now();
  if (left <= Duration(0)) return 0;
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  return static_cast<int>(std::min<std::int64_t>(ms, 1'000'000));
}

// Until the child has ended (true) or time is over.
bool watch(pid_t pid, TimePoint deadline, Stream& out, Stream& err) {
  const Descriptor end(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  for (;;) {
    const bool ended = has_ended(pid);
    out.drain();
    err.drain();
    if (ended) return true;
    const int left = until(deadline);
    if (left == 0) return false;
    std::array<pollfd, 3> wanted{out.wanted(), err.wanted(), pollfd{end.get(), POLLIN, 0}};
    poll(wanted.data(), wanted.size(), end ? left : std::min(left, kPollMs));
  }
}

int reap(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace

Result<ChildResult> run_child(const std::vector<std::string>& argv, Duration timeout,
                              ChildLimits limits) {
  if (argv.empty()) return Error{Errc::invalid, "no program to run"};
  ChildResult result;
  auto out_pipe = make_pipe();
  if (!out_pipe) return out_pipe.error();
  Stream out(out_pipe->out, result.out, limits.output);
  auto err_pipe = make_pipe();
  if (!err_pipe) {
    close(out_pipe->in);
    return err_pipe.error();
  }
  Stream err(err_pipe->out, result.err, limits.output);

  const TimePoint deadline = system_clock().now() + timeout;
  const auto pid = spawn(argv, out_pipe->in, err_pipe->in);
  close(out_pipe->in);
  close(err_pipe->in);
  if (!pid) return pid.error();

  result.timed_out = !watch(*pid, deadline, out, err);
  // Before the child is reaped: until then nobody else can have its group's number.
  kill(-*pid, SIGKILL);
  kill(*pid, SIGKILL);  // it may have moved to another group
  const int status = reap(*pid);
  out.drain();
  err.drain();
  if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
  return result;
}

std::string own_program() {
  std::array<char, 4096> buffer{};
  const ssize_t n = readlink("/proc/self/exe", buffer.data(), buffer.size() - 1);
  return n > 0 ? std::string(buffer.data(), static_cast<std::size_t>(n)) : "";
}

std::string signal_name(int number) {
  const char* name = sigabbrev_np(number);
  return name != nullptr ? format("SIG{}", name) : format("signal {}", number);
}

}  // namespace virgo
