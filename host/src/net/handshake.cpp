#include "net/handshake.hpp"

#include "crypto/tls_session.hpp"
#include "net/connection.hpp"
#include "uv/stream.hpp"

namespace virgo::net {

Handshake::Handshake(std::unique_ptr<uv::Stream> stream,
                     std::unique_ptr<crypto::TlsSession> session, Done done)
    : stream_(std::move(stream)), session_(std::move(session)), done_(std::move(done)) {
  stream_->set_handlers({
      .data = [this](std::string_view bytes) { on_data(bytes); },
      .end =
          [this](const Error& error) {
            Error why = error;
            if (error.code == Errc::closed) {
              const auto ended = session_->end_of_stream();
              if (!ended) why = ended.error();
            }
            fail(why);
          },
      .written = {},
  });
  flush();
  stream_->read_start();
}

Handshake::~Handshake() = default;

void Handshake::flush() {
  std::string out;
  if (session_->take_ciphertext(out)) stream_->write(out);
}

void Handshake::on_data(std::string_view bytes) {
  const auto fed = session_->feed({bytes.data(), bytes.size()});
  flush();
  if (!fed && !session_->handshake_done()) {
    fail(fed.error());
  } else if (session_->handshake_done()) {
    const Done done = std::move(done_);
    auto connection = std::make_unique<Connection>(std::move(stream_), std::move(session_));
    done(std::move(connection));  // may destroy this
  }
}

void Handshake::fail(const Error& error) {
  if (stream_ == nullptr) return;
  const Done done = std::move(done_);
  // The alert just queued should reach the peer: linger as a connection does.
  Connection::finish(std::make_unique<Connection>(std::move(stream_), std::move(session_)));
  done(error);  // may destroy this
}

}  // namespace virgo::net
