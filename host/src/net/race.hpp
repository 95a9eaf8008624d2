// Connecting to the first of several addresses that answers ("happy eyeballs",
// RFC 8305): families take turns, each address has a head start of `stagger`
// over the next, the first connection wins and the others are dropped.
// Internal to net/. Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "uv/resolve.hpp"
#include "uv/tcp.hpp"
#include "uv/timer.hpp"

namespace virgo::net {

class Race {
 public:
  // From the loop, once; may destroy the race. When all have failed the error says
  // of each address why; its code is that of the last.
  using Done = std::function<void(Result<std::unique_ptr<uv::Stream>>)>;
  Race(uv::Loop& loop, uv::Resolver::Addresses addresses, Duration stagger, Done done);
  Race(const Race&) = delete;
  Race& operator=(const Race&) = delete;

 private:
  struct Attempt {
    std::string name;
    std::unique_ptr<uv::TcpStream> stream;  // null when it has failed
    std::string failure;
  };
  void start_next();
  void ended(std::size_t index, const Result<void>& result);
  void lose(const Error& last);

  uv::Loop& loop_;
  const uv::Resolver::Addresses addresses_;
  const Duration stagger_;
  Done done_;
  uv::Timer timer_;
  std::vector<Attempt> attempts_;  // of addresses_, in order, as far as they have begun
  std::size_t failed_ = 0;
};

// The families take turns, beginning with that of the first address; within one
// the order stays.
uv::Resolver::Addresses interleave(const uv::Resolver::Addresses& addresses);

}  // namespace virgo::net
