#include "net/http_transport.hpp"

namespace virgo::net {
namespace {

class OverConnection final : public HttpTransport {
 public:
  explicit OverConnection(std::unique_ptr<Connection> connection)
      : connection_(std::move(connection)) {
    connection_->set_max_queued(SIZE_MAX);  // HttpConnection has its own bound
  }

  void set_receiver(Receiver& receiver) override {
    receiver_ = &receiver;
    connection_->set_handlers({
        .data = [this](std::string_view bytes) { receiver_->on_input(bytes); },
        .closed = [this](const Error& why) { receiver_->on_lost(why); },
        .drained = [this] { receiver_->on_written(); },
        .ended = [this] { receiver_->on_input_end(); },
    });
  }
  void write(std::span<const std::string_view> pieces) override {
    (void)connection_->write(pieces);
  }
  std::size_t queued() const override { return connection_->queued(); }
  void pause() override { connection_->pause(); }
  void resume() override { connection_->resume(); }
  std::string peer() const override { return connection_->peer(); }
  std::string local() const override { return connection_->local(); }
  std::string protocol() const override { return connection_->protocol(); }
  void finish() override { Connection::finish(std::move(connection_)); }
  std::unique_ptr<Connection> release() override {
    connection_->set_handlers({});
    connection_->pause();
    return std::move(connection_);
  }

 private:
  std::unique_ptr<Connection> connection_;
  Receiver* receiver_ = nullptr;
};

}  // namespace

std::unique_ptr<HttpTransport> http_transport(std::unique_ptr<Connection> connection) {
  return std::make_unique<OverConnection>(std::move(connection));
}

}  // namespace virgo::net
