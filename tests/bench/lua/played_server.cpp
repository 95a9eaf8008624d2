#include "bench/lua/played_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

namespace virgo::bench {
namespace {

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::abort();
}

}  // namespace

PlayedServers::PlayedServers() {
  if (::pipe(stop_) != 0) give_up("bench: pipe");
}

PlayedServers::~PlayedServers() {
  ::close(stop_[1]);
  if (thread_.joinable()) thread_.join();
  ::close(stop_[0]);
  for (const Server& s : servers_) ::close(s.fd);
}

int PlayedServers::add(std::string request_end, std::string answer) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if (fd < 0 || ::bind(fd, any, size) != 0 || ::listen(fd, 16) != 0 ||
      ::getsockname(fd, any, &size) != 0)
    give_up("bench: a played server");
  servers_.push_back({fd, std::move(request_end), std::move(answer)});
  return ntohs(address.sin_port);
}

int PlayedServers::add_page(const std::string& body) {
  return add("\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " +
                             std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body);
}

void PlayedServers::start() {
  thread_ = std::thread([this] { serve(); });
}

void PlayedServers::serve() {
  std::vector<pollfd> waits{{stop_[0], POLLIN, 0}};
  for (const Server& s : servers_) waits.push_back({s.fd, POLLIN, 0});
  while (::poll(waits.data(), waits.size(), -1) > 0 && waits[0].revents == 0) {
    auto server = servers_.begin();
    for (std::size_t i = 1; i < waits.size(); ++i, ++server) {
      if (waits[i].revents == 0) continue;
      const int connection = ::accept4(server->fd, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) continue;
      answer(connection, *server);
      ::close(connection);
    }
  }
}

void PlayedServers::answer(int connection, const Server& server) {
  std::string said;
  char buffer[4096];
  while (said.find(server.request_end) == std::string::npos) {
    const ssize_t n = ::read(connection, buffer, sizeof buffer);
    if (n <= 0) return;
    said.append(buffer, static_cast<std::size_t>(n));
  }
  std::size_t done = 0;
  while (done < server.answer.size()) {
    const ssize_t n =
        ::send(connection, server.answer.data() + done, server.answer.size() - done, MSG_NOSIGNAL);
    if (n <= 0) return;
    done += static_cast<std::size_t>(n);
  }
}

}  // namespace virgo::bench
