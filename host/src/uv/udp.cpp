#include "uv/udp.hpp"

#include "base/format.hpp"
#include "uv/stream.hpp"
#include "uv/tcp.hpp"

namespace virgo::uv {
namespace {

constexpr std::size_t kBuffer = 65536;

// One datagram at a time lies in it, from the system's call to the end of the callback.
char* receive_buffer() {
  static thread_local const std::unique_ptr<char[]> buffer(new char[kBuffer]);
  return buffer.get();
}

}  // namespace

bool parse_ip(const std::string& host, std::uint16_t port, sockaddr_storage* out) {
  *out = {};
  return uv_ip4_addr(host.c_str(), port, reinterpret_cast<sockaddr_in*>(out)) == 0 ||
         uv_ip6_addr(host.c_str(), port, reinterpret_cast<sockaddr_in6*>(out)) == 0;
}

std::string ip_of(const sockaddr* address) {
  char ip[64] = "?";
  if (address->sa_family == AF_INET)
    uv_ip4_name(reinterpret_cast<const sockaddr_in*>(address), ip, sizeof ip);
  else
    uv_ip6_name(reinterpret_cast<const sockaddr_in6*>(address), ip, sizeof ip);
  return ip;
}

std::uint16_t port_of(const sockaddr* address) {
  return ntohs(address->sa_family == AF_INET
                   ? reinterpret_cast<const sockaddr_in*>(address)->sin_port
                   : reinterpret_cast<const sockaddr_in6*>(address)->sin6_port);
}

Udp::Udp(Loop& loop, Handlers handlers)
    : handle_(this), handlers_(std::make_shared<const Handlers>(std::move(handlers))) {
  uv_udp_init(loop.raw(), handle_.get());
  handle_.initialised();
}

Result<void> Udp::connect(const sockaddr* address) {
  const int rc = uv_udp_connect(handle_.get(), address);
  if (rc != 0) return uv_error(rc);
  return {};
}

Result<void> Udp::bind(const std::string& host, std::uint16_t port) {
  sockaddr_storage storage{};
  if (!parse_ip(host, port, &storage))
    return Error{Errc::invalid, format("'{}' is not an IP address to receive at", host)};
  const auto* address = reinterpret_cast<const sockaddr*>(&storage);
  const int rc = uv_udp_bind(handle_.get(), address, 0);
  if (rc != 0) return uv_error(rc).context(format("cannot receive at {}", address_name(address)));
  return {};
}

Result<void> Udp::receive_start() {
  const int rc = uv_udp_recv_start(
      handle_.get(),
      [](uv_handle_t*, std::size_t, uv_buf_t* buffer) noexcept {
        *buffer = uv_buf_init(receive_buffer(), kBuffer);
      },
      [](uv_udp_t* h, ssize_t n, const uv_buf_t* buffer, const sockaddr* from, unsigned) noexcept {
        if (Udp* self = HandleBox<uv_udp_t, Udp>::owner_of(h->data); self != nullptr)
          self->received(n, buffer->base, from);
      });
  if (rc != 0 && rc != UV_EALREADY) return uv_error(rc);
  return {};
}

void Udp::receive_stop() {
  uv_udp_recv_stop(handle_.get());
}

void Udp::received(ssize_t n, const char* bytes, const sockaddr* from) {
  // Held here: the callback may destroy this object.
  const auto handlers = handlers_;
  if (n < 0) {
    if (handlers->failed) handlers->failed(uv_error(static_cast<int>(n)));
  } else if (from != nullptr) {  // null: there was nothing more to read
    if (handlers->received) handlers->received({bytes, static_cast<std::size_t>(n)}, from);
  }
}

Result<void> Udp::send(std::string_view bytes, const sockaddr* to) {
  uv_buf_t buffer =
      uv_buf_init(const_cast<char*>(bytes.data()), static_cast<unsigned>(bytes.size()));
  const int rc =
      bytes.size() > kMaxPayload ? UV_EMSGSIZE : uv_udp_try_send(handle_.get(), &buffer, 1, to);
  if (rc >= 0) return {};
  if (rc == UV_EMSGSIZE)
    return Error{Errc::limit, format("a datagram of {} bytes is too large", bytes.size())};
  if (rc == UV_EAGAIN || rc == UV_ENOBUFS)
    return Error{Errc::limit, "the system's send buffer is full"};
  return uv_error(rc);
}

sockaddr_storage Udp::local_address() const {
  sockaddr_storage storage{};
  int length = sizeof storage;
  if (uv_udp_getsockname(handle_.get(), reinterpret_cast<sockaddr*>(&storage), &length) != 0)
    storage.ss_family = AF_INET;
  return storage;
}

}  // namespace virgo::uv
