#include "endpoint/client.hpp"

#include <utility>

#include "base/log.hpp"
#include "base/text.hpp"
#include "crypto/random.hpp"

namespace virgo::endpoint {
namespace {

double random_fraction() {
  const auto bits = crypto::random_u64();
  // Without randomness: half of the ceiling.
  return bits ? static_cast<double>(*bits >> 11) / 9007199254740992.0 : 0.5;
}

}  // namespace

Client::Client(uv::Loop& loop, ClientOptions options, Conversation& conversation)
    : loop_(loop),
      options_(std::move(options)),
      conversation_(conversation),
      backoff_(options_.backoff_min, options_.backoff_max, random_fraction),
      retry_timer_(loop, [this] { connect(); }) {}

Client::~Client() = default;

void Client::start() {
  connect();
}

void Client::connect() {
  connector_ = std::make_unique<net::Connector>(
      loop_, options_.connect,
      [this](Result<std::unique_ptr<net::Connection>> result) { connected(std::move(result)); });
}

void Client::connected(Result<std::unique_ptr<net::Connection>> result) {
  const auto finished = std::move(connector_);  // dies when this returns
  if (!result) {
    retry(result.error().context("cannot connect to the endpoint"));
    return;
  }
  link_ = std::make_unique<Link>(loop_, std::move(result).value(), options_.names, conversation_,
                                 [this](const Error& why) { ended(why); });
  log_info("endpoint", "connected to {} ({})", link_->peer(),
           link_->protocol().empty() ? "in clear" : link_->protocol());
  link_->open();
}

void Client::ended(const Error& why) {
  if (link_->ready()) backoff_.reset();
  const auto link = std::move(link_);  // dies when this returns
  if (stopping_) {
    if (stopped_) link->when_gone(std::exchange(stopped_, nullptr));
    return;
  }
  retry(why.context("the connection to the endpoint has ended"));
}

void Client::retry(const Error& why) {
  if (stopping_) return;
  trouble_ = why.message;
  const Duration delay = backoff_.next();
  log_warn("endpoint", "{}; next try in {}", why.message,
           format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(delay)));
  retry_timer_.start(delay);
}

void Client::stop(std::function<void()> done) {
  stopping_ = true;
  retry_timer_.stop();
  connector_.reset();
  if (link_ == nullptr) {
    if (done) loop_.post(std::move(done));
    return;
  }
  stopped_ = std::move(done);
  link_->close({Errc::cancelled, "the agent stops"});
}

}  // namespace virgo::endpoint
