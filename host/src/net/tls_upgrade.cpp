#include "net/tls_upgrade.hpp"

#include <utility>

#include "base/format.hpp"
#include "base/text.hpp"
#include "crypto/tls_session.hpp"
#include "net/handshake.hpp"
#include "uv/stream.hpp"

namespace virgo::net {

TlsUpgrade::TlsUpgrade(uv::Loop& loop, std::unique_ptr<Connection> connection,
                       std::unique_ptr<crypto::TlsSession> session, Duration timeout, Done done)
    : peer_(connection->peer()), done_(std::move(done)), timer_(loop, [this] { end(too_late_); }) {
  auto stream = connection->release_stream();
  if (stream == nullptr) {
    too_late_ = {Errc::closed, "the connection is closed"};
    timer_.start({});
    return;
  }
  too_late_ = {Errc::timeout,
               format("no success within {} (in the TLS handshake)", format_duration(timeout))};
  timer_.start(timeout);
  handshake_ = std::make_unique<Handshake>(
      std::move(stream), std::move(session),
      [this](Result<std::unique_ptr<Connection>> result) { end(std::move(result)); });
}

TlsUpgrade::~TlsUpgrade() = default;

void TlsUpgrade::end(Result<std::unique_ptr<Connection>> result) {
  timer_.stop();
  const Done done = std::exchange(done_, nullptr);
  if (!done) return;
  handshake_.reset();
  if (result)
    done(std::move(result));  // may destroy this
  else
    done(result.error().context(peer_));
}

}  // namespace virgo::net
