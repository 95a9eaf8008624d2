// virgo.udp, virgo.dns and virgo.icmp of Lua checks.
#include "unit/net/dns_bytes.hpp"
#include "unit/script/lua_net_world.hpp"
#include "uv/udp.hpp"

namespace virgo::script {
namespace {

using namespace net::testing;

class LuaDatagramTest : public LuaNetTest {
 protected:
  void TearDown() override {
    udp_.reset();
    LuaNetTest::TearDown();
  }
  using Reply = std::function<void(std::string_view bytes, const sockaddr* from)>;
  std::uint16_t receive(Reply reply) {
    udp_ = std::make_unique<uv::Udp>(
        loop_, uv::Udp::Handlers{.received =
                                     [this, reply](std::string_view bytes, const sockaddr* from) {
                                       ++received_;
                                       reply(bytes, from);
                                     },
                                 .failed = nullptr});
    EXPECT_TRUE(udp_->bind("127.0.0.1", 0).ok());
    EXPECT_TRUE(udp_->receive_start().ok());
    const sockaddr_storage address = udp_->local_address();
    return uv::port_of(reinterpret_cast<const sockaddr*>(&address));
  }
  std::uint16_t echo() {
    return receive([this](std::string_view bytes, const sockaddr* from) {
      EXPECT_TRUE(udp_->send(bytes, from).ok());
    });
  }
  std::string connect(std::uint16_t port) {
    return format("local s = assert(virgo.udp.connect('127.0.0.1', {}))\n", port);
  }
  std::string dns(std::uint16_t port, const char* what, double timeout = 5) {
    return format(
        "local a, e = virgo.dns.query({}, {{ server = '127.0.0.1', port = {}, "
        "timeout = {} }})\n",
        what, port, timeout);
  }

  std::unique_ptr<uv::Udp> udp_;
  int received_ = 0;
};

TEST_F(LuaDatagramTest, SendsAndReceives) {
  expect_ok(connect(echo()) + R"(
    assert(s:send('one'))
    assert(s:receive() == 'one')
    assert(s:send('') and s:receive(1) == '')
    local large = ('x'):rep(60000)
    assert(s:send(large) and s:receive() == large)
    assert(s:send('a\0b'))
    local bytes, host = s:receive()
    assert(bytes == 'a\0b' and host == nil)
    local host, port = s:address()
    assert(host == '127.0.0.1' and port > 0)
    s:close() s:close()
    local none, e = s:send('x')
    assert(none == nil and e.code == 'closed' and s:address() == nil)
    none, e = s:receive()
    assert(none == nil and e.code == 'closed'))");
}

TEST_F(LuaDatagramTest, SaysWhenNothingComes) {
  const auto port = receive([](std::string_view, const sockaddr*) {});
  expect_ok(connect(port) + R"(
    local bytes, e = s:receive(0.05)
    assert(bytes == nil and e.status == 'timeout' and e.message:find('nothing came in time'), e)
    -- and goes on
    bytes, e = s:receive(0.01)
    assert(e.status == 'timeout'))");
  const auto& run = run_body(connect(port) + "s:receive()", milliseconds(100));
  EXPECT_EQ(run.status(), Status::timeout);
  EXPECT_HAS(run.text(), "was waiting in sock:receive from 127.0.0.1:");
}

TEST_F(LuaDatagramTest, ARefusalIsToldToWhoReceives) {
  const auto port = echo();
  udp_.reset();
  expect_ok(connect(port) + R"(
    s:send('x')
    local bytes, e = s:receive(5)
    assert(bytes == nil and e.status == 'unreachable', e)
    assert(e.message:find('^127.0.0.1:%d+: connection refused'), e))");
}

TEST_F(LuaDatagramTest, BoundSocketsSayWhoSent) {
  expect_ok(R"(
    local server = assert(virgo.udp.bind('127.0.0.1', 0))
    local host, port = server:address()
    local client = assert(virgo.udp.connect(host, port))
    local _, from = client:address()
    assert(client:send('ping'))
    local bytes, h, p = server:receive()
    assert(bytes == 'ping' and h == '127.0.0.1' and p == from)
    assert(server:send('pong', h, p))
    assert(client:receive() == 'pong')
    -- What comes while nobody waits is kept.
    for i = 1, 50 do client:send(tostring(i)) end
    virgo.sleep(0.01)
    for i = 1, 50 do assert(server:receive(1) == tostring(i)) end
    -- A connected one hears its peer only.
    local other = assert(virgo.udp.bind('127.0.0.1', 0))
    other:send('not you', '127.0.0.1', from)
    server:send('you', '127.0.0.1', from)
    assert(client:receive(1) == 'you'))");
}

TEST_F(LuaDatagramTest, AFloodIsLeftToTheSystem) {
  expect_ok(R"(
    local server = assert(virgo.udp.bind('127.0.0.1', 0))
    local host, port = server:address()
    local client = assert(virgo.udp.connect(host, port))
    local large = ('x'):rep(50000)
    for i = 1, 200 do client:send(large) if i % 10 == 0 then virgo.sleep(0) end end
    virgo.sleep(0.02)
    local got = 0
    while server:receive(0.05) do got = got + 1 end
    assert(got >= 4 and got < 200, got)
    assert(client:send('on') and server:receive(1) == 'on'))");
}

TEST_F(LuaDatagramTest, SaysWhatIsWrongWithACall) {
  const std::vector<std::pair<std::string, const char*>> cases = {
      {"virgo.udp.connect()", "string expected, got no value"},
      {"virgo.udp.connect('a', 0)", "a port is a whole number from 1 to 65535"},
      {"virgo.udp.connect('a', 1.5)", "a port is a whole number from 1 to 65535"},
      {"virgo.udp.connect('a', 1, { timeout = -1 })", "timeout is a number of seconds above 0"},
      {"virgo.udp.bind('127.0.0.1', 65536)", "a port is a whole number from 0 to 65535"},
      {"assert(virgo.udp.bind('localhost', 0))", "'localhost' is not an IP address"},
      {"assert(virgo.udp.bind('192.0.2.1', 0))", "cannot receive at 192.0.2.1:0"},
      {"local s = virgo.udp.bind('127.0.0.1', 0) s:send('x')", "string expected, got no value"},
      {"local s = virgo.udp.bind('127.0.0.1', 0) s:send('x', 'localhost', 1)", "an IP address"},
      {"local s = virgo.udp.connect('127.0.0.1', 1) s:send('x', '127.0.0.1', 1)",
       "connected to one"},
      {"local s = virgo.udp.connect('127.0.0.1', 1) assert(s:send(('x'):rep(65508)))",
       "a datagram of 65508 bytes is too large"},
      {"local s = virgo.udp.connect('127.0.0.1', 1) s:receive(-1)", "a timeout in seconds"},
      {"local s = virgo.udp.connect('127.0.0.1', 1) s.receive()", "write it with a colon"},
      {"assert(virgo.udp.connect(('a'):rep(300), 1))", "cannot resolve"},
      {"virgo.dns.query('a')", "string expected, got no value"},
      {"virgo.dns.query('a', 'ANY')", "one of A, AAAA, CAA"},
      {"virgo.dns.query('a', 'A', { servers = 1 })", "(did you mean 'server'?)"},
      {"virgo.dns.query('a', 'A', { port = 0 })", "port is a whole number from 1 to 65535"},
      {"assert(virgo.dns.query('a..b', 'A'))", "'a..b' is no DNS name: it has an empty label"},
      {"assert(virgo.dns.query('a', 'A', { server = 'x' }))", "'x' is no IP address"},
      {"virgo.dns.lookup('a', { family = 5 })", "family is 4 or 6"},
      {"assert(virgo.dns.lookup('127.0.0.1', { family = 6 }))", "no address of that family"},
      {"virgo.icmp.ping()", "string expected, got no value"},
      {"virgo.icmp.ping('a', { size = 15 })", "size is a whole number from 16 to 65507"},
      {"virgo.icmp.ping('a', { size = 65508 })", "size is a whole number from 16 to 65507"},
      {"assert(virgo.icmp.ping('::1', { family = 4 }))", "::1 has no address of that family"}};
  for (const auto& [body, why] : cases) EXPECT_HAS(say(body), why) << body;
}

TEST_F(LuaDatagramTest, AsksNameServers) {
  const auto port = receive([this](std::string_view q, const sockaddr* from) {
    std::string records = dns_record(to_question(), 1, "\x7f\x01\x01\x01") +
                          dns_record(to_question(), 15, u16(10) + wire_name("mx.x"), 300) +
                          dns_record(to_question(), 16, u8(1) + "a" + u8(1) + "b");
    (void)udp_->send(dns_response(q, kResponse | kAuthoritative, 3, records), from);
  });
  expect_ok(dns(port, "'A.example', 'a'") + R"(
    assert(a, e)
    assert(a.rcode == 'NOERROR' and a.authoritative == true and a.tcp == false)
    assert(a.server:find('^127.0.0.1:') and a.seconds > 0)
    assert(#a.answers == 3 and #a.authorities == 0 and #a.additionals == 0)
    local r = a.answers[1]
    assert(r.name == 'A.example' and r.type == 'A' and r.ttl == 60)
    assert(r.address == '127.1.1.1' and r.text == r.address)
    r = a.answers[2]
    assert(r.type == 'MX' and r.preference == 10 and r.exchange == 'mx.x' and r.ttl == 300)
    r = a.answers[3]
    assert(r.text == 'ab' and #r.strings == 2 and r.strings[2] == 'b'))");
  // An address is asked for by its reverse name.
  expect_ok(dns(port, "'192.0.2.1', 'PTR'") +
            "assert(a.answers[1].name == '1.2.0.192.in-addr.arpa', a.answers[1].name)");
}

TEST_F(LuaDatagramTest, FailuresOfNameServersAreValues) {
  const auto port = receive([this](std::string_view q, const sockaddr* from) {
    (void)udp_->send(q.find("silent") != std::string_view::npos ? ""
                     : q.find("none") != std::string_view::npos
                         ? dns_response(q, kResponse | 3, 0, "")
                         : dns_response(q, kResponse, 9, ""),
                     from);
  });
  expect_ok(dns(port, "'none.x', 'A'") + "assert(a.rcode == 'NXDOMAIN' and #a.answers == 0)");
  expect_ok(dns(port, "'bad.x', 'A'") + R"(
    assert(a == nil and e.status == 'failed' and e.code == 'invalid')
    assert(e.message:find('^DNS A bad.x: 127.0.0.1:%d+: the DNS message is damaged'), e))");
  expect_ok(dns(port, "'silent.x', 'A'", 0.2) + "assert(a == nil and e.status == 'timeout', e)");
}

TEST_F(LuaDatagramTest, LooksUpAsTheSystemDoes) {
  expect_ok(R"(
    local list = assert(virgo.dns.lookup('127.0.0.1'))
    assert(#list == 1 and list[1] == '127.0.0.1')
    list = assert(virgo.dns.lookup('localhost', { family = 4, timeout = 5 }))
    assert(#list == 1 and list[1] == '127.0.0.1')
    local none, e = virgo.dns.lookup(('a'):rep(300))
    assert(none == nil and e.message:find("cannot resolve 'aaaa", 1, true), e))");
}

TEST_F(LuaDatagramTest, PingsOrSaysWhyNot) {
  expect_ok(R"(
    local seconds, address, ttl = virgo.icmp.ping('localhost', { family = 4, size = 100 })
    if seconds then
      assert(seconds > 0 and seconds < 5 and address == '127.0.0.1' and ttl == 64)
    else
      assert(address.code == 'denied' and address.message:find('ping_group_range'), address)
    end)");
}

TEST_F(LuaDatagramTest, WhatIsNotAmongTheNeedsIsRefused) {
  EXPECT_HAS(say_with("net = {'tcp'}", "virgo.udp.connect('127.0.0.1', 1)"),
             "virgo.udp.connect: udp is not among the needs");
  EXPECT_HAS(say_with("net = {'udp'}", "virgo.udp.bind('127.0.0.1', 0)"),
             "virgo.udp.bind: listen is not among the needs");
  EXPECT_HAS(
      say_with("net = {'listen'}", "virgo.udp.bind('127.0.0.1', 0):send('x', '127.0.0.1', 1)"),
      "sock:send: udp is not among the needs");
  EXPECT_HAS(say_with("net = {'udp'}", "virgo.dns.query('x', 'A')"),
             "virgo.dns.query: dns is not among the needs");
  EXPECT_HAS(say_with("net = {'udp'}", "virgo.dns.lookup('x')"),
             "virgo.dns.lookup: dns is not among the needs");
  EXPECT_EQ(say_with("net = {'tcp'}", "assert(virgo.dns.lookup('127.0.0.1'))"), "");
  EXPECT_EQ(say_with("net = {'dns'}", "assert(virgo.dns.lookup('127.0.0.1'))"), "");
  EXPECT_HAS(say_with("net = {'udp'}", "virgo.icmp.ping('x')"),
             "virgo.icmp.ping: icmp is not among the needs");
}

TEST_F(LuaDatagramTest, SocketsCountAndAreClosedWithTheRun) {
  const auto& run = run_body(R"(
    for i = 1, 64 do assert(virgo.udp.bind('127.0.0.1', 0)) end
    for _, call in ipairs {
      function() virgo.udp.bind('127.0.0.1', 0) end, function() virgo.udp.connect('127.0.0.1', 1) end,
      function() virgo.dns.query('x', 'A') end, function() virgo.icmp.ping('127.0.0.1') end,
      function() virgo.dns.lookup('127.0.0.1') end,
    } do
      local ok, e = pcall(call)
      assert(not ok and tostring(e):find('64 sockets or processes are open in this run', 1, true), e)
    end)");
  EXPECT_EQ(run.status(), Status::limit) << run.text();
  EXPECT_HAS(run.text(), "64 sockets or processes are open");
}

TEST_F(LuaDatagramTest, TwoCannotWaitForOneSocket) {
  expect_ok(R"(
    local s = assert(virgo.udp.bind('127.0.0.1', 0))
    local r = virgo.parallel({ function() return s:receive(0.05) end,
                               function() return s:receive() end })
    assert(not r[2].ok and tostring(r[2].error):find('another function of virgo.parallel'), r[2].error))");
}

}  // namespace
}  // namespace virgo::script
