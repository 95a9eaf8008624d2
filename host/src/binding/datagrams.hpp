// A UDP socket of a script, with the datagrams that have come and were not read yet.
// Belongs to a scope; one strand at a time waits for it. Loop thread only.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "binding/scope.hpp"
#include "uv/timer.hpp"
#include "uv/udp.hpp"

namespace virgo::binding {

class Strand;

class Datagrams final : public Resource {
 public:
  struct Datagram {
    std::string bytes;
    sockaddr_storage from;
  };

  explicit Datagrams(uv::Loop& loop);

  // One of these two, first. The error names the address.
  Result<void> connect(const sockaddr_storage& peer);
  Result<void> bind(const std::string& address, std::uint16_t port);

  const char* kind() const override { return "udp"; }
  std::string description() const override { return name_; }
  // It was bound: it says with each datagram where it came from, and sends to anybody.
  bool bound() const { return bound_; }
  sockaddr_storage local_address() const { return socket_.local_address(); }

  // The next one that has come, or what the network said of one that was sent.
  std::optional<Result<Datagram>> take();
  // take() gave nothing: `strand` is completed when one comes, or with an error after
  // `timeout` (zero: never).
  void wait(Strand& strand, Duration timeout);
  bool busy() const { return strand_ != nullptr; }
  // The strand that waits has gone.
  void forget_waiter();

  Result<void> send(std::string_view bytes, const sockaddr* to = nullptr);

 private:
  void on_received(std::string_view bytes, const sockaddr* from);
  void on_failed(const Error& error);
  void deliver(const Result<Datagram>& result);
  bool is_full() const;

  std::string name_;
  bool bound_ = false;
  bool stopped_ = false;  // the system keeps what comes, as far as it likes
  Strand* strand_ = nullptr;
  std::deque<Datagram> inbox_;
  std::size_t held_ = 0;  // bytes in it
  std::optional<Error> failure_;
  uv::Timer timer_;
  uv::Udp socket_;
};

}  // namespace virgo::binding
