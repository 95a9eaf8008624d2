// Host names to addresses, on libuv's pool. Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <uv.h>

#include "base/result.hpp"
#include "uv/loop.hpp"

namespace virgo::uv {

class Resolver {
 public:
  using Addresses = std::vector<sockaddr_storage>;
  using Done = std::function<void(Result<Addresses>)>;

  // Starts at once; an IP address (also "[::1]") is answered from the loop
  // without asking anyone. Destroying the Resolver forgets the answer.
  Resolver(Loop& loop, const std::string& host, std::uint16_t port, Done done);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

 private:
  struct Request;
  std::shared_ptr<Request> request_;
};

}  // namespace virgo::uv
