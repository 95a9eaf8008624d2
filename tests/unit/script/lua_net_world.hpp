// Servers on loopback for tests of what Lua checks can call.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/format.hpp"
#include "net/connect.hpp"
#include "net/listener.hpp"
#include "net/tls_upgrade.hpp"
#include "unit/crypto/tls_world.hpp"
#include "unit/script/lua_checks.hpp"

namespace virgo::script {

using ConnectionPtr = std::unique_ptr<net::Connection>;

// One authority for all tests of a program: making keys takes time.
inline const crypto::testing::Pki& pki() {
  static const crypto::testing::Pki p;
  return p;
}

class LuaNetTest : public LuaCheckTest {
 protected:
  struct Peer {
    ConnectionPtr connection;
    std::string heard;
    bool closed = false;
    std::unique_ptr<net::TlsUpgrade> upgrade;
  };
  // Told after each piece of data, and once at the beginning.
  using Play = std::function<void(Peer&)>;

  // No script runs away here, and under sanitizers TLS takes its time.
  void SetUp() override { limits_.lua_budget = limits_.lua_cpu_per_run = std::chrono::seconds(10); }
  void TearDown() override {
    peers_.clear();
    listener_.reset();
    LuaCheckTest::TearDown();
  }
  std::uint16_t serve(Play play, net::ListenOptions options = {}) {
    play_ = std::move(play);
    auto opened = net::Listener::open(loop_, std::move(options),
                                      {[this](ConnectionPtr c) { greet(std::move(c)); },
                                       [](const std::string&, const Error&) {}});
    EXPECT_TRUE(opened.ok());
    listener_ = std::move(opened).value();
    return listener_->port();
  }
  std::uint16_t serve_tls(Play play, const crypto::testing::Pki& who = pki()) {
    net::ListenOptions options;
    options.tls = who.server_context();
    return serve(std::move(play), std::move(options));
  }
  // Answers each request with this text.
  static Play answer(std::string text) {
    return [text = std::move(text)](Peer& peer) {
      if (peer.heard.find("\r\n\r\n") == std::string::npos) return;
      peer.heard.clear();
      (void)peer.connection->write(text);
    };
  }
  void greet(ConnectionPtr connection) {
    peers_.push_back(std::make_unique<Peer>());
    Peer& peer = *peers_.back();
    attach(peer, std::move(connection));
    if (play_) play_(peer);
  }
  void attach(Peer& peer, ConnectionPtr connection) {
    peer.connection = std::move(connection);
    peer.connection->set_handlers({.data =
                                       [this, &peer](std::string_view bytes) {
                                         peer.heard += bytes;
                                         log_heard_ += bytes;
                                         if (play_) play_(peer);
                                       },
                                   .closed = [&peer](const Error&) { peer.closed = true; },
                                   .drained = nullptr});
  }
  // The run of this body ends well.
  void expect_ok(const std::string& body, Duration timeout = std::chrono::seconds(10)) {
    const auto& run = run_body(body, timeout);
    EXPECT_EQ(run.status(), Status::ok) << run.text();
  }
  // What the run of this body says.
  std::string say(const std::string& body) { return run_body(body).text(); }
  // The same of a check that declares these needs: the fields of the table.
  std::string say_with(const std::string& needs, const std::string& body) {
    const std::string type = "needy" + std::to_string(++bodies_);
    load(format("local check = virgo.check {{ name = '{}', metrics = {{ {{ name = 'v' }} }}, "
                "needs = {{ {} }} }}\nfunction check:collect(run)\n{}\nend",
                type, needs, body),
         type + ".lua");
    check::Check* check = make(type);
    EXPECT_NE(check, nullptr);
    return collect(*check).text();
  }

  std::unique_ptr<net::Listener> listener_;
  std::vector<std::unique_ptr<Peer>> peers_;
  Play play_;
  std::string log_heard_;  // by all peers
};

}  // namespace virgo::script
