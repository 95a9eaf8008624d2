#include "functional/wire.hpp"

#include <gtest/gtest.h>

#include "base/format.hpp"
#include "crypto/tls_context.hpp"
#include "net/connect.hpp"

namespace virgo::functional {

Wire::Wire() : tick_(loop_, [] {}) {
  // So that run_once() comes back to look at the condition.
  tick_.start(std::chrono::milliseconds(10), std::chrono::milliseconds(10));
}

bool Wire::until(const std::function<bool()>& condition, std::chrono::milliseconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    loop_.run_once(true);
  }
  return true;
}

bool Wire::says(Process& process, const std::string& text) {
  const bool said = until([&] { return process.err().find(text) != std::string::npos; });
  if (!said) ADD_FAILURE() << "not said: " << text << "\nstandard error:\n" << process.err();
  return said;
}

Talk::Talk(std::unique_ptr<net::Connection> connection) : connection_(std::move(connection)) {
  connection_->set_max_queued(std::size_t{1} << 30);
  connection_->set_handlers({
      .data = [this](std::string_view bytes) { on_data(bytes); },
      .closed = [this](const Error& error) { why_ = error; },
      .drained = {},
  });
}

void Talk::on_data(std::string_view bytes) {
  partial_ += bytes;
  std::size_t at = 0;
  std::vector<json::Value> fresh;
  for (std::size_t end = partial_.find('\n'); end != std::string::npos;
       end = partial_.find('\n', at)) {
    auto value = json::parse(std::string_view(partial_).substr(at, end - at));
    fresh.push_back(value ? std::move(value).value() : json::Value());
    at = end + 1;
  }
  partial_.erase(0, at);
  for (json::Value& message : fresh) {
    messages_.push_back(std::move(message));
    const json::Value copy = messages_.back();
    if (on_message && !over()) on_message(*this, copy);
  }
}

void Talk::send(std::string_view bytes) {
  if (!over()) (void)connection_->write(bytes);
}

void Talk::close() {
  net::Connection::finish(std::move(connection_));
}

const json::Value* Talk::response(int id) const {
  for (const json::Value& m : messages_)
    if (m.find("method") == nullptr && number_of(m, "id") == id && m.find("id") != nullptr)
      return &m;
  return nullptr;
}

std::string request_line(int id, const std::string& method, const std::string& params) {
  return format(R"({{"v":"1","id":{},"source":"x","target":"y","method":"{}","params":{}}})", id,
                method, params) +
         "\n";
}

std::string result_line(const json::Value& request, const std::string& result) {
  const json::Value* id = request.find("id");
  return format(R"({{"v":"1","id":{},"source":"endpoint","target":"x","result":{}}})",
                id == nullptr ? "null" : json::to_json(*id), result) +
         "\n";
}

FakeEndpoint::FakeEndpoint(Wire& wire, const Endpoint& files, Kind kind) {
  net::ListenOptions options;
  if (kind == Kind::tls) {
    auto tls = crypto::TlsContext::server({.certificate_file = files.dir() + "/server.pem",
                                           .key_file = files.dir() + "/server-key.pem"});
    EXPECT_TRUE(tls.ok());
    options.tls = std::move(tls).value();
  }
  auto listener = net::Listener::open(
      wire.loop(), std::move(options),
      {.accepted =
           [this](std::unique_ptr<net::Connection> connection) {
             talks_.push_back(std::make_unique<Talk>(std::move(connection)));
             talks_.back()->on_message = [this](Talk& talk, const json::Value& m) {
               if (message) message(talk, m);
             };
             if (opened) opened(*talks_.back());
           },
       .refused = {}});
  EXPECT_TRUE(listener.ok());
  listener_ = std::move(listener).value();
}

void FakeEndpoint::answer(Talk& talk, const json::Value& message) {
  const std::string method = text_of(message, "method");
  if (method == "handshake.hello") {
    talk.send(result_line(message, R"({"dialect":"virgo/1","heartbeat_interval":1000})"));
  } else if (method == "heartbeat.post") {
    talk.send(result_line(message, R"({"timestamp":1})"));
  } else if (method == "batch.post") {
    const json::Value& last = message.find("params")->find("reports")->items.back();
    talk.send(result_line(message, format(R"({{"acked":{:.0f}}})", number_of(last, "seq"))));
  }
}

void reissue(const Endpoint& endpoint, const Endpoint& authority,
             const std::vector<std::string>& hosts, const crypto::Validity& validity) {
  const crypto::KeyPair ca{read_file(authority.dir() + "/ca.pem"),
                           read_file(authority.dir() + "/ca-key.pem")};
  const auto made = crypto::make_server_certificate(ca, hosts, validity);
  ASSERT_TRUE(made.ok());
  write_file(endpoint.dir() + "/server.pem", made->certificate_pem);
  write_file(endpoint.dir() + "/server-key.pem", made->key_pem);
}

std::unique_ptr<Talk> call(Wire& wire, const Endpoint& endpoint, bool tls) {
  net::ConnectOptions options;
  options.host = "127.0.0.1";
  options.port = static_cast<std::uint16_t>(endpoint.port());
  options.timeout = kPatience;
  if (tls) {
    auto context = crypto::TlsContext::client({.ca = endpoint.ca()});
    EXPECT_TRUE(context.ok());
    options.tls = std::move(context).value();
  }
  std::optional<Result<std::unique_ptr<net::Connection>>> result;
  const net::Connector connector(
      wire.loop(), std::move(options),
      [&](Result<std::unique_ptr<net::Connection>> r) { result.emplace(std::move(r)); });
  EXPECT_TRUE(wire.until([&] { return result.has_value(); }));
  if (!result || !result->ok()) {
    ADD_FAILURE() << "cannot connect: " << (result ? result->error().message : "no answer");
    return nullptr;
  }
  return std::make_unique<Talk>(std::move(*result).value());
}

std::optional<json::Value> ask(Wire& wire, Talk& talk, int id, const std::string& method,
                               const std::string& params) {
  talk.send(request_line(id, method, params));
  EXPECT_TRUE(wire.until([&] { return talk.response(id) != nullptr || talk.over(); })) << method;
  const json::Value* response = talk.response(id);
  return response == nullptr ? std::nullopt : std::optional(*response);
}

std::string hello_params(const std::string& agent, const std::string& token,
                         const std::string& dialect) {
  return format(R"({{"dialect":"{}","token":"{}","agent_id":"{}","checks":[]}})", dialect, token,
                agent);
}

}  // namespace virgo::functional
