// Starting a program: pipes, arguments, environment, and an error that says what
// is wrong with the file. No shell is involved.
//
// posix_spawn(), not uv_spawn(): nothing of ours runs in the child, descriptors
// that somebody opened without O_CLOEXEC are closed too, and who has been reaped is
// ours to say: while a child is not, nobody else can be given its group's number,
// so that a signal to the group never reaches a stranger.
//
// Any thread: the file may be on a mount that hangs, and then the caller does.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/result.hpp"

namespace virgo::uv {

struct SpawnOptions {
  std::vector<std::string> argv;         // the first: an absolute path, looked up nowhere
  std::vector<std::string> environment;  // "NAME=value": all that the child has
  std::string cwd;                       // "" = ours
  bool input = false;                    // a pipe; otherwise its input is at its end
};

// A child that nobody looks after yet. Destroyed as it is, the child and its group are
// killed and it is reaped, which is waited for a second at most.
class Spawned {
 public:
  Spawned(pid_t pid, Descriptor in, Descriptor out, Descriptor err);
  ~Spawned();
  Spawned(Spawned&& other) noexcept;
  Spawned& operator=(Spawned&&) = delete;

  pid_t pid() const { return pid_; }  // and the number of its session and group
  // The caller takes over pid() too, and reap_child() is its duty.
  pid_t take() { return std::exchange(pid_, -1); }

  Descriptor in;  // of its standard input, if there is a pipe
  Descriptor out;
  Descriptor err;

 private:
  pid_t pid_;
};

// The child leads a session and a group of its own, has the descriptors 0, 1 and 2
// only, and no signal blocked or ignored. A text without "#!" is given to /bin/sh, as
// execvp(3) does. The error names the program and says what is wrong.
Result<Spawned> spawn(const SpawnOptions& options);

// Whether the child has ended. It is not reaped by that.
bool has_ended(pid_t child);
// Kills what is left of the group of a child that has ended, and reaps it: what
// waitpid(2) says of it. -1 if somebody else has reaped it.
int reap_child(pid_t child);
// The same in two steps: its status first, while others of its group may go on; then
// their end. Between the two the group's number is kept by them alone.
int wait_child(pid_t child);
void end_group(pid_t child);

// Children that were spawned and are not reaped.
std::size_t live_children();
bool is_live_child(pid_t child);
// One is being started now, and not listed yet.
bool spawn_in_progress();
// Kills the groups of all of them and reaps them. Blocks until all have ended or
// `patience` is over; how many have not.
std::size_t kill_children(Duration patience);
// The same before an _exit() or exec, half a second at most. From now on spawn() gives
// Errc::cancelled, on whatever thread: what it started after this would live on.
void end_children();

}  // namespace virgo::uv
