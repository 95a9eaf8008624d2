#include "net/http_exchange.hpp"

#include <algorithm>
#include <utility>

#include "base/base64.hpp"
#include "base/format.hpp"
#include "base/text.hpp"
#include "base/version.hpp"
#include "crypto/tls_session.hpp"
#include "http/client_session.hpp"
#include "net/connect.hpp"
#include "net/http_redirect.hpp"
#include "net/url.hpp"
#include "uv/timer.hpp"

namespace virgo::net {
namespace {

// The Connector's own is longer than any: time is kept here.
constexpr Duration kNever = std::chrono::hours(24 * 30);
// What is set aside for a body whose length was announced.
constexpr std::uint64_t kMostReserved = 256u * 1024u;
// Of what is no HTTP, so much is shown.
constexpr std::size_t kBeginning = 64;

bool has_field(const HttpRequest::Fields& fields, std::string_view name) {
  return std::any_of(fields.begin(), fields.end(),
                     [&](const auto& field) { return http::same_name(field.first, name); });
}

// As far as it has come.
bool may_be_http(std::string_view beginning) {
  constexpr std::string_view kHttp = "HTTP/";
  return beginning.substr(0, kHttp.size()) == kHttp.substr(0, beginning.size());
}

// A handshake message or an alert of TLS.
bool is_tls(std::string_view beginning) {
  return beginning[0] == '\x15' || beginning[0] == '\x16';
}

// Its first line, or what there is of it.
std::string shown(std::string_view beginning) {
  const std::string_view line = beginning.substr(0, beginning.find_first_of("\r\n"));
  return printable(line.empty() ? beginning : line, kBeginning);
}

}  // namespace

class HttpExchange::State final : public std::enable_shared_from_this<State>,
                                  private http::ClientSession::Handler {
 public:
  State(uv::Loop& loop, HttpRequest request, Done done)
      : loop_(loop), request_(std::move(request)), done_(std::move(done)), timer_(loop, [this] {
          fail({Errc::timeout, format("no whole answer within {} (while {})",
                                      format_duration(request_.timeout), stage())});
        }) {}
  virtual ~State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void start();
  // Nobody waits any more.
  void forget() {
    done_ = nullptr;
    drop();
  }

 private:
  void on_informational(const http::ResponseHead&) override {}
  void on_response(const http::ResponseHead& head, bool body_complete,
                   std::string_view body) override;
  void on_body(std::string_view bytes) override;
  void on_body_end(const http::HeaderList&) override { complete_ = true; }
  void on_error(const Error& error) override { error_ = error; }

  void refuse_body();
  void connect();
  void connected(Result<std::unique_ptr<Connection>> result);
  Result<void> send();
  http::ClientSession::Request head_of(std::vector<http::Header>& fields,
                                       const std::string& authority) const;
  void on_data(std::string_view bytes);
  bool begins_well(std::string_view bytes);
  void on_ended();
  void on_closed(const Error& error);
  void look();
  void redirect();
  Result<void> go_to(const Url& next);
  void note_peer();
  const char* stage() const;
  void drop();
  void fail(const Error& error);
  void succeed();

  uv::Loop& loop_;
  HttpRequest request_;
  Done done_;
  uv::Timer timer_;
  const TimePoint began_ = system_clock().now();
  TimePoint sent_{};
  Url url_;
  http::Limits limits_;
  std::unique_ptr<Connector> connector_;
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<http::ClientSession> session_;
  HttpResponse response_;
  std::string beginning_;  // of what the connection brings
  std::string location_;
  std::optional<Error> error_;
  bool following_ = false;  // location_
  bool complete_ = false;
};

void HttpExchange::State::start() {
  if (!done_) return;
  auto url = parse_url(request_.url);
  if (!url) return fail(url.error());
  url_ = std::move(url).value();
  if (request_.user.empty() && request_.password.empty()) {
    request_.user = url_.user;
    request_.password = url_.password;
  }
  timer_.start(request_.timeout);
  connect();
}

void HttpExchange::State::connect() {
  const unsigned redirects = response_.redirects;
  response_ = HttpResponse();
  response_.redirects = redirects;
  ConnectOptions options;
  options.host = url_.host;
  options.port = url_.port;
  options.path = request_.unix_path;
  options.timeout = kNever;
  options.server_name = request_.server_name;
  if (url_.secure) {
    auto tls = request_.tls ? request_.tls() : Error{Errc::unsupported, "no TLS here"};
    if (!tls) return fail(tls.error());
    options.tls = std::move(tls).value();
  }
  connector_ = std::make_unique<Connector>(loop_, std::move(options),
                                           [this](Result<std::unique_ptr<Connection>> result) {
                                             const auto keep = shared_from_this();
                                             connected(std::move(result));
                                           });
}

void HttpExchange::State::connected(Result<std::unique_ptr<Connection>> result) {
  if (!result) return fail(result.error());
  response_.phases.dns = connector_->times().resolve;
  response_.phases.connect = connector_->times().connect;
  response_.phases.tls = connector_->times().tls;
  connection_ = std::move(result).value();
  connector_.reset();
  beginning_.clear();
  note_peer();
  connection_->set_handlers({.data = [this](std::string_view bytes) { on_data(bytes); },
                             .closed = [this](const Error& error) { on_closed(error); },
                             .drained = nullptr,
                             .ended = [this] { on_ended(); }});
  if (const auto sent = send(); !sent) fail(sent.error());
}

void HttpExchange::State::note_peer() {
  response_.peer = connection_->peer();
  response_.url = url_.text();
  if (const crypto::TlsSession* tls = connection_->tls()) {
    response_.tls_version = tls->protocol();
    if (auto details = tls->peer_certificate())
      response_.certificate = {*std::move(details), tls->peer_chain(), tls->verdict()};
  }
}

http::ClientSession::Request HttpExchange::State::head_of(std::vector<http::Header>& fields,
                                                          const std::string& authority) const {
  for (const auto& [name, value] : request_.headers) fields.push_back({name, value});
  http::ClientSession::Request head;
  head.method = request_.method;
  head.target = url_.target;
  head.host = authority;
  head.headers = fields;
  head.keep_alive = false;
  return head;
}

Result<void> HttpExchange::State::send() {
  http::ClientSession::Handler& handler = *this;
  session_ = std::make_unique<http::ClientSession>(limits_, handler);
  const std::string authority = url_.authority();
  const std::string agent = format("virgo/{}", kVersion);
  std::string credentials;
  std::vector<http::Header> fields;
  if (!has_field(request_.headers, "User-Agent")) fields.push_back({"User-Agent", agent});
  if (!has_field(request_.headers, "Accept")) fields.push_back({"Accept", "*/*"});
  if ((!request_.user.empty() || !request_.password.empty()) &&
      !has_field(request_.headers, "Authorization")) {
    credentials = "Basic " + encode_base64(request_.user + ":" + request_.password);
    fields.push_back({"Authorization", credentials});
  }
  const auto written = session_->request(head_of(fields, authority), request_.body);
  if (!written) return written;
  auto sent = connection_->write(session_->output());
  session_->clear_output();
  sent_ = system_clock().now();
  return sent;
}

void HttpExchange::State::on_response(const http::ResponseHead& head, bool body_complete,
                                      std::string_view body) {
  response_.status = head.status;
  response_.reason = head.reason;
  response_.minor = head.minor;
  for (const http::Header& field : head.headers)
    response_.headers.emplace_back(field.name, field.value);
  if (request_.follow > 0 && is_redirect(head.status))
    if (const auto location = head.headers.get("Location")) {
      location_ = *location;
      following_ = complete_ = true;  // its body is of no interest
      return;
    }
  if (head.framing == http::Framing::length) {
    if (head.content_length > request_.max_body && !request_.truncate) return refuse_body();
    response_.body.reserve(std::min({head.content_length, request_.max_body, kMostReserved}));
  }
  if (!body.empty()) on_body(body);
  if (body_complete || session_->upgraded()) complete_ = true;
}

void HttpExchange::State::refuse_body() {
  error_ = {Errc::limit,
            format("the body has more than {} (max_body)", format_size(request_.max_body))};
  session_->abort();
}

void HttpExchange::State::on_body(std::string_view bytes) {
  if (complete_) return;
  const std::uint64_t room = request_.max_body - response_.body.size();
  if (bytes.size() > room && !request_.truncate) return refuse_body();
  response_.body.append(bytes.substr(0, room));
  if (bytes.size() <= room) return;
  response_.truncated = complete_ = true;
}

void HttpExchange::State::on_data(std::string_view bytes) {
  const auto keep = shared_from_this();
  if (response_.phases.first_byte.count() == 0)
    response_.phases.first_byte = system_clock().now() - sent_;
  if (!begins_well(bytes)) return;
  session_->feed(bytes);
  look();
}

// What is no HTTP is told at once: a server that speaks something else may never send the
// blank line that ends a head. False: it has failed.
bool HttpExchange::State::begins_well(std::string_view bytes) {
  if (beginning_.size() >= kBeginning) return true;
  beginning_ += bytes.substr(0, kBeginning - beginning_.size());
  if (may_be_http(beginning_)) return true;
  if (is_tls(beginning_) && connection_->tls() == nullptr)
    fail({Errc::invalid, "the answer is TLS, not HTTP: ask this port with https:"});
  else
    fail({Errc::invalid, format("the answer is not HTTP: it begins with '{}'", shown(beginning_))});
  return false;
}

// In order, which ends a body without a length.
void HttpExchange::State::on_ended() {
  const auto keep = shared_from_this();
  session_->end_of_stream();
  look();
}

void HttpExchange::State::on_closed(const Error& error) {
  const auto keep = shared_from_this();
  if (!complete_) error_ = error;
  look();
}

void HttpExchange::State::look() {
  if (complete_) {
    following_ ? redirect() : succeed();
  } else if (error_) {
    fail(Error(*error_));
  }
}

void HttpExchange::State::redirect() {
  if (response_.redirects >= request_.follow)
    return fail({Errc::limit, format("more than {} redirects, the next to {}", request_.follow,
                                     printable(location_, 128))});
  const auto next = resolve_url(url_, location_);
  if (!next) return fail(next.error().context(format("the redirect ({})", response_.status)));
  if (const auto possible = go_to(*next); !possible) fail(possible.error());
}

Result<void> HttpExchange::State::go_to(const Url& next) {
  if (auto possible = redirect_request(request_, response_.status, url_, next); !possible)
    return possible;
  drop();
  url_ = next;
  error_.reset();
  following_ = complete_ = false;
  ++response_.redirects;
  timer_.start(request_.timeout - (system_clock().now() - began_));
  connect();
  return {};
}

const char* HttpExchange::State::stage() const {
  if (connector_ != nullptr) return connector_->stage();
  if (response_.phases.first_byte.count() == 0) return "waiting for its first byte";
  return response_.status == 0 ? "reading its head" : "reading its body";
}

void HttpExchange::State::drop() {
  timer_.stop();
  connector_.reset();
  connection_.reset();
}

void HttpExchange::State::fail(const Error& error) {
  const Done done = std::exchange(done_, nullptr);
  if (!done) return;
  const auto keep = shared_from_this();
  const std::string asked = url_.host.empty() ? "" : " " + printable(url_.text(), 256);
  const Error why = error.context(printable(request_.method, 32) + asked);
  drop();
  done(why);
}

void HttpExchange::State::succeed() {
  const Done done = std::exchange(done_, nullptr);
  if (!done) return;
  response_.phases.total = system_clock().now() - began_;
  drop();
  done(std::move(response_));
}

HttpExchange::HttpExchange(uv::Loop& loop, HttpRequest request, Done done)
    : state_(std::make_shared<State>(loop, std::move(request), std::move(done))) {
  loop.post([state = std::weak_ptr<State>(state_)] {
    if (const auto s = state.lock()) s->start();
  });
}

HttpExchange::~HttpExchange() {
  state_->forget();
}

}  // namespace virgo::net
