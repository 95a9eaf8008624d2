// Connections over loopback, in clear and in TLS.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "net/connect.hpp"
#include "net/listener.hpp"
#include "unit/crypto/tls_world.hpp"
#include "unit/log_capture.hpp"
#include "unit/loop_fixture.hpp"
#include "uv/resolve.hpp"
#include "uv/tcp.hpp"

namespace virgo::net::testing {

using namespace std::chrono_literals;
using ConnectionPtr = std::unique_ptr<Connection>;

// One end, with what it was told.
struct End {
  void attach() {
    connection->set_handlers({.data =
                                  [this](std::string_view b) {
                                    EXPECT_FALSE(b.empty());
                                    EXPECT_FALSE(closed.has_value()) << "data after the end";
                                    data += b;
                                  },
                              .closed =
                                  [this](const Error& e) {
                                    EXPECT_FALSE(closed.has_value()) << "told twice";
                                    closed = e;
                                  },
                              .drained =
                                  [this] {
                                    EXPECT_FALSE(closed.has_value()) << "drained after the end";
                                    ++drained;
                                  }});
  }
  ConnectionPtr connection;
  std::string data;
  std::optional<Error> closed;
  int drained = 0;
};

// One authority for all tests of a program: making keys takes time.
inline const crypto::testing::Pki& pki() {
  static const crypto::testing::Pki p;
  return p;
}

class NetTest : public virgo::testing::LoopTest {
 protected:
  struct Refusal {
    std::string peer;
    Error error;
  };

  void TearDown() override {
    a.connection.reset();
    b.connection.reset();
    accepted.clear();
    listener.reset();
    LoopTest::TearDown();
  }
  void listen(ListenOptions options = {}) {
    auto opened = Listener::open(loop, std::move(options),
                                 {[this](ConnectionPtr c) { accepted.push_back(std::move(c)); },
                                  [this](const std::string& peer, const Error& e) {
                                    refused.push_back({peer, e});
                                  }});
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    listener = std::move(opened).value();
  }
  ListenOptions tls_listen() {
    ListenOptions options;
    options.tls = pki().server_context();
    return options;
  }
  ConnectOptions to_listener(bool tls) {
    ConnectOptions options;
    options.host = "127.0.0.1";
    options.port = listener->port();
    if (tls) options.tls = pki().client();
    return options;
  }
  Result<ConnectionPtr> connect(ConnectOptions options) {
    std::optional<Result<ConnectionPtr>> out;
    const Connector connector(loop, std::move(options),
                              [&](Result<ConnectionPtr> r) { out.emplace(std::move(r)); });
    EXPECT_FALSE(out.has_value()) << "called from the constructor";
    run_until([&] { return out.has_value(); });
    if (!out) return Error{};
    return std::move(*out);
  }
  // a: the client's end, b: the server's.
  void connect_pair(bool tls) {
    if (listener == nullptr) listen(tls ? tls_listen() : ListenOptions{});
    accepted.clear();
    auto r = connect(to_listener(tls));
    ASSERT_TRUE(r.ok()) << r.error().message;
    a = End{std::move(r).value(), {}, {}, 0};
    run_until([&] { return !accepted.empty(); });
    b = End{std::move(accepted.front()), {}, {}, 0};
    accepted.clear();
  }

  std::unique_ptr<Listener> listener;
  std::vector<ConnectionPtr> accepted;
  std::vector<Refusal> refused;
  End a;
  End b;
};

}  // namespace virgo::net::testing
