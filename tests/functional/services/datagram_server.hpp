// A server on loopback that answers datagrams as a test says.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include <gtest/gtest.h>

namespace virgo::functional {

// On a thread of its own, which calls `answer`, until the end. "" is no answer.
class DatagramServer {
 public:
  using Answer = std::function<std::string(const std::string&)>;
  explicit DatagramServer(Answer answer)
      : answer_(std::move(answer)), fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address), size), 0);
    EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~DatagramServer() {
    ending_ = true;
    thread_.join();
    close(fd_);
  }
  DatagramServer(const DatagramServer&) = delete;
  DatagramServer& operator=(const DatagramServer&) = delete;

  int port() const { return port_; }

 private:
  void serve() {
    while (!ending_) {
      pollfd ready{fd_, POLLIN, 0};
      if (poll(&ready, 1, 50) <= 0) continue;  // so often it looks at ending_
      std::array<char, 2048> bytes;
      sockaddr_in peer{};
      socklen_t size = sizeof peer;
      const ssize_t n =
          recvfrom(fd_, bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&peer), &size);
      if (n < 0) continue;
      const std::string out = answer_({bytes.data(), static_cast<std::size_t>(n)});
      if (!out.empty())
        sendto(fd_, out.data(), out.size(), 0, reinterpret_cast<const sockaddr*>(&peer), size);
    }
  }

  Answer answer_;
  int fd_;
  int port_ = 0;
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

}  // namespace virgo::functional
