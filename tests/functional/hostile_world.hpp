// An agent with all hostile Lua plugins and ten good checks at 100 ms beside them.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "base/format.hpp"
#include "functional/starved.hpp"
#include "functional/world.hpp"
#include "hostile.hpp"

namespace virgo::functional {

inline constexpr int kGoodChecks = 10;

inline std::string good_check(int i) {
  return format("good-{}", i);
}

// A port on which connections are taken by the kernel and by nobody else.
class SilentPort {
 public:
  SilentPort() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    (void)bind(fd_, reinterpret_cast<sockaddr*>(&address), size);
    (void)listen(fd_, 1024);
    (void)getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~SilentPort() { close(fd_); }
  SilentPort(const SilentPort&) = delete;
  SilentPort& operator=(const SilentPort&) = delete;
  int port() const { return port_; }

 private:
  int fd_;
  int port_ = 0;
};

struct HostileWorld {
  std::vector<Hostile> all = all_hostile(source_dir() + "/tests/lua/hostile");
  Endpoint endpoint;
  Agent agent;
  SilentPort silent;

  // `enabled`: the hostile ones run, each once in `interval` milliseconds, at times of
  // their own; `limits`: as the configuration writes them.
  void start(bool enabled, const std::string& limits, int interval = 1000) {
    std::string checks;
    for (int i = 0; i < kGoodChecks; ++i)
      checks += format(
          "  - {{name: {}, type: good.count, interval: 100ms, timeout: 100ms, splay: 100ms}}\n",
          good_check(i));
    const int count = static_cast<int>(all.size());
    int n = 0;
    for (const Hostile& h : all)
      checks += format(
          "  - {{name: {0}, type: hostile.{0}, enabled: {1}, interval: {4}ms, timeout: 800ms, "
          "splay: {2}ms{3}}}\n",
          h.name, enabled ? "true" : "false", interval * (40 + 60 * n++ / count) / 100,
          h.name == "socket_flood" ? format(", params: {{port: {}}}", silent.port()) : "",
          interval);
    agent.start(agent_yaml(endpoint, checks,
                           format("plugins:\n  native: []\n  lua: [{0}/tests/lua/hostile, "
                                  "{0}/tests/lua/good]\nlimits: {1}\n",
                                  source_dir(), limits)));
  }

  double resident_mib() {
    std::ifstream statm(format("/proc/{}/statm", agent.process().pid()));
    double pages = 0;
    statm >> pages >> pages;
    return pages * 4 / 1024;
  }
};

}  // namespace virgo::functional
