// SPDX-License-Identifier: MIT
//
// "127.0.0.1:25", "[::1]:22" or "/run/some.socket" as a socket address. Names are
// not looked up: that would block the loop.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <string>

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }

  // False when text is no such address.
  bool parse(const std::string& text) {
    storage = {};
    if (!text.empty() && text[0] == '/') return parse_path(text);
    const size_t colon = text.rfind(':');
    if (colon == std::string::npos) return false;
    char* end = nullptr;
    const long port = strtol(text.c_str() + colon + 1, &end, 10);
    if (end == text.c_str() + colon + 1 || *end != '\0' || port < 1 || port > 65535) return false;
    const auto net_port = htons(static_cast<uint16_t>(port));
    std::string host = text.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
      auto* a = reinterpret_cast<sockaddr_in6*>(&storage);
      a->sin6_family = AF_INET6;
      a->sin6_port = net_port;
      length = sizeof *a;
      return inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &a->sin6_addr) == 1;
    }
    auto* a = reinterpret_cast<sockaddr_in*>(&storage);
    a->sin_family = AF_INET;
    a->sin_port = net_port;
    length = sizeof *a;
    return inet_pton(AF_INET, host.c_str(), &a->sin_addr) == 1;
  }

 private:
  bool parse_path(const std::string& text) {
    auto* a = reinterpret_cast<sockaddr_un*>(&storage);
    if (text.size() >= sizeof a->sun_path) return false;
    a->sun_family = AF_UNIX;
    memcpy(a->sun_path, text.c_str(), text.size() + 1);
    length = sizeof *a;
    return true;
  }
};
