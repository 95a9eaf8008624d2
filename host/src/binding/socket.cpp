#include "binding/socket.hpp"

#include <algorithm>
#include <lua.hpp>

#include "base/format.hpp"
#include "binding/strand.hpp"

namespace virgo::binding {
namespace {

// The peer is not read from while this much waits, unless the script has asked
// for more at once.
constexpr std::size_t kInbox = 64 * 1024;
constexpr std::size_t kOutbox = 64 * 1024;
constexpr unsigned kMostLingering = 16;

const char* status_of(const Error& error) {
  return error.code == Errc::limit     ? "failed"
         : error.code == Errc::timeout ? "timeout"
                                       : "unreachable";
}

}  // namespace

Socket::Socket(uv::Loop& loop, std::unique_ptr<net::Connection> connection, const char* kind,
               std::string host)
    : loop_(loop),
      kind_(kind),
      host_(std::move(host)),
      peer_(connection->peer()),
      connection_(std::move(connection)) {
  listen_to();
}

void Socket::listen_to() {
  connection_->set_handlers({.data = [this](std::string_view bytes) { on_data(bytes); },
                             .closed = [this](const Error& error) { on_closed(error); },
                             .drained = [this] { on_drained(); }});
}

void Socket::put_back(std::unique_ptr<net::Connection> connection) {
  connection_ = std::move(connection);
  kind_ = "tls";
  paused_ = false;
  listen_to();
}

bool Socket::is_full() const {
  return connection_->queued() > kOutbox;
}

void Socket::finish(const std::shared_ptr<unsigned>& lingering) {
  if (*lingering >= kMostLingering) return;
  ++*lingering;
  net::Connection::finish(std::move(connection_), std::chrono::seconds(2),
                          [lingering] { --*lingering; });
}

Error Socket::end_error(std::size_t wanted) const {
  const std::size_t have = inbox_.size() - read_;
  if (have == 0) return end_->context(peer());
  const std::string of = wanted > 0 ? format(" of {}", wanted) : "";
  return end_->context(format("{}: after {}{} bytes", peer(), have, of));
}

// A string keeps the room that it once had.
void Socket::release_inbox() {
  if (inbox_.capacity() > 2 * kInbox && inbox_.size() < kInbox) inbox_.shrink_to_fit();
  if (inbox_.capacity() <= 2 * kInbox) inbox_held_.reset();
}

// Within what was not read. Looks at each byte once, in however small pieces they come.
std::size_t Socket::find_line_end() {
  const std::size_t from = std::max(seen_, read_);
  const std::size_t end = inbox_.find('\n', from);
  seen_ = end == std::string::npos ? inbox_.size() : end;
  return end == std::string::npos ? end : end - read_;
}

std::optional<Result<std::string_view>> Socket::take(const Want& want) {
  if (read_ > 0 && (read_ == inbox_.size() || read_ > kInbox)) {
    inbox_.erase(0, read_);
    seen_ -= std::min(seen_, read_);
    read_ = 0;
  }
  if (!want_) release_inbox();
  const std::string_view have = std::string_view(inbox_).substr(read_);
  std::size_t give = 0;
  std::size_t skip = 0;
  if (want.kind == Want::Kind::some) {
    give = have.size();
  } else if (want.kind == Want::Kind::exactly) {
    give = have.size() >= want.bytes ? want.bytes : 0;
  } else if (const std::size_t end = find_line_end(); end != std::string_view::npos) {
    skip = end > 0 && have[end - 1] == '\r' ? 2 : 1;
    give = end + 1 - skip;
    if (give > want.bytes) skip = give = 0;
  }
  if (give + skip > 0) {
    read_ += give + skip;
    if (paused_ && inbox_.size() - read_ < kInbox) {
      paused_ = false;
      connection_->resume();
    }
    return Result<std::string_view>(have.substr(0, give));
  }
  if (want.kind == Want::Kind::line && have.size() > want.bytes + 1)  // it may end in \r
    return Result<std::string_view>(
        Error{Errc::limit, format("{}: a line of more than {} bytes", peer(), want.bytes)});
  if (end_)
    return Result<std::string_view>(end_error(want.kind == Want::Kind::exactly ? want.bytes : 0));
  if (paused_) {
    paused_ = false;
    connection_->resume();
  }
  return std::nullopt;
}

void Socket::on_data(std::string_view bytes) {
  inbox_ += bytes;
  const std::size_t room = want_ ? std::max(kInbox, want_->bytes + 2) : kInbox;
  if (inbox_.size() - read_ >= room && !paused_) {
    paused_ = true;
    connection_->pause();
  }
  deliver();
}

void Socket::on_closed(const Error& error) {
  end_ = error;
  if (writing_)
    fail(end_->context(peer()));
  else
    deliver();
}

void Socket::on_drained() {
  outbox_held_.reset();
  if (!writing_) return;
  strand_->complete([](lua_State* L) {
    lua_pushboolean(L, 1);
    return 1;
  });
}

void Socket::wait(Strand& strand, const Want& want, Duration timeout, std::shared_ptr<void> held) {
  strand_ = &strand;
  if (want.bytes > kInbox) inbox_held_ = std::move(held);
  want_ = want;
  if (timeout.count() == 0) return;
  if (timer_ == nullptr)
    timer_ = std::make_unique<uv::Timer>(loop_, [this] {
      fail({Errc::timeout, format("{} sent nothing in time", peer())});
    });
  timer_->start(timeout);
}

void Socket::wait_until_written(Strand& strand, std::shared_ptr<void> held) {
  outbox_held_ = std::move(held);
  strand_ = &strand;
  writing_ = true;
}

void Socket::forget_waiter() {
  strand_ = nullptr;
  want_.reset();
  writing_ = false;
  if (timer_) timer_->stop();
}

// May destroy this.
void Socket::fail(const Error& error) {
  const Error copy = error;
  strand_->complete_error(copy, status_of(copy));
}

// May destroy this.
void Socket::deliver() {
  if (!want_) return;
  const auto taken = take(*want_);
  if (!taken) return;
  if (!taken->ok()) {
    fail(taken->error());
    return;
  }
  const std::string_view bytes = taken->value();
  std::string whole;  // given away with its room, which stays where it is
  if (read_ == inbox_.size() && inbox_.capacity() > 2 * kInbox) {
    whole.swap(inbox_);
    read_ = seen_ = 0;
    inbox_held_.reset();
  }
  strand_->complete([bytes](lua_State* L) {
    lua_pushlstring(L, bytes.data(), bytes.size());
    return 1;
  });
}

}  // namespace virgo::binding
