#include "binding/datagrams.hpp"

#include <cstring>
#include <lua.hpp>
#include <utility>

#include "base/format.hpp"
#include "binding/pending.hpp"
#include "binding/strand.hpp"
#include "binding/udp_binding.hpp"
#include "uv/tcp.hpp"

namespace virgo::binding {
namespace {

// More than this is left to the system, which drops what it cannot keep.
constexpr std::size_t kMostBytes = 256 * 1024;
constexpr std::size_t kMostDatagrams = 256;

const sockaddr* raw(const sockaddr_storage& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

}  // namespace

Datagrams::Datagrams(uv::Loop& loop)
    : timer_(loop,
             [this] {
               deliver(Error{Errc::timeout, format("{}: nothing came in time", name_)});
             }),
      socket_(loop, {.received = [this](std::string_view bytes,
                                        const sockaddr* from) { on_received(bytes, from); },
                     .failed = [this](const Error& error) { on_failed(error); }}) {}

Result<void> Datagrams::connect(const sockaddr_storage& peer) {
  name_ = uv::address_name(raw(peer));
  auto connected = socket_.connect(raw(peer));
  if (connected) connected = socket_.receive_start();
  if (!connected) return connected.error().context(name_);
  return {};
}

Result<void> Datagrams::bind(const std::string& address, std::uint16_t port) {
  if (auto bound = socket_.bind(address, port); !bound) return bound;
  bound_ = true;
  name_ = uv::address_name(raw(local_address()));
  if (auto started = socket_.receive_start(); !started) return started.error().context(name_);
  return {};
}

bool Datagrams::is_full() const {
  return inbox_.size() >= kMostDatagrams || held_ >= kMostBytes;
}

std::optional<Result<Datagrams::Datagram>> Datagrams::take() {
  if (!inbox_.empty()) {
    Datagram next = std::move(inbox_.front());
    inbox_.pop_front();
    held_ -= next.bytes.size();
    if (stopped_ && !is_full()) {
      stopped_ = false;
      if (auto started = socket_.receive_start(); !started) failure_ = started.error();
    }
    return Result<Datagram>(std::move(next));
  }
  if (failure_) return Result<Datagram>(std::exchange(failure_, std::nullopt)->context(name_));
  return std::nullopt;
}

void Datagrams::on_received(std::string_view bytes, const sockaddr* from) {
  Datagram datagram{std::string(bytes), {}};
  std::memcpy(&datagram.from, from,
              from->sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
  if (strand_ != nullptr) {
    deliver(std::move(datagram));
    return;
  }
  held_ += bytes.size();
  inbox_.push_back(std::move(datagram));
  if (!is_full()) return;
  stopped_ = true;
  socket_.receive_stop();
}

void Datagrams::on_failed(const Error& error) {
  if (strand_ != nullptr)
    deliver(error.context(name_));
  else
    failure_ = error;
}

void Datagrams::wait(Strand& strand, Duration timeout) {
  strand_ = &strand;
  if (timeout.count() > 0) timer_.start(timeout);
}

void Datagrams::forget_waiter() {
  strand_ = nullptr;
  timer_.stop();
}

// May destroy this.
void Datagrams::deliver(const Result<Datagram>& result) {
  if (!result) return strand_->complete_error(result.error(), status_of(result.error()));
  const bool with_address = bound_;
  strand_->complete(
      [&](lua_State* L) { return push_datagram(L, result->bytes, result->from, with_address); });
}

Result<void> Datagrams::send(std::string_view bytes, const sockaddr* to) {
  auto sent = socket_.send(bytes, to);
  if (!sent) return sent.error().context(to == nullptr ? name_ : uv::address_name(to));
  return sent;
}

}  // namespace virgo::binding
