#include "uv/stream.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <vector>

#include "base/format.hpp"

namespace virgo::uv {
namespace {

// One read buffer for all streams of a thread: bytes are used up before the next
// read. A loop that is turned from within a data callback gets one of its own.
constexpr std::size_t kReadBuffer = 64 * 1024;
struct ReadBuffer {
  std::unique_ptr<char[]> bytes;
  bool busy = false;
};
thread_local ReadBuffer read_buffer;

void give_buffer(uv_handle_t*, std::size_t, uv_buf_t* buf) noexcept {
  if (read_buffer.bytes == nullptr) read_buffer.bytes.reset(new char[kReadBuffer]);
  char* bytes = read_buffer.busy ? new char[kReadBuffer] : read_buffer.bytes.get();
  read_buffer.busy = true;
  *buf = uv_buf_init(bytes, static_cast<unsigned>(kReadBuffer));
}

void take_buffer_back(const uv_buf_t& buf) {
  if (buf.base == read_buffer.bytes.get())
    read_buffer.busy = false;
  else
    delete[] buf.base;
}

// Small writes that have to wait are joined up to this.
constexpr std::size_t kJoined = 16 * 1024;
// Pieces of one write that are tried at once; more go by the queue.
constexpr std::size_t kMaxPieces = 16;

// libuv tells a hang-up behind the last bytes as an end of stream, also when it is a reset:
// the system knows which of the two it was.
int end_of(const StreamHandle& handle) {
  int error = 0;
  socklen_t size = sizeof error;
  uv_os_fd_t fd = -1;
  const bool known = uv_fileno(reinterpret_cast<const uv_handle_t*>(&handle.stream), &fd) == 0 &&
                     ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0;
  return known && error != 0 ? -error : UV_EOF;
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

}  // namespace

Error uv_error(int status) {
  if (status == UV_EOF) return {Errc::closed, "the other side closed the connection"};
  std::string text = uv_strerror(status);
  return {code_of(status), text};
}

// One call of uv_write: the pieces it sends, which live until it is done.
struct Stream::WriteRequest {
  uv_write_t request{};
  Stream* owner = nullptr;  // null when it is gone
  WriteRequest* next = nullptr;
  std::size_t bytes = 0;
  std::vector<std::string> pieces;
};

// A few requests are kept, since a busy server needs one again and again.
struct Stream::WriteRequestPool {
  static constexpr std::size_t kMost = 32;
  std::vector<std::unique_ptr<WriteRequest>> free;

  static WriteRequestPool& of_thread() {
    static thread_local WriteRequestPool pool;
    return pool;
  }
  std::unique_ptr<WriteRequest> take() {
    if (free.empty()) return std::make_unique<WriteRequest>();
    auto request = std::move(free.back());
    free.pop_back();
    return request;
  }
  void give(std::unique_ptr<WriteRequest> request) {
    if (free.size() >= kMost || request->pieces.capacity() > 4 * kMaxPieces) return;
    request->owner = nullptr;
    request->next = nullptr;
    request->bytes = 0;
    request->pieces.clear();
    free.push_back(std::move(request));
  }
};

Stream::Stream(Loop& loop) : loop_(&loop), handle_(this) {}

Stream::~Stream() {
  if (self_) *self_ = nullptr;
  for (WriteRequest* request = in_flight_; request != nullptr; request = request->next)
    request->owner = nullptr;
}

const std::shared_ptr<Stream*>& Stream::self() {
  if (!self_) self_ = std::make_shared<Stream*>(this);
  return self_;
}

void Stream::set_handlers(Handlers handlers) {
  handlers_ = std::make_shared<Handlers>(std::move(handlers));
}

std::unique_ptr<Stream::ConnectRequest> Stream::connect_request(
    std::function<void(Result<void>)> done) {
  auto connect = std::make_unique<ConnectRequest>();
  connect->done = std::move(done);
  connect->self = self();
  connect->request.data = connect.get();
  return connect;
}

void Stream::on_connected(uv_connect_t* request, int status) noexcept {
  const std::unique_ptr<ConnectRequest> c(static_cast<ConnectRequest*>(request->data));
  if (*c->self == nullptr) return;
  if (status == 0) (*c->self)->after_connect();
  c->done(status == 0 ? Result<void>() : Result<void>(uv_error(status)));
}

void Stream::refuse_connect(std::unique_ptr<ConnectRequest> request, int status) {
  loop_->post([refused = std::shared_ptr<ConnectRequest>(std::move(request)), status] {
    if (*refused->self != nullptr) refused->done(uv_error(status));
  });
}

void Stream::read_start() {
  if (ended_) return;
  const int rc = uv_read_start(&handle_.get()->stream, give_buffer,
                               [](uv_stream_t* s, ssize_t n, const uv_buf_t* buf) noexcept {
                                 Stream* self = HandleBox<StreamHandle, Stream>::owner_of(s->data);
                                 if (self != nullptr && n != 0) self->on_read(n, buf->base);
                                 if (buf->base != nullptr) take_buffer_back(*buf);
                               });
  if (rc == 0 || rc == UV_EALREADY) return;
  loop_->post([self = self(), rc] {
    if (*self != nullptr) (*self)->fail(uv_error(rc));
  });
}

void Stream::read_stop() {
  uv_read_stop(&handle_.get()->stream);
}

void Stream::on_read(ssize_t n, const char* bytes) {
  const auto handlers = handlers_;
  if (n < 0) {
    if (n == UV_EOF) n = end_of(handle());
    half_open_ = n == UV_EOF;
    fail(uv_error(static_cast<int>(n)));
  } else if (!ended_ && handlers && handlers->data) {
    handlers->data({bytes, static_cast<std::size_t>(n)});
  }
}

void Stream::fail(const Error& error) {
  if (ended_ && !(half_open_ && broken_)) return;
  ended_ = true;
  if (broken_) half_open_ = false;
  read_stop();
  const auto handlers = handlers_;
  if (handlers && handlers->end) handlers->end(error);
}

void Stream::write(std::span<const std::string_view> pieces) {
  if (broken_) return;
  std::size_t total = 0;
  for (const std::string_view piece : pieces) total += piece.size();
  if (total == 0) return;
  std::size_t sent = 0;
  if (in_flight_ == nullptr && pieces.size() <= kMaxPieces) sent = try_write(pieces);
  if (sent == total || broken_) return;
  queue(pieces, sent);
  if (in_flight_ == nullptr) submit_waiting();
}

// How many bytes went out.
std::size_t Stream::try_write(std::span<const std::string_view> pieces) {
  uv_buf_t bufs[kMaxPieces];
  unsigned count = 0;
  for (const std::string_view piece : pieces)
    if (!piece.empty())
      bufs[count++] =
          uv_buf_init(const_cast<char*>(piece.data()), static_cast<unsigned>(piece.size()));
  const int rc = uv_try_write(&handle_.get()->stream, bufs, count);
  if (rc >= 0) return static_cast<std::size_t>(rc);
  if (rc != UV_EAGAIN) break_writing(rc);
  return 0;
}

// Copies all but the first `skip` bytes.
void Stream::queue(std::span<const std::string_view> pieces, std::size_t skip) {
  if (waiting_ == nullptr) waiting_ = WriteRequestPool::of_thread().take();
  auto& waiting = waiting_->pieces;
  for (std::string_view piece : pieces) {
    const std::size_t gone = std::min(skip, piece.size());
    skip -= gone;
    piece.remove_prefix(gone);
    if (piece.empty()) continue;
    if (!waiting.empty() && waiting.back().size() + piece.size() <= kJoined)
      waiting.back().append(piece);
    else
      waiting.emplace_back(piece);
    waiting_->bytes += piece.size();
    queued_ += piece.size();
  }
}

void Stream::submit_waiting() {
  WriteRequest* write = waiting_.get();
  write->owner = this;
  write->request.data = write;
  std::vector<uv_buf_t> bufs;
  bufs.reserve(write->pieces.size());
  for (std::string& piece : write->pieces)
    bufs.push_back(uv_buf_init(piece.data(), static_cast<unsigned>(piece.size())));
  const int rc = uv_write(&write->request, &handle_.get()->stream, bufs.data(),
                          static_cast<unsigned>(bufs.size()), on_written);
  if (rc != 0) {
    queued_ -= write->bytes;
    WriteRequestPool::of_thread().give(std::move(waiting_));
    break_writing(rc);
    return;
  }
  (void)waiting_.release();  // libuv's until the callback
  WriteRequest** last = &in_flight_;
  while (*last != nullptr) last = &(*last)->next;
  *last = write;
}

void Stream::on_written(uv_write_t* request, int status) noexcept {
  std::unique_ptr<WriteRequest> write(static_cast<WriteRequest*>(request->data));
  Stream* owner = write->owner;
  const std::size_t bytes = write->bytes;
  if (owner != nullptr) owner->in_flight_ = write->next;  // they end in order
  WriteRequestPool::of_thread().give(std::move(write));
  if (owner != nullptr) owner->written(bytes, status);
}

void Stream::written(std::size_t bytes, int status) {
  queued_ -= bytes;
  if (status != 0) {
    if (waiting_) queued_ -= waiting_->bytes;
    waiting_.reset();
    break_writing(status);
    return;
  }
  if (waiting_ && in_flight_ == nullptr) submit_waiting();
  const auto handlers = handlers_;
  if (queued_ == 0 && !broken_ && handlers && handlers->written) handlers->written();
}

// Told when the loop has come round once more, in which what is there already is read: a
// peer that refuses something before it has heard all of it says so and hangs up.
void Stream::break_writing(int status) {
  broken_ = true;
  const auto tell = [self = self(), status] {
    if (*self != nullptr) (*self)->fail(uv_error(status));
  };
  loop_->post([loop = loop_, tell] { loop->post(tell); });
}

void Stream::shutdown(std::function<void()> done) {
  struct ShutdownRequest {
    uv_shutdown_t request{};
    std::function<void()> done;
    std::shared_ptr<Stream*> self;
  };
  if (waiting_) submit_waiting();  // libuv shuts down after what it knows of
  auto shutdown = std::make_unique<ShutdownRequest>();
  shutdown->done = std::move(done);
  shutdown->self = self();
  shutdown->request.data = shutdown.get();
  const int rc =
      uv_shutdown(&shutdown->request, &handle_.get()->stream, [](uv_shutdown_t* r, int) noexcept {
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

StreamServer::StreamServer(Loop& loop, Accepted accepted)
    : loop_(&loop),
      handle_(this),
      accepted_(std::make_shared<const Accepted>(std::move(accepted))) {}
StreamServer::~StreamServer() = default;

int StreamServer::start(int backlog) {
  return uv_listen(&handle_.get()->stream, backlog, [](uv_stream_t* s, int status) noexcept {
    StreamServer* self = HandleBox<StreamHandle, StreamServer>::owner_of(s->data);
    if (self != nullptr) self->on_connection(status);
  });
}

void StreamServer::on_connection(int status) {
  const auto accepted = accepted_;  // the callback may destroy this object
  if (status != 0) {
    (*accepted)(uv_error(status));
    return;
  }
  std::unique_ptr<Stream> stream = make_stream();
  const int rc = uv_accept(&handle_.get()->stream, &stream->handle_.get()->stream);
  if (rc != 0) {
    (*accepted)(uv_error(rc));
    return;
  }
  prepare(*stream);
  (*accepted)(std::move(stream));
}

}  // namespace virgo::uv
