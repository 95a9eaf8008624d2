// Another program, run beside the loop, with its output in memory. Loop thread only.
//
//   spawn(), on any thread --> Process -- ended and its pipes closed --> done(result)
//                                 |
//                               stop(): SIGTERM to the group, SIGKILL after `grace`
//
// Destroying a Process neither waits nor calls back: what still runs is stopped in the
// same way, and reaped, by an owner that the loop keeps (process_child.hpp). So nothing
// that was started here is ever left as a zombie, or alive.
//
// When the program has ended, its group is killed. Who left that group (a daemon's
// setsid) lives on, but is not waited for.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "uv/loop.hpp"
#include "uv/process_spawn.hpp"

namespace virgo::uv {

struct ProcessOptions {
  std::string input{};             // for its standard input; see SpawnOptions::input
  std::size_t max_out = 1u << 20;  // bytes that are kept. What comes beyond them is
  std::size_t max_err = 1u << 16;  // read slowly (6 MB a second) and thrown away
  Duration grace = std::chrono::seconds(1);
  // What others of its group may still write when it has ended, they have to until then.
  Duration linger = std::chrono::seconds(1);
  std::shared_ptr<void> token{};  // kept until the child has been reaped, for who counts them
};

struct ProcessResult {
  int exit_code = -1;  // -1 = ended by a signal
  int signal = 0;      // 0 = ended by itself
  std::string out;
  std::string err;
  bool out_cut = false;  // more than max_out came
  bool err_cut = false;
  bool stopped = false;      // stop() was called while it ran
  bool left_behind = false;  // somebody had its pipes open when the linger was over
  Duration duration{};       // from the start to the program's end
};

class Process {
 public:
  using Done = std::function<void(ProcessResult)>;

  // `done` is called once, from the loop, and may destroy this object.
  Process(Loop& loop, Spawned child, ProcessOptions options, Done done);
  // spawn() on this thread, and a Process of it.
  static Result<std::unique_ptr<Process>> start(Loop& loop, const SpawnOptions& what,
                                                ProcessOptions options, Done done);
  ~Process();

  pid_t pid() const;
  // The result follows when the program has ended. After that it does nothing.
  void stop();

 private:
  struct Running;
  std::shared_ptr<Running> running_;
};

}  // namespace virgo::uv
