#include "uv/process_spawn.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <mutex>
#include <set>
#include <string_view>
#include <thread>

#include "base/format.hpp"
#include "base/text.hpp"

namespace virgo::uv {
namespace {

constexpr const char* kShell = "/bin/sh";
constexpr auto kReapStep = std::chrono::milliseconds(1);
constexpr auto kReapPatience = std::chrono::seconds(1);
constexpr auto kEndPatience = std::chrono::milliseconds(500);

// Children belong to the process, as the table of their numbers does: so does this.
struct Live {
  std::mutex mutex;
  std::set<pid_t> children;
  int starting = 0;   // posix_spawn() calls: not under the lock, as they may hang
  bool over = false;  // no further ones
};

Live& live() {
  static Live* const all = new Live;  // other threads may use it when we leave
  return *all;
}

// At least 3: out of the way of the child's 0, 1 and 2.
Descriptor above_standard(int fd) {
  const Descriptor low(fd);
  return Descriptor(fcntl(fd, F_DUPFD_CLOEXEC, 3));
}

struct Pipe {
  Descriptor read{-1};
  Descriptor write{-1};
};

Result<Pipe> open_pipe() {
  std::array<int, 2> ends{-1, -1};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return system_error(errno).context("a pipe");
  Pipe pipe{above_standard(ends[0]), above_standard(ends[1])};
  if (!pipe.read || !pipe.write) return system_error(errno).context("a pipe");
  return pipe;
}

// What posix_spawn() is told, freed with it.
class Plan {
 public:
  Plan(const SpawnOptions& options, int in, int out, int err) {
    posix_spawn_file_actions_init(&files_);
    posix_spawnattr_init(&how_);
    if (in >= 0)
      posix_spawn_file_actions_adddup2(&files_, in, 0);
    else
      posix_spawn_file_actions_addopen(&files_, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files_, out, 1);
    posix_spawn_file_actions_adddup2(&files_, err, 2);
    posix_spawn_file_actions_addclosefrom_np(&files_, 3);
    if (!options.cwd.empty()) posix_spawn_file_actions_addchdir_np(&files_, options.cwd.c_str());
    sigset_t signals;
    sigfillset(&signals);
    posix_spawnattr_setsigdefault(&how_, &signals);
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&how_, &signals);
    posix_spawnattr_setflags(&how_,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  ~Plan() {
    posix_spawnattr_destroy(&how_);
    posix_spawn_file_actions_destroy(&files_);
  }
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  // The error number; 0 = `pid` is set, and listed as living.
  int run(const std::vector<const char*>& argv, const std::vector<const char*>& environment,
          pid_t& pid) const {
    {
      const std::lock_guard lock(live().mutex);
      if (live().over) return ECANCELED;
      ++live().starting;
    }
    const int error = posix_spawn(&pid, argv[0], &files_, &how_, const_cast<char**>(argv.data()),
                                  const_cast<char**>(environment.data()));
    const std::lock_guard lock(live().mutex);
    --live().starting;
    if (error == 0) live().children.insert(pid);
    return error;
  }

 private:
  posix_spawn_file_actions_t files_{};
  posix_spawnattr_t how_{};
};

std::vector<const char*> pointers(const std::vector<std::string>& texts) {
  std::vector<const char*> out;
  out.reserve(texts.size() + 1);
  for (const std::string& text : texts) out.push_back(text.c_str());
  out.push_back(nullptr);
  return out;
}

bool has_nul(const std::vector<std::string>& texts) {
  return std::any_of(texts.begin(), texts.end(),
                     [](const std::string& text) { return text.find('\0') != std::string::npos; });
}

Result<void> check_options(const SpawnOptions& options) {
  if (options.argv.empty()) return Error{Errc::invalid, "no program to run"};
  const std::string name = printable(options.argv[0], 256);
  if (!options.argv[0].starts_with('/'))
    return Error{Errc::invalid,
                 format("'{}' is not an absolute path; programs are not looked for", name)};
  if (has_nul(options.argv) || has_nul(options.environment) ||
      options.cwd.find('\0') != std::string::npos)
    return Error{Errc::invalid, format("{}: an argument with a NUL byte in it", name)};
  for (const std::string& variable : options.environment)
    if (variable.find('=') == 0 || variable.find('=') == std::string::npos)
      return Error{Errc::invalid, format("{}: '{}' is no variable of an environment (NAME=value)",
                                         name, printable(variable))};
  return {};
}

// The file's first bytes; "" if it cannot be read.
std::string beginning(const std::string& path) {
  std::array<char, 256> bytes{};
  const Descriptor file = open_to_read(path);
  const ssize_t n = file ? read(file.get(), bytes.data(), bytes.size()) : 0;
  return {bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(n, 0))};
}

// "/usr/bin/env" of "#!/usr/bin/env bash".
std::string interpreter_of(const std::string& head) {
  if (!head.starts_with("#!")) return "";
  const std::size_t begin = std::min(head.find_first_not_of(" \t", 2), head.size());
  return head.substr(begin, head.find_first_of(" \t\r\n", begin) - begin);
}

// Of what the system only has a number for.
Error explained(int number, const SpawnOptions& options) {
  const std::string& path = options.argv[0];
  const std::string name = printable(path, 256);
  struct stat status {};
  if (!options.cwd.empty() && (stat(options.cwd.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)))
    return {Errc::not_found,
            format("{}: there is no folder {} to run it in", name, printable(options.cwd, 256))};
  if (stat(path.c_str(), &status) != 0) return system_error(errno).context(name);
  if (S_ISDIR(status.st_mode)) return {Errc::invalid, name + " is a folder, not a program"};
  if (!S_ISREG(status.st_mode)) return {Errc::invalid, name + " is not a regular file"};
  if ((status.st_mode & 0111) == 0)
    return {Errc::denied, format("{} is not executable (its mode is 0{:o})", name,
                                 static_cast<unsigned>(status.st_mode & 07777))};
  if (const std::string interpreter = interpreter_of(beginning(path));
      !interpreter.empty() && (number == ENOENT || number == EACCES))
    return system_error(number).context(
        format("{}: the interpreter in its first line, '{}'", name, printable(interpreter, 128)));
  if (number == ENOEXEC)
    return {Errc::invalid, name + " is neither a script nor a program for this machine"};
  return system_error(number).context(name);
}

// A text, which a shell may make something of.
bool may_be_script(const std::string& path) {
  const std::string head = beginning(path);
  return head.find('\0') == std::string::npos && !head.starts_with(
                                                     "\x7f"
                                                     "ELF");
}

Result<pid_t> run(const SpawnOptions& options, const Plan& plan) {
  std::vector<const char*> argv = pointers(options.argv);
  const std::vector<const char*> environment = pointers(options.environment);
  pid_t pid = -1;
  int error = plan.run(argv, environment, pid);
  if (error == ENOEXEC && may_be_script(options.argv[0])) {
    argv.insert(argv.begin(), kShell);
    error = plan.run(argv, environment, pid);
  }
  if (error == ECANCELED)
    return Error{Errc::cancelled,
                 format("{}: the agent is stopping", printable(options.argv[0], 256))};
  if (error != 0) return explained(error, options);
  return pid;
}

void forget_child(pid_t child) {
  const std::lock_guard lock(live().mutex);
  live().children.erase(child);
}

// Until it has ended or it is late.
void reap_killed(pid_t child, Duration patience) {
  const TimePoint late = system_clock().now() + patience;
  while (!has_ended(child)) {
    if (system_clock().now() >= late) return;
    std::this_thread::sleep_for(kReapStep);
  }
  reap_child(child);
}

}  // namespace

Spawned::Spawned(pid_t pid, Descriptor i, Descriptor o, Descriptor e)
    : in(std::move(i)), out(std::move(o)), err(std::move(e)), pid_(pid) {}

Spawned::Spawned(Spawned&& other) noexcept
    : in(std::move(other.in)),
      out(std::move(other.out)),
      err(std::move(other.err)),
      pid_(other.take()) {}

Spawned::~Spawned() {
  if (pid_ < 0) return;
  kill(-pid_, SIGKILL);
  reap_killed(pid_, kReapPatience);
}

Result<Spawned> spawn(const SpawnOptions& options) {
  if (auto good = check_options(options); !good) return good.error();
  const std::string name = printable(options.argv[0], 256);
  auto in = options.input ? open_pipe() : Result<Pipe>(Pipe{});
  auto out = open_pipe();
  auto err = open_pipe();
  for (const auto* pipe : {&in, &out, &err})
    if (!*pipe) return pipe->error().context(name);
  const auto pid = run(options, Plan(options, in->read.get(), out->write.get(), err->write.get()));
  if (!pid) return pid.error();
  return Spawned(*pid, std::move(in->write), std::move(out->read), std::move(err->read));
}

bool has_ended(pid_t child) {
  siginfo_t info{};
  const int rc = waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT);
  return rc != 0 ? errno == ECHILD : info.si_pid == child;
}

int wait_child(pid_t child) {
  int status = 0;
  pid_t reaped = -1;
  while ((reaped = waitpid(child, &status, 0)) < 0 && errno == EINTR) {
  }
  return reaped == child ? status : -1;
}

void end_group(pid_t child) {
  // With nobody left in the group its number may be another's by now, who would exist.
  if (kill(child, 0) != 0 && errno == ESRCH) kill(-child, SIGKILL);
  forget_child(child);
}

int reap_child(pid_t child) {
  // Only a child that is not reaped yet keeps its group's number from others.
  siginfo_t info{};
  if (waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT) == 0)
    kill(-child, SIGKILL);
  const int status = wait_child(child);
  forget_child(child);
  return status;
}

std::size_t live_children() {
  const std::lock_guard lock(live().mutex);
  return live().children.size();
}

bool is_live_child(pid_t child) {
  const std::lock_guard lock(live().mutex);
  return live().children.contains(child);
}

bool spawn_in_progress() {
  const std::lock_guard lock(live().mutex);
  return live().starting > 0;
}

std::size_t kill_children(Duration patience) {
  const TimePoint late = system_clock().now() + patience;
  for (;;) {
    std::set<pid_t> children;
    bool starting = false;
    {
      const std::lock_guard lock(live().mutex);
      children = live().children;
      starting = live().starting > 0;  // on other threads: they are listed soon
    }
    for (const pid_t child : children) {
      kill(-child, SIGKILL);
      if (has_ended(child)) reap_child(child);
    }
    const std::size_t left = live_children();
    if ((left == 0 && !starting) || system_clock().now() >= late) return left;
    std::this_thread::sleep_for(kReapStep);
  }
}

void end_children() {
  {
    const std::lock_guard lock(live().mutex);
    live().over = true;
  }
  kill_children(kEndPatience);
}

}  // namespace virgo::uv
