#include "net/connection.hpp"

#include "base/format.hpp"
#include "crypto/tls_session.hpp"
#include "uv/stream.hpp"
#include "uv/timer.hpp"

namespace virgo::net {

Connection::Connection(std::unique_ptr<uv::Stream> stream, std::unique_ptr<crypto::TlsSession> tls)
    : stream_(std::move(stream)),
      tls_(std::move(tls)),
      handlers_(std::make_shared<Handlers>()),
      peer_(stream_->peer_name()),
      local_(stream_->local_name()) {
  stream_->read_stop();
  stream_->set_handlers({
      .data = [this](std::string_view bytes) { on_data(bytes); },
      .end = [this](const Error& error) { on_end(error); },
      .written =
          [this] {
            const auto handlers = handlers_;
            if (!over_ && handlers->drained) handlers->drained();
          },
  });
}

Connection::~Connection() {
  *alive_ = false;
}

void Connection::set_handlers(Handlers handlers) {
  handlers_ = std::make_shared<Handlers>(std::move(handlers));
  if (over_ && !told_)
    stream_->loop().post([this, alive = alive_] {
      if (*alive) tell_closed();
    });
  if (over_ || paused_) return;
  stream_->read_start();
  if (tls_ != nullptr && (tls_->plaintext_size() > 0 || tls_->peer_closed() || tls_->error()))
    stream_->loop().post([this, alive = alive_] {
      if (*alive) deliver();
    });
}

void Connection::on_data(std::string_view bytes) {
  if (tls_ == nullptr) {
    const auto handlers = handlers_;
    if (handlers->data) handlers->data(bytes);
    return;
  }
  // An error is not returned here but by deliver(), after the data before it.
  (void)tls_->feed({bytes.data(), bytes.size()});
  flush();
  deliver();
}

// Hands out what is decrypted, then the end if there is one.
void Connection::deliver() {
  const auto alive = alive_;
  while (!over_ && !paused_ && tls_ != nullptr && tls_->plaintext_size() > 0) {
    std::string plain;
    tls_->take_plaintext(plain, 64u * 1024u);
    const auto handlers = handlers_;
    if (handlers->data) handlers->data(plain);
    if (!*alive) return;
  }
  if (over_ || paused_) return;
  if (tls_ != nullptr && tls_->error() != nullptr)
    fail(*tls_->error());
  else if ((end_ || (tls_ != nullptr && tls_->peer_closed())) && tell_ended())
    return;
  else if (tls_ != nullptr && tls_->peer_closed())
    fail({Errc::closed, "the other side closed the connection"});
  else if (end_)
    fail(Error(*end_));
}

void Connection::on_end(const Error& error) {
  end_ = error;
  if (tls_ != nullptr && error.code == Errc::closed) (void)tls_->end_of_stream();
  if (!paused_)
    deliver();
  else  // a write failed: whoever waits for it to drain must not wait for ever
    fail(tls_ != nullptr && tls_->error() != nullptr ? *tls_->error() : error);
}

void Connection::flush() {
  std::string out;
  if (tls_->take_ciphertext(out)) stream_->write(out);
}

void Connection::fail(const Error& error) {
  if (over_) return;
  over_ = true;
  end_ = error;
  stream_->read_stop();
  tell_closed();
}

// Whether the owner goes on with half a connection.
bool Connection::tell_ended() {
  const bool in_order = tls_ != nullptr ? tls_->peer_closed() && (!end_ || stream_->half_open())
                                        : stream_->half_open();
  if (!in_order || !handlers_->ended) return false;
  if (!told_ended_) {
    told_ended_ = true;
    stream_->read_stop();
    const auto handlers = handlers_;
    handlers->ended();
  }
  return true;
}

void Connection::tell_closed() {
  const auto handlers = handlers_;
  if (told_ || !handlers->closed) return;
  told_ = true;
  const Error error = *end_;  // ours dies if the handler destroys this
  handlers->closed(error);
}

Result<void> Connection::write(std::string_view bytes) {
  if (over_) return Error{Errc::closed, "the connection is closed"};
  if (queued() > max_queued_)
    return Error{Errc::limit,
                 format("{} does not read: {} bytes wait to be sent to it", peer_, queued())};
  if (tls_ == nullptr) {
    stream_->write(bytes);
    return {};
  }
  auto result = tls_->write(bytes);
  flush();
  return result;
}

Result<void> Connection::write(std::span<const std::string_view> pieces) {
  if (tls_ == nullptr && !over_ && queued() <= max_queued_) {
    stream_->write(pieces);
    return {};
  }
  for (const std::string_view piece : pieces)
    if (auto result = write(piece); !result) return result;
  return {};
}

void Connection::shutdown(std::function<void()> done) {
  if (tls_ != nullptr && tls_->error() == nullptr) {
    tls_->close();
    flush();
  }
  stream_->shutdown([alive = alive_, done = std::move(done)] {
    if (*alive && done) done();
  });
}

std::size_t Connection::queued() const {
  return stream_ == nullptr ? 0 : stream_->queued();
}

void Connection::pause() {
  paused_ = true;
  if (stream_ != nullptr) stream_->read_stop();
}

void Connection::resume() {
  if (!paused_) return;
  paused_ = false;
  if (over_) return;
  stream_->read_start();
  if (tls_ != nullptr)
    stream_->loop().post([this, alive = alive_] {
      if (*alive) deliver();
    });
}

std::string Connection::protocol() const {
  return tls_ == nullptr ? "" : tls_->protocol();
}

std::unique_ptr<uv::Stream> Connection::release_stream() {
  if (over_ || end_ || tls_ != nullptr) return nullptr;
  over_ = told_ = true;
  stream_->read_stop();
  stream_->set_handlers({});
  return std::move(stream_);
}

// Sees a connection to its end; the loop owns it. It goes on reading, and throws
// away: closing a socket with unread bytes makes the system send a reset, which
// would destroy our last words on their way.
struct Connection::Lingering {
  static constexpr std::size_t kMaxDiscarded = 4u << 20;

  uv::Loop& loop;
  std::unique_ptr<Connection> connection;
  std::function<void()> gone;
  uv::Timer timer;
  std::uint64_t adopted = 0;
  std::size_t discarded = 0;
  bool all_sent = false;
  bool peer_done = false;

  Lingering(std::unique_ptr<Connection> c, std::function<void()> g)
      : loop(c->stream_->loop()),
        connection(std::move(c)),
        gone(std::move(g)),
        timer(loop, [this] { end(); }) {}

  void begin(Duration patience);
  void end_if_done() {
    if (all_sent && peer_done) end();
  }
  // Destroys this.
  void end() {
    if (gone) loop.post(std::move(gone));
    loop.release(adopted);
  }
};

void Connection::Lingering::begin(Duration patience) {
  uv::Stream& stream = *connection->stream_;
  timer.start(patience);
  peer_done = stream.ended();
  stream.set_handlers({.data =
                           [this](std::string_view bytes) {
                             discarded += bytes.size();
                             if (discarded > kMaxDiscarded) end();
                           },
                       .end =
                           [this](const Error&) {
                             peer_done = true;
                             end_if_done();
                           },
                       .written = {}});
  stream.shutdown([this] {
    all_sent = true;
    end_if_done();
  });
  stream.read_start();
}

void Connection::finish(std::unique_ptr<Connection> connection, Duration patience,
                        std::function<void()> gone) {
  if (connection == nullptr || connection->stream_ == nullptr) return;
  Connection& c = *connection;
  uv::Loop& loop = c.stream_->loop();
  if (c.tls_ != nullptr && c.tls_->error() == nullptr) c.tls_->close();
  if (c.tls_ != nullptr) c.flush();
  if (c.stream_->ended() && c.queued() == 0) {
    if (gone) loop.post(std::move(gone));
    return;
  }
  c.over_ = true;
  c.handlers_ = std::make_shared<Handlers>();
  auto linger = std::make_shared<Lingering>(std::move(connection), std::move(gone));
  linger->adopted = loop.adopt(linger);
  linger->begin(patience);
}

}  // namespace virgo::net
