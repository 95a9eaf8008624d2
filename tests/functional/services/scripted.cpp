#include "functional/services/scripted.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace virgo::functional {
namespace {

constexpr std::size_t kPiece = 16384;

}  // namespace

ScriptedServers::~ScriptedServers() {
  ending_ = true;
  if (thread_.joinable()) thread_.join();
  for (const auto& [fd, talk] : talks_) close(fd);
  for (const auto& [fd, script] : listeners_) close(fd);
}

int ScriptedServers::add(Script script) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&address), size), 0);
  EXPECT_EQ(listen(fd, 16), 0);
  EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  listeners_.emplace(fd, std::move(script));
  return ntohs(address.sin_port);
}

void ScriptedServers::start() {
  thread_ = std::thread([this] { serve(); });
}

void ScriptedServers::serve() {
  while (!ending_) {
    std::vector<pollfd> fds;
    for (const auto& [fd, script] : listeners_) fds.push_back({fd, POLLIN, 0});
    for (const auto& [fd, talk] : talks_) {
      const bool more = talk.begun && !talk.unsaid.empty();
      fds.push_back({fd, static_cast<short>(more ? POLLIN | POLLOUT : POLLIN), 0});
    }
    poll(fds.data(), fds.size(), 50);  // so often it looks at ending_
    for (const pollfd& ready : fds) {
      if (ready.revents == 0) continue;
      const auto talk = talks_.find(ready.fd);
      if (talk == talks_.end()) {
        accept(ready.fd);
      } else if (!hear(ready.fd, talk->second) || !speak(ready.fd, talk->second)) {
        close(ready.fd);
        talks_.erase(talk);
      }
    }
  }
}

void ScriptedServers::accept(int listener) {
  const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return;
  const Script& script = listeners_.at(listener);
  Talk& talk = talks_[fd] = {&script, script.answer, script.greets};
  if (speak(fd, talk)) return;
  close(fd);
  talks_.erase(fd);
}

bool ScriptedServers::hear(int fd, Talk& talk) {
  char buffer[4096];
  const ssize_t n = recv(fd, buffer, sizeof buffer, 0);
  if (n > 0) talk.begun = true;
  return n > 0 || (n < 0 && errno == EAGAIN);
}

// A piece, then the others have their turn: who talks without end may not keep them waiting.
bool ScriptedServers::speak(int fd, Talk& talk) {
  if (!talk.begun) return true;
  if (!talk.unsaid.empty()) {
    const ssize_t n = send(fd, talk.unsaid.data(), talk.unsaid.size(), MSG_NOSIGNAL);
    if (n < 0) return errno == EAGAIN;
    talk.unsaid.erase(0, static_cast<std::size_t>(n));
  }
  const std::string& again = talk.script->again;
  while (!again.empty() && talk.unsaid.size() < kPiece) talk.unsaid += again;
  return !talk.unsaid.empty() || talk.script->holds;
}

}  // namespace virgo::functional
