#include "uv/tcp.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "base/format.hpp"

namespace virgo::uv {
namespace {

std::string name_by(int (*get)(const uv_tcp_t*, sockaddr*, int*), const uv_tcp_t* handle) {
  sockaddr_storage storage{};
  int length = sizeof storage;
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  return get(handle, address, &length) == 0 ? address_name(address) : "?";
}

}  // namespace

std::string address_name(const sockaddr* address) {
  char ip[64] = "?";
  if (address->sa_family == AF_INET) {
    const auto* a = reinterpret_cast<const sockaddr_in*>(address);
    uv_ip4_name(a, ip, sizeof ip);
    return format("{}:{}", ip, ntohs(a->sin_port));
  }
  const auto* a = reinterpret_cast<const sockaddr_in6*>(address);
  uv_ip6_name(a, ip, sizeof ip);
  return format("[{}]:{}", ip, ntohs(a->sin6_port));
}

TcpStream::TcpStream(Loop& loop) : Stream(loop) {
  uv_tcp_init(loop.raw(), &handle().tcp);
  initialised();
}

void TcpStream::connect(const sockaddr* address, std::function<void(Result<void>)> done) {
  auto request = connect_request(std::move(done));
  const int rc = uv_tcp_connect(&request->request, &handle().tcp, address, on_connected);
  if (rc == 0)
    (void)request.release();  // libuv's until the callback
  else
    refuse_connect(std::move(request), rc);
}

void TcpStream::set_nodelay(bool on) {
  uv_tcp_nodelay(&handle().tcp, on ? 1 : 0);
}

void TcpStream::set_keepalive(bool on, Duration idle) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(idle).count();
  uv_tcp_keepalive(&handle().tcp, on ? 1 : 0,
                   static_cast<unsigned>(std::clamp<std::int64_t>(seconds, 1, 32767)));
}

std::string TcpStream::peer_name() const {
  return name_by(uv_tcp_getpeername, &handle().tcp);
}
std::string TcpStream::local_name() const {
  return name_by(uv_tcp_getsockname, &handle().tcp);
}

TcpServer::TcpServer(Loop& loop, Accepted accepted) : StreamServer(loop, std::move(accepted)) {
  uv_tcp_init(loop.raw(), &handle().tcp);
  initialised();
}

// libuv has no option for it, but takes a socket that has it set.
int TcpServer::open_shared(int family) {
  const int fd = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return uv_translate_sys_error(errno);
  const int on = 1;
  int rc = 0;
  if (::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0)
    rc = uv_translate_sys_error(errno);
  if (rc == 0) rc = uv_tcp_open(&handle().tcp, fd);
  if (rc != 0) ::close(fd);
  return rc;
}

Result<void> TcpServer::listen(const std::string& host, std::uint16_t port,
                               const TcpListenOptions& options) {
  sockaddr_storage storage{};
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  if (uv_ip4_addr(host.c_str(), port, reinterpret_cast<sockaddr_in*>(&storage)) != 0 &&
      uv_ip6_addr(host.c_str(), port, reinterpret_cast<sockaddr_in6*>(&storage)) != 0)
    return Error{Errc::invalid, format("'{}' is not an IP address to listen on", host)};
  int rc = options.reuse_port ? open_shared(address->sa_family) : 0;
  if (rc == 0) rc = uv_tcp_bind(&handle().tcp, address, options.ipv6_only ? UV_TCP_IPV6ONLY : 0);
  if (rc == 0) rc = start(options.backlog);
  if (rc != 0) return uv_error(rc).context(format("cannot listen on {}", address_name(address)));
  return {};
}

std::string TcpServer::local_name() const {
  return name_by(uv_tcp_getsockname, &handle().tcp);
}

std::uint16_t TcpServer::port() const {
  sockaddr_storage storage{};
  int length = sizeof storage;
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  if (uv_tcp_getsockname(&handle().tcp, address, &length) != 0) return 0;
  return address->sa_family == AF_INET
             ? ntohs(reinterpret_cast<const sockaddr_in*>(address)->sin_port)
             : ntohs(reinterpret_cast<const sockaddr_in6*>(address)->sin6_port);
}

}  // namespace virgo::uv
