#include "net/ping.hpp"

#include <linux/errqueue.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <optional>
#include <utility>
#include <vector>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/text.hpp"
#include "crypto/random.hpp"
#include "uv/poll.hpp"
#include "uv/stream.hpp"
#include "uv/timer.hpp"
#include "uv/udp.hpp"

namespace virgo::net {
namespace {

constexpr std::size_t kHeader = 8;
constexpr std::size_t kRandomData = 16;
constexpr int kReadsPerTurn = 64;  // a raw socket gets everybody's replies

std::uint16_t checksum(std::string_view bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    sum += i % 2 == 0 ? byte << 8 : byte;
  }
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

std::uint16_t u16(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[at]) << 8 |
                                    static_cast<unsigned char>(bytes[at + 1]));
}

void put_u16(std::string& out, std::size_t at, std::uint16_t value) {
  out[at] = static_cast<char>(value >> 8);
  out[at + 1] = static_cast<char>(value & 255);
}

Duration wall_now() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

socklen_t size_of(const sockaddr_storage& address) {
  return address.ss_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
}

void set_option(int fd, int level, int name) {
  const int on = 1;
  // Without it less is known: no failure.
  (void)::setsockopt(fd, level, name, &on, sizeof on);
}

struct Received {
  std::string_view packet;
  std::optional<Duration> at;  // by the system's clock
  int ttl = -1;
};

// What the kernel tells beside the octets.
void read_ancillary(const msghdr& message, Received& received) {
  for (auto* c = CMSG_FIRSTHDR(&message); c != nullptr;
       c = CMSG_NXTHDR(const_cast<msghdr*>(&message), c)) {
    if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
      timespec at{};
      std::memcpy(&at, CMSG_DATA(c), sizeof at);
      received.at = std::chrono::seconds(at.tv_sec) + std::chrono::nanoseconds(at.tv_nsec);
    } else if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL) ||
               (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT)) {
      std::memcpy(&received.ttl, CMSG_DATA(c), sizeof received.ttl);
    }
  }
}

}  // namespace

std::string make_echo_request(int family, std::uint16_t id, std::uint16_t sequence,
                              std::string_view data) {
  std::string out(kHeader, '\0');
  out[0] = static_cast<char>(family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST);
  put_u16(out, 4, id);
  put_u16(out, 6, sequence);
  out += data;
  if (family == AF_INET) put_u16(out, 2, checksum(out));
  return out;
}

bool is_echo_reply(std::string_view packet, int family, int id, std::uint16_t sequence,
                   std::string_view data) {
  const int type = family == AF_INET ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY;
  return packet.size() >= kHeader && static_cast<unsigned char>(packet[0]) == type &&
         packet[1] == 0 && (id < 0 || u16(packet, 4) == id) && u16(packet, 6) == sequence &&
         packet.substr(kHeader) == data;
}

std::string_view skip_ip_header(std::string_view packet) {
  if (packet.empty()) return {};
  const auto first = static_cast<unsigned char>(packet[0]);
  const std::size_t size = (first & 15u) * 4u;
  return first >> 4 == 4 && size >= 20 && size <= packet.size() ? packet.substr(size)
                                                                : std::string_view();
}

class Ping::State final : public std::enable_shared_from_this<State> {
 public:
  State(uv::Loop& loop, const PingOptions& options, Done done)
      : loop_(loop), options_(options), done_(std::move(done)), timer_(loop, [this] {
          end(Error{Errc::timeout,
                    format("no reply within {}", format_duration(options_.timeout))});
        }) {}

  void start() {
    if (!done_) return;
    if (const auto sent = send(); !sent) end(sent.error());
  }
  void forget() {
    done_ = nullptr;
    drop();
  }

 private:
  Result<void> open_socket();
  Result<void> send();
  void read();
  bool read_one(std::vector<char>& buffer);
  std::optional<int> queued_error();
  PingReply reply(const Received& received) const;
  void drop();
  void end(Result<PingReply> result);
  const sockaddr* to() const { return reinterpret_cast<const sockaddr*>(&options_.address); }
  int family() const { return options_.address.ss_family; }

  uv::Loop& loop_;
  const PingOptions options_;
  Done done_;
  uv::Timer timer_;
  std::optional<Descriptor> socket_;
  std::unique_ptr<uv::Poll> poll_;
  bool raw_ = false;
  std::uint16_t id_ = 0;
  std::string data_;
  TimePoint sent_{};
  Duration sent_wall_{};
};

Result<void> Ping::State::open_socket() {
  const int protocol =
      family() == AF_INET ? static_cast<int>(IPPROTO_ICMP) : static_cast<int>(IPPROTO_ICMPV6);
  constexpr int kFlags = SOCK_NONBLOCK | SOCK_CLOEXEC;
  int fd = ::socket(family(), SOCK_DGRAM | kFlags, protocol);
  if (fd < 0 && (errno == EACCES || errno == EPERM || errno == EPROTONOSUPPORT)) {
    fd = ::socket(family(), SOCK_RAW | kFlags, protocol);
    raw_ = true;
  }
  const int why = errno;
  if (fd < 0 && (why == EPERM || why == EACCES))
    return Error{Errc::denied,
                 "this process may not send echo requests: its group is not within "
                 "net.ipv4.ping_group_range (sysctl), and it has no CAP_NET_RAW"};
  if (fd < 0) return system_error(why);
  socket_.emplace(fd);
  set_option(fd, SOL_SOCKET, SO_TIMESTAMPNS);
  if (family() == AF_INET) {
    set_option(fd, IPPROTO_IP, IP_RECVERR);
    set_option(fd, IPPROTO_IP, IP_RECVTTL);
  } else {
    set_option(fd, IPPROTO_IPV6, IPV6_RECVERR);
    set_option(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT);
  }
  // Only what comes from there is received, and what routers say about it.
  if (::connect(fd, to(), size_of(options_.address)) != 0) return system_error(errno);
  return {};
}

Result<void> Ping::State::send() {
  if (auto opened = open_socket(); !opened) return opened;
  auto random = crypto::random_bytes(kRandomData + sizeof id_);
  if (!random) return random.error();
  std::memcpy(&id_, random->data(), sizeof id_);
  data_ = random->substr(sizeof id_);
  data_.resize(options_.size, 'v');
  auto poll = uv::Poll::open(loop_, socket_->get(), [this](unsigned) { read(); });
  if (!poll) return poll.error();
  poll_ = std::move(poll).value();
  if (!poll_->start(uv::Poll::kReadable)) return Error{Errc::io, "cannot wait for the reply"};
  timer_.start(options_.timeout);
  const std::string request = make_echo_request(family(), id_, options_.sequence, data_);
  sent_ = system_clock().now();
  sent_wall_ = wall_now();
  if (::send(socket_->get(), request.data(), request.size(), MSG_NOSIGNAL) >= 0) return {};
  if (errno == EMSGSIZE)
    return Error{Errc::limit, format("{} octets of data are too many", options_.size)};
  return system_error(errno);
}

void Ping::State::read() {
  const auto keep = shared_from_this();
  // One more than is expected, so that what is longer shows.
  std::vector<char> buffer(options_.size + kHeader + 60 + 1);
  for (int i = 0; i < kReadsPerTurn && done_ && read_one(buffer); ++i) {
  }
}

// False if there is nothing more to read.
bool Ping::State::read_one(std::vector<char>& buffer) {
  char ancillary[256];
  iovec vector{buffer.data(), buffer.size()};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = ancillary;
  message.msg_controllen = sizeof ancillary;
  const ssize_t n = ::recvmsg(socket_->get(), &message, 0);
  if (n < 0) {
    if (errno == EINTR) return true;
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      // An error may wait beside the data: the poll reports it until it is taken.
      if (const auto number = queued_error()) end(system_error(*number));
      return false;
    }
    end(system_error(errno));
    return false;
  }
  Received received;
  received.packet = {buffer.data(), static_cast<std::size_t>(n)};
  read_ancillary(message, received);
  if (raw_ && family() == AF_INET) {
    if (n > 8) received.ttl = static_cast<unsigned char>(received.packet[8]);
    received.packet = skip_ip_header(received.packet);
  }
  // The kernel gives ping sockets their identifier, and only their replies.
  if (is_echo_reply(received.packet, family(), raw_ ? id_ : -1, options_.sequence, data_))
    end(reply(received));
  return true;
}

// What a router, or this host, said about the request.
std::optional<int> Ping::State::queued_error() {
  char ancillary[512];
  char data[64];
  iovec vector{data, sizeof data};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = ancillary;
  message.msg_controllen = sizeof ancillary;
  if (::recvmsg(socket_->get(), &message, MSG_ERRQUEUE) < 0) return std::nullopt;
  for (auto* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    const bool is_error = (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
                          (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR);
    if (!is_error) continue;
    sock_extended_err error{};
    std::memcpy(&error, CMSG_DATA(c), sizeof error);
    if (error.ee_errno != 0) return static_cast<int>(error.ee_errno);
  }
  return std::nullopt;
}

PingReply Ping::State::reply(const Received& received) const {
  PingReply reply;
  const Duration most = system_clock().now() - sent_;
  reply.took = most;
  // The kernel noted when it came; this program may have looked much later. Not when the
  // clock was set meanwhile.
  if (received.at && *received.at >= sent_wall_ && *received.at - sent_wall_ <= most)
    reply.took = *received.at - sent_wall_;
  reply.address = uv::ip_of(to());
  reply.ttl = received.ttl;
  return reply;
}

void Ping::State::drop() {
  timer_.stop();
  poll_.reset();  // before what it watches
  socket_.reset();
}

void Ping::State::end(Result<PingReply> result) {
  const Done done = std::exchange(done_, nullptr);
  if (!done) return;
  const auto keep = shared_from_this();
  drop();
  if (result)
    done(std::move(result));
  else
    done(result.error().context(uv::ip_of(to())));
}

Ping::Ping(uv::Loop& loop, const PingOptions& options, Done done)
    : state_(std::make_shared<State>(loop, options, std::move(done))) {
  loop.post([state = std::weak_ptr<State>(state_)] {
    if (const auto s = state.lock()) s->start();
  });
}

Ping::~Ping() {
  state_->forget();
}

}  // namespace virgo::net
