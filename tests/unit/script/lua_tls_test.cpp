// virgo.tls, virgo.unix and sock:start_tls of Lua checks.
#include <atomic>

#include "unit/script/lua_net_world.hpp"

namespace virgo::script {
namespace {

class LuaTlsTest : public LuaNetTest {
 protected:
  static net::ListenOptions at(const std::string& path) {
    net::ListenOptions options;
    options.path = path;
    return options;
  }
  std::string connect(const std::string& options = "{ ca = ca }") const {
    return format("local ca = '{}'\nlocal s = assert(virgo.tls.connect('127.0.0.1', {}, {}))\n",
                  pki().dir.file("ca.pem"), listener_->port(), options);
  }
  // Says "hello", and becomes TLS when it is asked to.
  Play start_tls_server(std::string extra = "") {
    return [this, extra](Peer& peer) {
      if (peer.heard.empty()) {
        if (peer.connection->tls() == nullptr) (void)peer.connection->write("220 hello\r\n");
      } else if (peer.heard == "STARTTLS\r\n") {
        peer.heard.clear();
        (void)peer.connection->write("220 go\r\n" + extra);
        upgrade(peer);
      } else if (peer.heard == "NOOP\r\n") {
        peer.heard.clear();
        (void)peer.connection->write("250 in TLS\r\n");
      }
    };
  }
  void upgrade(Peer& peer) {
    // Not from within the connection's own callback.
    loop_.post([this, &peer] {
      peer.upgrade = std::make_unique<net::TlsUpgrade>(
          loop_, std::move(peer.connection), pki().server_context()->session().value(),
          std::chrono::seconds(5), [this, &peer](Result<ConnectionPtr> result) {
            if (result) attach(peer, std::move(result).value());
          });
    });
  }
  std::string connect_clear() const {
    return format("local ca = '{}'\nlocal s = assert(virgo.tcp.connect('127.0.0.1', {}))\n",
                  pki().dir.file("ca.pem"), listener_->port());
  }
};

TEST_F(LuaTlsTest, ConnectsAndTellsTheCertificate) {
  serve_tls([](Peer& peer) { (void)peer.connection->write("hello\n"); });
  expect_ok(connect() + R"(
    assert(s:read_line() == 'hello')
    local c = s:certificate()
    assert(c.valid and c.tls == 'TLSv1.3' and c.cipher:find('^TLS_') and c.alpn == '')
    assert(#c.chain == 1 and c.chain[1].subject == c.subject and c.chain[1].days_left == c.days_left)
    assert(#c.fingerprint == 32 * 3 - 1 and #c.serial > 0)
    s:close()
    assert(s:certificate() == nil))");
}

TEST_F(LuaTlsTest, PemTextServesAsWellAsAFile) {
  serve_tls([](Peer& peer) { (void)peer.connection->write("x"); });
  expect_ok(
      format("local ca = [[{}]]\nassert(assert(virgo.tls.connect('127.0.0.1', {}, "
             "{{ ca = ca }})):read(1) == 'x')",
             pki().authority.certificate_pem, listener_->port()));
}

TEST_F(LuaTlsTest, OffersApplicationProtocols) {
  net::ListenOptions options;
  crypto::ServerOptions server;
  server.certificate_pem = pki().server.certificate_pem;
  server.key_pem = pki().server.key_pem;
  server.alpn = {"imap"};
  options.tls = crypto::TlsContext::server(server).value();
  serve([](Peer& peer) { (void)peer.connection->write("x"); }, options);
  expect_ok(connect("{ ca = ca, alpn = { 'h2', 'imap' } }") +
            "assert(s:certificate().alpn == 'imap')");
  EXPECT_HAS(say(connect("{ ca = ca, alpn = { 'h2' } }")), "application protocols");
}

TEST_F(LuaTlsTest, ShowsAClientCertificate) {
  net::ListenOptions options;
  crypto::ServerOptions server;
  server.certificate_pem = pki().server.certificate_pem;
  server.key_pem = pki().server.key_pem;
  server.ca_pem = {pki().server.certificate_pem};
  server.client_certificates = crypto::ClientCertificates::request;
  server.verification = crypto::Verification::none_insecure;
  options.tls = crypto::TlsContext::server(server).value();
  serve(
      [](Peer& peer) {
        (void)peer.connection->write(peer.connection->tls()->peer_certificate() ? "yes" : "no!");
      },
      options);
  const std::string own =
      format("cert = '{}', key = '{}'", pki().dir.file("cert.pem"), pki().dir.file("key.pem"));
  expect_ok(connect("{ ca = ca, " + own + " }") + "assert(s:read(3) == 'yes')");
  expect_ok(connect() + "assert(s:read(3) == 'no!')");
  EXPECT_HAS(say(connect("{ ca = ca, cert = ca }")), "given together");
}

// What a check of certificates asks: each fault told by itself, and together.
TEST_F(LuaTlsTest, ReportsEveryKindOfBadCertificate) {
  using crypto::testing::Pki;
  const Pki old({"127.0.0.1"}, crypto::testing::expired());
  const Pki early({"127.0.0.1"}, crypto::testing::not_yet_valid());
  const Pki other({"other.example"});
  const Pki all({"other.example"}, crypto::testing::expired());
  struct Case {
    const Pki& server;
    const Pki& believed;
    bool trusted, name_match, in_time;
    const char* error;
  };
  for (const Case& c : {Case{old, old, true, true, false, "expired on"},
                        Case{early, early, true, true, false, "not valid before"},
                        Case{other, other, true, false, true, "not for '127.0.0.1'"},
                        Case{pki(), old, false, true, true, "not signed by"},
                        Case{all, pki(), false, false, false, "not signed by"}}) {
    serve_tls(nullptr, c.server);
    expect_ok(
        format("local s = assert(virgo.tls.connect('127.0.0.1', {}, {{ ca = '{}', "
               "verify = 'report' }}))\nlocal c = s:certificate()\n"
               "assert(not c.valid and c.trusted == {} and c.name_match == {} and "
               "c.in_time == {}, c.error)\nassert(c.error:find(\"{}\", 1, true), c.error)\n"
               "assert(c.in_time or c.days_left < 0 or c.not_before > virgo.time())",
               listener_->port(), c.believed.dir.file("ca.pem"), c.trusted, c.name_match, c.in_time,
               c.error));
    const auto& run = run_body(format("assert(virgo.tls.connect('127.0.0.1', {}, {{ ca = '{}' }}))",
                                      listener_->port(), c.believed.dir.file("ca.pem")));
    EXPECT_EQ(run.status(), Status::failed);
    EXPECT_HAS(run.text(), c.error);
  }
}

TEST_F(LuaTlsTest, AChangedFileOfAuthoritiesIsSeen) {
  serve_tls([](Peer& peer) { (void)peer.connection->write("x"); });
  const std::string file = folder_ + "/ca.pem";
  const auto write = [&](const std::string& text) {
    std::FILE* f = std::fopen((file + ".new").c_str(), "w");
    std::fputs(text.c_str(), f);
    std::fclose(f);
    ASSERT_EQ(std::rename((file + ".new").c_str(), file.c_str()), 0);
  };
  const std::string ask = format("assert(virgo.tls.connect('127.0.0.1', {}, {{ ca = '{}' }}))",
                                 listener_->port(), file);
  const auto& missing = run_body(ask);
  EXPECT_EQ(missing.status(), Status::invalid);
  EXPECT_HAS(missing.text(), "virgo.tls.connect: " + file);
  write(crypto::testing::Pki().authority.certificate_pem);
  EXPECT_HAS(say(ask), "not signed by a certificate authority in " + file);
  write(pki().authority.certificate_pem);
  expect_ok(ask);
  expect_ok(ask);
  write("nonsense");
  EXPECT_HAS(say(ask), "holds no certificate");
}

// Workers that are busy for ever stand for a dead mount.
TEST_F(LuaTlsTest, FilesThatDoNotComeBackStopNobodyElse) {
  serve_tls(start_tls_server());
  const auto released = std::make_shared<std::atomic<bool>>(false);
  for (int i = 0; i < 4; ++i) workers_.submit([released] { released->wait(false); });
  const std::vector<std::pair<std::string, const char*>> calls = {
      {connect(), "virgo.tls.connect to 127.0.0.1"},
      {connect_clear() + "s:start_tls { ca = ca }", "sock:start_tls with 127.0.0.1"},
      {"virgo.http.get('https://127.0.0.1/', { ca = '/etc/none' })",
       "virgo.http.request of https://127.0.0.1/"}};
  for (const auto& [body, where] : calls) {
    const auto& run = run_body(body, milliseconds(50));
    EXPECT_EQ(run.status(), Status::timeout);
    EXPECT_HAS(run.text(), where);
  }
  EXPECT_EQ(workers_.load().queued, 0u);
  *released = true;
  released->notify_all();
}

TEST_F(LuaTlsTest, SaysWhatDoesNotSpeakTls) {
  serve([](Peer& peer) { (void)peer.connection->write("SSH-2.0-x\r\n"); });
  EXPECT_HAS(say(connect()), "does not speak TLS (it sent \"SSH-2.0-x");
  serve(nullptr);
  const auto& run = run_body(connect("{ ca = ca, timeout = 0.25 }"));
  EXPECT_EQ(run.status(), Status::timeout);
  EXPECT_HAS(run.text(), "no success within 250ms (while in the TLS handshake)");
}

TEST_F(LuaTlsTest, StartsTlsOnAnOpenConnection) {
  serve(start_tls_server());
  expect_ok(connect_clear() + R"(
    assert(s:read_line() == '220 hello')
    assert(s:certificate() == nil)
    s:write('STARTTLS\r\n')
    assert(s:read_line() == '220 go')
    assert(s:start_tls { ca = ca })
    assert(s:certificate().valid)
    s:write('NOOP\r\n')
    assert(s:read_line() == '250 in TLS')
    local ok, e = s:start_tls { ca = ca }
    assert(not ok and tostring(e):find('in TLS already', 1, true)))");
}

TEST_F(LuaTlsTest, AFailedStartTlsClosesTheSocket) {
  serve(start_tls_server());
  expect_ok(connect_clear() + R"(
    s:read_line()
    s:write('STARTTLS\r\n')
    s:read_line()
    local ok, e = s:start_tls { ca = ca, server_name = 'other.example' }
    assert(not ok and e.status == 'failed' and e.message:find("not for 'other.example'", 1, true), e)
    local bytes, e2 = s:read()
    assert(bytes == nil and e2.code == 'closed')
    ok, e2 = s:start_tls { ca = ca }
    assert(not ok and e2.code == 'closed')
    assert(s:peer() == nil)
    s:close())");
  serve([](Peer& peer) { (void)peer.connection->write("x"); });
  expect_ok(connect_clear() + R"(
    s:read(1)
    local ok, e = s:start_tls { ca = ca, timeout = 0.05 }
    assert(not ok and e.status == 'timeout', e))");
}

// Words put in by somebody in between, before the handshake, must not pass for the server's.
TEST_F(LuaTlsTest, RefusesWhatCameInClearBeforeTheHandshake) {
  serve([](Peer& peer) { (void)peer.connection->write("220 go\r\n250 forged\r\n"); });
  expect_ok(connect_clear() + R"(
    assert(s:read_line() == '220 go')
    local ok, e = s:start_tls { ca = ca }
    assert(not ok and e.message:find('12 bytes of 127.0.0.1:%d+ came in clear and were not read'), e))");
}

TEST_F(LuaTlsTest, TheDeadlineEndsAStartTls) {
  serve(nullptr);
  const auto& run = run_body(connect_clear() + "s:start_tls { ca = ca }", milliseconds(100));
  EXPECT_EQ(run.status(), Status::timeout);
  EXPECT_HAS(run.text(), "was waiting in sock:start_tls with 127.0.0.1");
  while (!peers_.at(0)->closed) loop_.run_once(true);
}

TEST_F(LuaTlsTest, WhatEndsInParallelLetsGoOfTheSocket) {
  serve(nullptr);
  expect_ok(connect_clear() + R"(
    local r = virgo.parallel({ function() return s:start_tls { ca = ca } end,
                               function() error('enough') end }, { timeout = 0.1 })
    local bytes, e = s:read()
    assert(bytes == nil and e.code == 'closed', e))");
}

TEST_F(LuaTlsTest, ConnectsToUnixSockets) {
  const std::string path = folder_ + "/socket";
  serve([](Peer& peer) { (void)peer.connection->write("hi\n"); }, at(path));
  expect_ok(format(R"(
    local s = assert(virgo.unix.connect('{0}'))
    assert(s:read_line() == 'hi' and s:peer() == 'unix:{0}')
    s:close()
    local none, e = virgo.unix.connect('{0}.none', {{ timeout = 1 }})
    assert(none == nil and e.status == 'unreachable', e))",
                   path));
  EXPECT_HAS(say("virgo.unix.connect('relative')"), "the absolute path of a socket");
  EXPECT_HAS(say("assert(virgo.unix.connect('/' .. ('x'):rep(200)))"),
             "cannot be the path of a unix socket");
}

TEST_F(LuaTlsTest, ConnectionsBeingMadeCountAmongWhatIsOpen) {
  serve_tls(nullptr);
  const auto& run = run_body(format(R"(
    local asks, port = {{}}, {}
    for i = 1, 2 do assert(virgo.tcp.connect('127.0.0.1', port)) end
    for i = 1, 64 do asks[i] = function()
      return virgo.tls.connect('127.0.0.1', port, {{ verify = false, timeout = 0.2 }}) end end
    local refused = 0
    for _, r in ipairs(virgo.parallel(asks)) do
      if not r.ok and tostring(r.error):find('64 sockets or processes are open', 1, true) then
        refused = refused + 1
      end
    end
    assert(refused == 2, refused))",
                                    listener_->port()));
  EXPECT_EQ(run.status(), Status::limit) << run.text();
  EXPECT_HAS(run.text(), "64 sockets or processes are open");
}

}  // namespace
}  // namespace virgo::script
