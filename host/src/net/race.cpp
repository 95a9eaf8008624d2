#include "net/race.hpp"

#include "base/format.hpp"

namespace virgo::net {
namespace {

const sockaddr* raw(const sockaddr_storage& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

}  // namespace

uv::Resolver::Addresses interleave(const uv::Resolver::Addresses& addresses) {
  uv::Resolver::Addresses first;
  uv::Resolver::Addresses other;
  for (const sockaddr_storage& address : addresses)
    (address.ss_family == addresses.front().ss_family ? first : other).push_back(address);
  uv::Resolver::Addresses out;
  for (std::size_t i = 0; i < first.size() || i < other.size(); ++i) {
    if (i < first.size()) out.push_back(first[i]);
    if (i < other.size()) out.push_back(other[i]);
  }
  return out;
}

Race::Race(uv::Loop& loop, uv::Resolver::Addresses addresses, Duration stagger, Done done)
    : loop_(loop),
      addresses_(interleave(addresses)),
      stagger_(stagger),
      done_(std::move(done)),
      timer_(loop, [this] { start_next(); }) {
  attempts_.reserve(addresses_.size());
  start_next();
}

void Race::start_next() {
  const std::size_t index = attempts_.size();
  if (index >= addresses_.size()) return;
  const sockaddr* address = raw(addresses_[index]);
  attempts_.push_back(
      {uv::address_name(address), std::make_unique<uv::TcpStream>(loop_), std::string()});
  attempts_.back().stream->connect(
      address, [this, index](const Result<void>& result) { ended(index, result); });
  if (index + 1 < addresses_.size()) timer_.start(stagger_);
}

void Race::ended(std::size_t index, const Result<void>& result) {
  Attempt& attempt = attempts_[index];
  if (result) {
    timer_.stop();
    const Done done = std::move(done_);
    std::unique_ptr<uv::Stream> winner = std::move(attempt.stream);
    attempts_.clear();
    done(std::move(winner));
    return;
  }
  attempt.stream.reset();
  attempt.failure = result.error().message;
  if (++failed_ == addresses_.size())
    lose(result.error());
  else
    start_next();
}

void Race::lose(const Error& last) {
  Error why = last;
  if (attempts_.size() > 1) {
    why.message.clear();
    for (const Attempt& attempt : attempts_)
      why.message +=
          format("{}{}: {}", why.message.empty() ? "" : "; ", attempt.name, attempt.failure);
  }
  const Done done = std::move(done_);
  done(why);
}

}  // namespace virgo::net
