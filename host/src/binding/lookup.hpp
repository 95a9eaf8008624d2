// The addresses of a host, as the system finds them, within a time. Loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/format.hpp"
#include "base/text.hpp"
#include "uv/resolve.hpp"
#include "uv/timer.hpp"

namespace virgo::binding {

class Lookup {
 public:
  using Done = std::function<void(const Result<uv::Resolver::Addresses>&)>;
  // `done` is called once, from the loop, with at least one address or an error; it may
  // destroy this.
  Lookup(uv::Loop& loop, const std::string& host, std::uint16_t port, Duration timeout, Done done)
      : done_(std::move(done)),
        timer_(loop,
               [this, host, timeout] {
                 end(Error{Errc::timeout, format("cannot resolve '{}': no answer within {}",
                                                 printable(host, 255), format_duration(timeout))});
               }),
        resolver_(std::make_unique<uv::Resolver>(
            loop, host, port, [this](const Result<uv::Resolver::Addresses>& r) { end(r); })) {
    timer_.start(timeout);
  }
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;

 private:
  void end(const Result<uv::Resolver::Addresses>& result) {
    timer_.stop();
    const Done done = std::exchange(done_, nullptr);
    if (done) done(result);
  }

  Done done_;
  uv::Timer timer_;
  std::unique_ptr<uv::Resolver> resolver_;
};

}  // namespace virgo::binding
