// Host names to addresses, by getaddrinfo(3), on threads of its own: a server of names that
// does not answer keeps one busy for half a minute, and must not keep others from the few
// that libuv has. A look-up that was given up and has not come back does not count among
// the eight at a time. Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <uv.h>

#include "base/result.hpp"
#include "uv/loop.hpp"
#include "uv/timer.hpp"

namespace virgo::uv {

class Resolver {
 public:
  using Addresses = std::vector<sockaddr_storage>;
  using Done = std::function<void(Result<Addresses>)>;

  // Starts at once; an IP address (also "[::1]") is answered from the loop
  // without asking anyone. Destroying the Resolver forgets the answer, and waits for
  // nothing.
  Resolver(Loop& loop, const std::string& host, std::uint16_t port, Done done);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

 private:
  struct Request;
  std::shared_ptr<Request> request_;
  Timer waiting_;  // keeps the loop running until the answer is there
};

}  // namespace virgo::uv
