// The composition root of `virgo run`: knows all parts, and is known by none.
//
//   config --> check types --> checks --> scheduler --> judge --> recorder --> queue
//                                             ^          (alert)                 |
//                                       ticker (timer)                conversation, client
//
// Loop thread only.
#pragma once

#include <functional>
#include <memory>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "config/specs.hpp"
#include "uv/loop.hpp"

namespace virgo::agent {

class Agent {
 public:
  struct Options {
    // How long a stop waits for open runs and for the endpoint to take the rest
    // of the queue.
    Duration stop_patience = std::chrono::seconds(3);
    // The process may be replaced by a new one if a check holds it (hang_watch.hpp).
    bool replace_when_hung = false;
  };

  // Loads plugins, makes the checks and reads the CA. Configuration problems
  // (a check's parameters, an unknown type) are appended to `problems`, and the
  // result is null then; other errors are returned.
  static Result<std::unique_ptr<Agent>> create(uv::Loop& loop, const Clock& clock,
                                               const config::AgentSpec& spec,
                                               config::Problems& problems);
  static Result<std::unique_ptr<Agent>> create(uv::Loop& loop, const Clock& clock,
                                               const config::AgentSpec& spec,
                                               config::Problems& problems, Options options);
  ~Agent();
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  // Starts the schedule and connects.
  void start();

  // Looks at once for changes of the files that are used as they change: the
  // conversation's and the Lua plugins'. They are watched anyway.
  void reload();

  // Ends open runs, gives the endpoint the rest, says goodbye. `done` is called
  // from the loop. A second call does nothing.
  void stop(std::function<void()> done);

  // Native calls that did not come back when the agent stopped; the process must
  // then be left without running destructors.
  unsigned stuck_calls() const;

 private:
  struct Parts;
  explicit Agent(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace virgo::agent
