// The other side of the wire, played by the test: an endpoint or an agent that
// says what the test wants, true or not. All of it runs on the test's own thread,
// inside Wire::until().
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/x509.hpp"
#include "functional/world.hpp"
#include "json/value.hpp"
#include "net/connection.hpp"
#include "net/listener.hpp"
#include "uv/loop.hpp"
#include "uv/timer.hpp"

namespace virgo::functional {

// The test's loop.
class Wire {
 public:
  Wire();
  uv::Loop& loop() { return loop_; }
  // Turns the loop until `condition` holds; false after `patience`.
  bool until(const std::function<bool()>& condition,
             std::chrono::milliseconds patience = kPatience);
  // The same until the standard error of `process` contains `text`.
  bool says(Process& process, const std::string& text);

 private:
  uv::Loop loop_;
  uv::Timer tick_;
};

// One connection. Keeps what came.
class Talk {
 public:
  explicit Talk(std::unique_ptr<net::Connection> connection);

  void send(std::string_view bytes);
  // The polite end, and the rude one.
  void close();
  void cut() { connection_.reset(); }
  void stop_reading() { connection_->pause(); }

  bool over() const { return why_.has_value() || connection_ == nullptr; }
  // Why the other side ended it; "" if it did not.
  std::string why() const { return why_ ? why_->message : ""; }
  // Whole lines received, parsed; those that are not JSON as null.
  const std::vector<json::Value>& messages() const { return messages_; }
  // The response to request `id`, or null.
  const json::Value* response(int id) const;

  // Called for each message as it comes. May end the connection.
  std::function<void(Talk&, const json::Value&)> on_message;

 private:
  void on_data(std::string_view bytes);
  std::unique_ptr<net::Connection> connection_;
  std::string partial_;
  std::vector<json::Value> messages_;
  std::optional<Error> why_;
};

// Lines of the protocol.
std::string request_line(int id, const std::string& method, const std::string& params);
std::string result_line(const json::Value& request, const std::string& result);

// Listens like an endpoint, with the certificate of `files`.
class FakeEndpoint {
 public:
  enum class Kind { tls, plain };
  FakeEndpoint(Wire& wire, const Endpoint& files, Kind kind = Kind::tls);

  int port() const { return listener_->port(); }
  // Connections so far, in order; also those that are over.
  const std::vector<std::unique_ptr<Talk>>& talks() const { return talks_; }

  // What happens to each new connection, and with each message. The second is at
  // first a decent endpoint's behaviour, which is answer().
  std::function<void(Talk&)> opened;
  std::function<void(Talk&, const json::Value&)> message = answer;
  static void answer(Talk& talk, const json::Value& message);

 private:
  std::vector<std::unique_ptr<Talk>> talks_;
  std::unique_ptr<net::Listener> listener_;
};

// Gives `endpoint` a new server certificate, signed by the CA of `authority`; it
// is read at the next start().
void reissue(const Endpoint& endpoint, const Endpoint& authority,
             const std::vector<std::string>& hosts, const crypto::Validity& validity);

// Connects to a running endpoint as an agent would, in TLS or in clear. Null, and
// a failure of the test, if that does not work.
std::unique_ptr<Talk> call(Wire& wire, const Endpoint& endpoint, bool tls = true);
// Sends a request and waits for its response; nothing if the connection ends first.
std::optional<json::Value> ask(Wire& wire, Talk& talk, int id, const std::string& method,
                               const std::string& params);
// Parameters of handshake.hello.
std::string hello_params(const std::string& agent, const std::string& token,
                         const std::string& dialect = "virgo/1");

}  // namespace virgo::functional
