// Servers on loopback that say what they are told to, right or wrong.
#pragma once

#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace virgo::functional {

struct Script {
  std::string answer;   // to the first bytes that come
  std::string again{};  // after that, without end
  bool holds = false;   // the connection is kept when all is said
  bool greets = false;  // the answer is said at once
};

// All of them on one thread of their own, until the end.
class ScriptedServers {
 public:
  ScriptedServers() = default;
  ~ScriptedServers();
  ScriptedServers(const ScriptedServers&) = delete;
  ScriptedServers& operator=(const ScriptedServers&) = delete;

  // Before start(). Gives its port.
  int add(Script script);
  void start();

 private:
  struct Talk {
    const Script* script;
    std::string unsaid;
    bool begun = false;
  };
  void serve();
  void accept(int listener);
  // False when the connection is over.
  bool hear(int fd, Talk& talk);
  static bool speak(int fd, Talk& talk);

  std::map<int, Script> listeners_;
  std::map<int, Talk> talks_;
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

}  // namespace virgo::functional
