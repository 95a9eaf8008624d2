#include "uv/tcp.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

#include "base/format.hpp"

namespace virgo::uv {
namespace {

// One read buffer for all streams of a thread: bytes are used up before the
// next read.
constexpr std::size_t kReadBuffer = 16 * 1024;
char* read_buffer() {
  static thread_local char buffer[kReadBuffer];
  return buffer;
}

Errc code_of(int status) {
  switch (status) {
    case UV_EOF:
    case UV_ECONNRESET:
    case UV_EPIPE:
      return Errc::closed;
    case UV_ETIMEDOUT:
      return Errc::timeout;
    case UV_ECANCELED:
      return Errc::cancelled;
    case UV_EACCES:
    case UV_EPERM:
      return Errc::denied;
    case UV_ENOENT:
    case UV_EAI_NONAME:
    case UV_EAI_NODATA:
      return Errc::not_found;
    default:
      return Errc::io;
  }
}

std::string name_by(int (*get)(const uv_tcp_t*, sockaddr*, int*), const uv_tcp_t* handle) {
  sockaddr_storage storage{};
  int length = sizeof storage;
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  return get(handle, address, &length) == 0 ? address_name(address) : "?";
}

}  // namespace

Error uv_error(int status) {
  if (status == UV_EOF) return {Errc::closed, "the other side closed the connection"};
  std::string text = uv_strerror(status);
  return {code_of(status), text};
}

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

struct TcpStream::WriteRequest {
  uv_write_t request{};
  std::string bytes;
  std::shared_ptr<TcpStream*> self;
};

TcpStream::TcpStream(Loop& loop)
    : loop_(&loop), handle_(this), self_(std::make_shared<TcpStream*>(this)) {
  uv_tcp_init(loop.raw(), handle_.get());
  handle_.initialised();
}

TcpStream::~TcpStream() {
  *self_ = nullptr;
}

void TcpStream::set_handlers(Handlers handlers) {
  handlers_ = std::make_shared<Handlers>(std::move(handlers));
}

void TcpStream::connect(const sockaddr* address, std::function<void(Result<void>)> done) {
  struct ConnectRequest {
    uv_connect_t request{};
    std::function<void(Result<void>)> done;
    std::shared_ptr<TcpStream*> self;
  };
  auto connect = std::make_unique<ConnectRequest>();
  connect->done = std::move(done);
  connect->self = self_;
  connect->request.data = connect.get();
  const int rc = uv_tcp_connect(
      &connect->request, handle_.get(), address, [](uv_connect_t* r, int status) noexcept {
        const std::unique_ptr<ConnectRequest> c(static_cast<ConnectRequest*>(r->data));
        if (*c->self == nullptr) return;
        if (status == 0) uv_tcp_nodelay((*c->self)->handle_.get(), 1);
        c->done(status == 0 ? Result<void>() : Result<void>(uv_error(status)));
      });
  if (rc == 0) {
    (void)connect.release();  // libuv's until the callback
    return;
  }
  // Reported from the loop, never from within connect().
  loop_->post([refused = std::shared_ptr<ConnectRequest>(std::move(connect)), rc] {
    if (*refused->self != nullptr) refused->done(uv_error(rc));
  });
}

void TcpStream::read_start() {
  if (ended_) return;
  const int rc = uv_read_start(
      reinterpret_cast<uv_stream_t*>(handle_.get()),
      [](uv_handle_t*, std::size_t, uv_buf_t* buf) noexcept {
        *buf = uv_buf_init(read_buffer(), static_cast<unsigned>(kReadBuffer));
      },
      [](uv_stream_t* s, ssize_t n, const uv_buf_t* buf) noexcept {
        TcpStream* self = HandleBox<uv_tcp_t, TcpStream>::owner_of(s->data);
        if (self != nullptr && n != 0) self->on_read(n, buf->base);
      });
  if (rc == 0 || rc == UV_EALREADY) return;
  loop_->post([self = self_, rc] {
    if (*self != nullptr) (*self)->fail(uv_error(rc));
  });
}

void TcpStream::read_stop() {
  uv_read_stop(reinterpret_cast<uv_stream_t*>(handle_.get()));
}

void TcpStream::on_read(ssize_t n, const char* bytes) {
  const auto handlers = handlers_;
  if (n < 0) {
    half_open_ = n == UV_EOF;
    fail(uv_error(static_cast<int>(n)));
  } else if (!ended_ && handlers->data) {
    handlers->data({bytes, static_cast<std::size_t>(n)});
  }
}

void TcpStream::fail(const Error& error) {
  if (ended_) return;
  ended_ = true;
  read_stop();
  const auto handlers = handlers_;
  if (handlers->end) handlers->end(error);
}

void TcpStream::write(std::string bytes) {
  if (bytes.empty()) return;
  auto write = std::make_unique<WriteRequest>();
  write->bytes = std::move(bytes);
  write->self = self_;
  write->request.data = write.get();
  uv_buf_t buf = uv_buf_init(write->bytes.data(), static_cast<unsigned>(write->bytes.size()));
  queued_ += write->bytes.size();
  const int rc =
      uv_write(&write->request, reinterpret_cast<uv_stream_t*>(handle_.get()), &buf, 1,
               [](uv_write_t* r, int status) noexcept {
                 const std::unique_ptr<WriteRequest> w(static_cast<WriteRequest*>(r->data));
                 if (*w->self != nullptr) (*w->self)->on_written(w->bytes.size(), status);
               });
  if (rc == 0) {
    (void)write.release();
    return;
  }
  loop_->post([refused = std::shared_ptr<WriteRequest>(std::move(write)), rc] {
    if (*refused->self != nullptr) (*refused->self)->on_written(refused->bytes.size(), rc);
  });
}

void TcpStream::on_written(std::size_t bytes, int status) {
  queued_ -= bytes;
  if (status != 0) {
    fail(uv_error(status));
    return;
  }
  const auto handlers = handlers_;
  if (queued_ == 0 && handlers->written) handlers->written();
}

void TcpStream::shutdown(std::function<void()> done) {
  struct ShutdownRequest {
    uv_shutdown_t request{};
    std::function<void()> done;
    std::shared_ptr<TcpStream*> self;
  };
  auto shutdown = std::make_unique<ShutdownRequest>();
  shutdown->done = std::move(done);
  shutdown->self = self_;
  shutdown->request.data = shutdown.get();
  const int rc = uv_shutdown(
      &shutdown->request, reinterpret_cast<uv_stream_t*>(handle_.get()),
      [](uv_shutdown_t* r, int) noexcept {
        const std::unique_ptr<ShutdownRequest> s(static_cast<ShutdownRequest*>(r->data));
        if (*s->self != nullptr) s->done();
      });
  if (rc == 0) {
    (void)shutdown.release();
    return;
  }
  loop_->post([refused = std::shared_ptr<ShutdownRequest>(std::move(shutdown))] {
    if (*refused->self != nullptr) refused->done();
  });
}

std::string TcpStream::peer_name() const {
  return name_by(uv_tcp_getpeername, handle_.get());
}
std::string TcpStream::local_name() const {
  return name_by(uv_tcp_getsockname, handle_.get());
}

TcpServer::TcpServer(Loop& loop, Accepted accepted)
    : loop_(&loop),
      handle_(this),
      accepted_(std::make_shared<const Accepted>(std::move(accepted))) {
  uv_tcp_init(loop.raw(), handle_.get());
  handle_.initialised();
}

Result<void> TcpServer::listen(const std::string& host, std::uint16_t port, int backlog) {
  sockaddr_storage storage{};
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  if (uv_ip4_addr(host.c_str(), port, reinterpret_cast<sockaddr_in*>(&storage)) != 0 &&
      uv_ip6_addr(host.c_str(), port, reinterpret_cast<sockaddr_in6*>(&storage)) != 0)
    return Error{Errc::invalid, format("'{}' is not an IP address to listen on", host)};
  int rc = uv_tcp_bind(handle_.get(), address, 0);
  if (rc == 0) {
    rc = uv_listen(reinterpret_cast<uv_stream_t*>(handle_.get()), backlog,
                   [](uv_stream_t* s, int status) noexcept {
                     TcpServer* self = HandleBox<uv_tcp_t, TcpServer>::owner_of(s->data);
                     if (self != nullptr) self->on_connection(status);
                   });
  }
  if (rc != 0) return uv_error(rc).context(format("cannot listen on {}", address_name(address)));
  return {};
}

void TcpServer::on_connection(int status) {
  const auto accepted = accepted_;  // the callback may destroy this object
  if (status != 0) {
    (*accepted)(uv_error(status));
    return;
  }
  auto stream = std::make_unique<TcpStream>(*loop_);
  const int rc = uv_accept(reinterpret_cast<uv_stream_t*>(handle_.get()),
                           reinterpret_cast<uv_stream_t*>(stream->handle_.get()));
  if (rc != 0) {
    (*accepted)(uv_error(rc));
    return;
  }
  uv_tcp_nodelay(stream->handle_.get(), 1);
  (*accepted)(std::move(stream));
}

std::string TcpServer::local_name() const {
  return name_by(uv_tcp_getsockname, handle_.get());
}

std::uint16_t TcpServer::port() const {
  sockaddr_storage storage{};
  int length = sizeof storage;
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  if (uv_tcp_getsockname(handle_.get(), address, &length) != 0) return 0;
  return address->sa_family == AF_INET
             ? ntohs(reinterpret_cast<const sockaddr_in*>(address)->sin_port)
             : ntohs(reinterpret_cast<const sockaddr_in6*>(address)->sin6_port);
}

}  // namespace virgo::uv
