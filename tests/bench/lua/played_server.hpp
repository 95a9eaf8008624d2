// Servers that give one answer each, on loopback, in a thread of their own.
#pragma once

#include <list>
#include <string>
#include <thread>

namespace virgo::bench {

class PlayedServers {
 public:
  PlayedServers();
  ~PlayedServers();
  PlayedServers(const PlayedServers&) = delete;
  PlayedServers& operator=(const PlayedServers&) = delete;

  // A port where each connection is read until it says `request_end`, then told `answer`,
  // and closed. Before start().
  int add(std::string request_end, std::string answer);
  // The same for a page of HTTP.
  int add_page(const std::string& body);
  void start();

 private:
  struct Server {
    int fd;
    std::string request_end;
    std::string answer;
  };
  void serve();
  static void answer(int connection, const Server& server);
  std::list<Server> servers_;
  int stop_[2];
  std::thread thread_;
};

}  // namespace virgo::bench
