#include "net/dns_query.hpp"

#include <algorithm>
#include <utility>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/text.hpp"
#include "crypto/random.hpp"
#include "net/connect.hpp"
#include "uv/tcp.hpp"
#include "uv/timer.hpp"
#include "uv/udp.hpp"

namespace virgo::net {
namespace {

constexpr std::size_t kMaxServers = 3;
constexpr unsigned kAttempts = 3;  // at least, and each server once
constexpr Duration kLongestWait = std::chrono::seconds(2);
constexpr std::uint64_t kMaxResolvConf = 64 * 1024;

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

}  // namespace

class DnsQuery::State final : public std::enable_shared_from_this<State> {
 public:
  State(uv::Loop& loop, DnsQuestion question, Done done)
      : loop_(loop),
        question_(std::move(question)),
        done_(std::move(done)),
        timer_(loop, [this] { too_late(); }),
        retry_(loop, [this] { ask_next(); }) {}

  void start();
  void forget() {
    done_ = nullptr;
    drop();
  }

 private:
  struct Server {
    std::string name;
    sockaddr_storage address{};
    std::unique_ptr<uv::Udp> socket;
    bool failed = false;
  };

  Result<void> prepare();
  void ask_next();
  Result<void> ask(std::size_t server);
  bool rule_out(std::size_t server, const Error& error);
  bool is_answer(const DnsMessage& head) const;
  void on_datagram(std::size_t server, std::string_view bytes);
  void on_failure(std::size_t server, const Error& error);
  void ask_by_tcp(std::size_t server);
  void on_connected(std::size_t server, Result<std::unique_ptr<Connection>> result);
  void on_tcp_failure(std::size_t server, const Error& error);
  void on_stream(std::size_t server, std::string_view bytes);
  void too_late();
  void drop();
  void fail(const Error& error);
  void succeed(std::size_t server, std::string_view bytes, bool tcp);
  std::string asked() const;

  uv::Loop& loop_;
  DnsQuestion question_;
  Done done_;
  uv::Timer timer_;
  uv::Timer retry_;
  TimePoint began_{};
  DnsMessage sent_;  // head of the query
  std::string query_;
  std::vector<Server> servers_;
  std::size_t next_ = 0;    // of servers_, to be asked
  unsigned attempts_ = 0;   // by UDP, of servers that have not failed
  bool truncated_ = false;  // an answer by UDP did not fit
  std::unique_ptr<Connector> connector_;
  std::unique_ptr<Connection> connection_;
  std::string inbox_;
};

Result<void> DnsQuery::State::prepare() {
  std::uint16_t id = 0;
  if (auto filled = crypto::fill_random({reinterpret_cast<unsigned char*>(&id), sizeof id});
      !filled)
    return filled;
  auto query = encode_dns_query(id, question_.name, question_.type);
  if (!query) return query.error();
  query_ = std::move(query).value();
  sent_ = decode_dns_head(query_).value();
  if (question_.servers.empty()) return Error{Errc::invalid, "no DNS server is given"};
  for (const std::string& text : question_.servers) {
    Server server;
    if (!uv::parse_ip(text, question_.port, &server.address))
      return Error{Errc::invalid,
                   format("the DNS server '{}' is no IP address", printable(text, 64))};
    server.name = uv::address_name(reinterpret_cast<const sockaddr*>(&server.address));
    servers_.push_back(std::move(server));
  }
  return {};
}

void DnsQuery::State::start() {
  if (!done_) return;
  if (const auto ready = prepare(); !ready) return fail(ready.error());
  began_ = system_clock().now();
  timer_.start(question_.timeout);
  if (question_.tcp)
    ask_by_tcp(0);
  else
    ask_next();
}

// The next server that has not failed, or the same once more.
void DnsQuery::State::ask_next() {
  const unsigned most = std::max<unsigned>(kAttempts, static_cast<unsigned>(servers_.size()));
  while (attempts_ < most) {
    const std::size_t index = std::exchange(next_, (next_ + 1) % servers_.size());
    if (servers_[index].failed) continue;
    ++attempts_;
    const auto sent = ask(index);
    if (sent) {
      retry_.start(std::min<Duration>(question_.timeout / most, kLongestWait));
      return;
    }
    if (!rule_out(index, sent.error().context(servers_[index].name))) return;
  }
}

// The server is not asked any more. False if it was the last: the error is told.
bool DnsQuery::State::rule_out(std::size_t server, const Error& error) {
  servers_[server].failed = true;
  if (attempts_ > 0) --attempts_;
  if (!std::all_of(servers_.begin(), servers_.end(), [](const Server& s) { return s.failed; }))
    return true;
  fail(error);
  return false;
}

Result<void> DnsQuery::State::ask(std::size_t index) {
  Server& server = servers_[index];
  if (server.socket == nullptr) {
    // A port of its own, chosen by the system at random; only the server's answers come in.
    server.socket = std::make_unique<uv::Udp>(
        loop_, uv::Udp::Handlers{
                   .received = [this, index](std::string_view bytes,
                                             const sockaddr*) { on_datagram(index, bytes); },
                   .failed = [this, index](const Error& error) { on_failure(index, error); }});
    if (auto connected = server.socket->connect(reinterpret_cast<const sockaddr*>(&server.address));
        !connected)
      return connected;
    if (auto reading = server.socket->receive_start(); !reading) return reading;
  }
  return server.socket->send(query_);
}

bool DnsQuery::State::is_answer(const DnsMessage& head) const {
  if (!head.response || head.id != sent_.id || head.opcode != 0) return false;
  // A server that could not read the question does not repeat it.
  if (head.question.empty()) return head.rcode != 0;
  return head.question_type == sent_.question_type && same_dns_name(head.question, sent_.question);
}

void DnsQuery::State::on_datagram(std::size_t server, std::string_view bytes) {
  const auto keep = shared_from_this();
  const auto head = decode_dns_head(bytes);
  if (!done_ || connector_ != nullptr || connection_ != nullptr) return;
  if (!head || !is_answer(*head)) return;
  truncated_ = head->truncated;
  if (truncated_)
    ask_by_tcp(server);
  else
    succeed(server, bytes, false);
}

// "connection refused": nobody listens there.
void DnsQuery::State::on_failure(std::size_t server, const Error& error) {
  const auto keep = shared_from_this();
  if (!done_ || connector_ != nullptr || connection_ != nullptr || servers_[server].failed) return;
  if (rule_out(server, error.context(servers_[server].name))) ask_next();
}

void DnsQuery::State::ask_by_tcp(std::size_t server) {
  retry_.stop();
  ConnectOptions options;
  options.host = question_.servers[server];
  options.port = question_.port;
  // One that is down leaves time for the others; when it is the only one, our time comes first.
  options.timeout = servers_.size() > 1
                        ? question_.timeout / static_cast<std::int64_t>(servers_.size())
                        : question_.timeout + std::chrono::hours(1);
  connector_ = std::make_unique<Connector>(
      loop_, std::move(options), [this, server](Result<std::unique_ptr<Connection>> result) {
        const auto keep = shared_from_this();
        on_connected(server, std::move(result));
      });
}

void DnsQuery::State::on_connected(std::size_t server, Result<std::unique_ptr<Connection>> result) {
  if (!result) return on_tcp_failure(server, result.error());
  connection_ = std::move(result).value();
  connector_.reset();
  connection_->set_handlers(
      {.data = [this, server](std::string_view bytes) { on_stream(server, bytes); },
       .closed =
           [this, server](const Error& error) {
             const auto keep = shared_from_this();
             on_tcp_failure(server, error.context(servers_[server].name));
           },
       .drained = nullptr});
  const char length[2] = {static_cast<char>(query_.size() >> 8),
                          static_cast<char>(query_.size() & 255)};
  if (const auto sent = connection_->write(std::string(length, 2) + query_); !sent)
    on_tcp_failure(server, sent.error().context(servers_[server].name));
}

// Nobody listens, or it hangs up: the next server is asked, by TCP as well.
void DnsQuery::State::on_tcp_failure(std::size_t server, const Error& error) {
  if (!done_) return;
  connector_.reset();
  connection_.reset();
  inbox_.clear();
  const Error why =
      truncated_ ? error.context("the answer is too long for UDP, and by TCP") : error;
  if (!rule_out(server, why)) return;
  while (servers_[next_].failed) next_ = (next_ + 1) % servers_.size();
  ask_by_tcp(next_);
}

void DnsQuery::State::on_stream(std::size_t server, std::string_view bytes) {
  const auto keep = shared_from_this();
  inbox_ += bytes;
  while (done_ && inbox_.size() >= 2) {
    const std::size_t length = static_cast<std::size_t>(static_cast<unsigned char>(inbox_[0]))
                                   << 8 |
                               static_cast<unsigned char>(inbox_[1]);
    if (inbox_.size() < length + 2) return;
    const std::string message = inbox_.substr(2, length);
    inbox_.erase(0, length + 2);
    const auto head = decode_dns_head(message);
    // Here nobody else can have put in a word: it is the server that is wrong.
    if (!head) return fail(head.error().context(servers_[server].name));
    if (!is_answer(*head))
      return fail({Errc::invalid,
                   format("{} answers a question that was not asked", servers_[server].name)});
    succeed(server, message, true);
  }
}

void DnsQuery::State::too_late() {
  std::string whom;
  for (const Server& server : servers_) whom += (whom.empty() ? "" : ", ") + server.name;
  fail({Errc::timeout,
        format("no answer from {} within {}", whom, format_duration(question_.timeout))});
}

void DnsQuery::State::drop() {
  timer_.stop();
  retry_.stop();
  servers_.clear();
  connector_.reset();
  connection_.reset();
}

std::string DnsQuery::State::asked() const {
  return format("DNS {} {}", dns_type_name(static_cast<std::uint16_t>(question_.type)),
                printable(question_.name, 256));
}

void DnsQuery::State::fail(const Error& error) {
  const Done done = std::exchange(done_, nullptr);
  if (!done) return;
  const auto keep = shared_from_this();
  const Error why = error.context(asked());
  drop();
  done(why);
}

void DnsQuery::State::succeed(std::size_t server, std::string_view bytes, bool tcp) {
  auto message = decode_dns(bytes);
  if (!message) return fail(message.error().context(servers_[server].name));
  const Done done = std::exchange(done_, nullptr);
  DnsAnswer answer;
  answer.message = std::move(message).value();
  answer.server = servers_[server].name;
  answer.tcp = tcp;
  answer.took = system_clock().now() - began_;
  drop();
  done(std::move(answer));
}

DnsQuery::DnsQuery(uv::Loop& loop, DnsQuestion question, Done done)
    : state_(std::make_shared<State>(loop, std::move(question), std::move(done))) {
  loop.post([state = std::weak_ptr<State>(state_)] {
    if (const auto s = state.lock()) s->start();
  });
}

DnsQuery::~DnsQuery() {
  state_->forget();
}

std::vector<std::string> dns_servers_in(std::string_view text) {
  std::vector<std::string> servers;
  while (!text.empty() && servers.size() < kMaxServers) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (!line.starts_with("nameserver")) continue;
    line.remove_prefix(10);
    if (line.empty() || !is_blank(line[0])) continue;
    while (!line.empty() && is_blank(line[0])) line.remove_prefix(1);
    std::string address(line.begin(), std::find_if(line.begin(), line.end(), is_blank));
    sockaddr_storage parsed{};
    if (uv::parse_ip(address, 53, &parsed)) servers.push_back(std::move(address));
  }
  if (servers.empty()) servers.emplace_back("127.0.0.1");
  return servers;
}

std::vector<std::string> system_dns_servers() {
  const auto text = read_regular_file("/etc/resolv.conf", kMaxResolvConf);
  return dns_servers_in(text ? *text : std::string());
}

}  // namespace virgo::net
