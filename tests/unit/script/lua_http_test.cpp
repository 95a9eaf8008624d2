// virgo.http, virgo.hash, virgo.base64 and virgo.random of Lua checks.
#include "unit/script/lua_net_world.hpp"

namespace virgo::script {
namespace {

class LuaHttpTest : public LuaNetTest {
 protected:
  std::string url(const char* scheme = "http") const {
    return format("local url = '{}://127.0.0.1:{}/x'\n", scheme, listener_->port());
  }
};

TEST_F(LuaHttpTest, GetsAResponse) {
  serve(
      answer("HTTP/1.1 201 Made\r\nContent-Length: 4\r\nSet-Cookie: a\r\nX-Y: z\r\n"
             "set-cookie: b\r\n\r\nbody"));
  expect_ok(url() + R"(
    local r = assert(virgo.http.get(url))
    assert(r.status == 201 and r.reason == 'Made' and r.version == 'HTTP/1.1')
    assert(r.body == 'body' and r.truncated == false and r.redirects == 0)
    assert(r.headers['set-cookie'] == 'a, b' and r.headers['x-y'] == 'z')
    assert(r.url == url and r.peer == url:match('//(.-)/'))
    assert(r.phases.total >= r.phases.dns + r.phases.connect + r.phases.first_byte)
    assert(r.phases.connect > 0 and r.phases.first_byte > 0 and r.phases.tls == 0)
    assert(r.certificate == nil and r.tls == nil))");
}

TEST_F(LuaHttpTest, SendsWhatItIsGiven) {
  serve(answer("HTTP/1.1 204 No Content\r\n\r\n"));
  expect_ok(url() + R"(
    local options = { method = 'POST', headers = { ['X-N'] = 7, Accept = 'text/x' },
      query = { b = 'x y&', a = 1 }, body = 'hello', user = 'u', password = 'p' }
    local r = assert(virgo.http.get(url .. '?z=1#part', options))
    assert(options.url == nil)
    assert(r.status == 204 and r.body == ''))");
  EXPECT_EQ(log_heard_.find("POST /x?z=1&a=1&b=x%20y%26 HTTP/1.1\r\n"), 0u) << log_heard_;
  EXPECT_HAS(log_heard_, "\r\nX-N: 7\r\n");
  EXPECT_HAS(log_heard_, "\r\nAccept: text/x\r\n");
  EXPECT_HAS(log_heard_, "\r\nAuthorization: Basic dTpw\r\n");
  EXPECT_HAS(log_heard_, "\r\n\r\nhello");
}

TEST_F(LuaHttpTest, BoundsTheBody) {
  serve(answer("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n0123456789a"));
  expect_ok(url() + R"(
    local r, e = virgo.http.request { url = url, max_body = 10 }
    assert(r == nil and e.code == 'limit' and e.status == 'failed', e)
    assert(tostring(e):find('more than 10B %(max_body%)'), e)
    assert(virgo.http.request { url = url, max_body = 11 }.body == '0123456789a')
    r = virgo.http.request { url = url, max_body = 10, truncate = true }
    assert(r.body == '0123456789' and r.truncated)
    r = virgo.http.request { url = url, max_body = 0, truncate = true }
    assert(r.body == '' and r.truncated))");
  EXPECT_HAS(say(url() + "virgo.http.request { url = url, max_body = 2097153 }"),
             "virgo.http.request: max_body is a whole number from 0 to 2097152");
}

TEST_F(LuaHttpTest, SaysWhatIsWrongWithTheCall) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"virgo.http.get()", "string expected, got no value"},
      {"virgo.http.get('http://a', 5)", "table expected"},
      {"virgo.http.request('http://a')", "table expected"},
      {"virgo.http.request {}", "virgo.http.request: url is missing"},
      {"virgo.http.request { url = 5 }", "url is a text"},
      {"virgo.http.request { url = 'http://a', follows = 1 }",
       "there is no option 'follows' (did you mean 'follow'?)"},
      {"virgo.http.request { url = 'http://a', zzz = 1 }", "there is no option 'zzz'"},
      {"virgo.http.request { url = 'http://a', [true] = 1 }", "the names of options are texts"},
      {"virgo.http.request { url = 'http://a', follow = 21 }", "follow is a whole number"},
      {"virgo.http.request { url = 'http://a', follow = 0.5 }", "follow is a whole number"},
      {"virgo.http.request { url = 'http://a', timeout = 0 }", "timeout is a number of seconds"},
      {"virgo.http.request { url = 'http://a', timeout = 0/0 }", "timeout is a number of seconds"},
      {"virgo.http.request { url = 'http://a', headers = 'x' }", "headers is a table"},
      {"virgo.http.request { url = 'http://a', headers = { 'x' } }",
       "headers has names and values"},
      {"virgo.http.request { url = 'http://a', headers = { x = {} } }", "texts or numbers"},
      {"local h = {} for i = 1, 101 do h['x' .. i] = 1 end "
       "virgo.http.request { url = 'http://a', headers = h }",
       "at most 100 fields"},
      {"virgo.http.request { url = 'http://a', query = 1 }", "query is a table"},
      {"virgo.http.request { url = 'http://a', truncate = 1 }", "truncate is true or false"},
      {"virgo.http.request { url = 'http://a', verify = 'no' }",
       "verify is true, false or \"report\""},
      {"virgo.http.request { url = 'http://a', alpn = 'h2' }", "alpn is a list of texts"},
      {"virgo.http.request { url = 'http://a', ca = 'relative.pem' }", "not a plain absolute path"},
      {"assert(virgo.http.get('gopher://a'))", "'gopher://a' is no URL to ask"},
      {"assert(virgo.http.get('https://a', { ca = '/nowhere.pem' }))", "/nowhere.pem"},
      {"assert(virgo.http.get('https://a', { cert = '/nowhere.pem' }))", "/nowhere.pem"}};
  for (const auto& [body, why] : cases) EXPECT_HAS(say(body), why) << body;
  EXPECT_EQ(run_body("assert(virgo.http.get('gopher://a'))").status(), Status::invalid);
}

TEST_F(LuaHttpTest, FailuresAreValues) {
  const auto port = serve(nullptr);
  listener_.reset();
  expect_ok(format(R"(
    local url = 'http://127.0.0.1:{}/'
    local r, e = virgo.http.get(url)
    assert(r == nil and e.status == 'unreachable')
    assert(e.message:find('^GET ' .. url:gsub('%p', '%%%0') .. ': 127.0.0.1:%d+: connection refused'), e))",
                   port));
  serve(answer("SSH-2.0-x\r\n\r\n"));
  expect_ok(url() + R"(
    local r, e = virgo.http.get(url)
    assert(r == nil and e.status == 'failed' and e.code == 'invalid', e))");
  serve(nullptr);
  expect_ok(url() + R"(
    local r, e = virgo.http.get(url, { timeout = 0.05 })
    assert(r == nil and e.status == 'timeout', e)
    assert(e.message:find('no whole answer within 50ms', 1, true), e))");
}

TEST_F(LuaHttpTest, TheDeadlineOfTheRunEndsIt) {
  serve(nullptr);
  const auto& run = run_body(url() + "virgo.http.get(url)", milliseconds(100));
  EXPECT_EQ(run.status(), Status::timeout);
  EXPECT_HAS(run.text(), "was waiting in virgo.http.request of http://127.0.0.1");
  while (!peers_.at(0)->closed) loop_.run_once(true);
}

TEST_F(LuaHttpTest, FollowsRedirectsOnlyWhenAsked) {
  serve([](Peer& peer) {
    if (peer.heard.find("\r\n\r\n") == std::string::npos) return;
    const bool first = peer.heard.starts_with("GET /x ");
    (void)peer.connection->write(first
                                     ? "HTTP/1.1 302 X\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n"
                                     : "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\ny");
  });
  expect_ok(url() + R"(
    local r = assert(virgo.http.get(url))
    assert(r.status == 302 and r.headers.location == '/y')
    r = assert(virgo.http.get(url, { follow = 1 }))
    assert(r.status == 200 and r.body == 'y' and r.redirects == 1 and r.url:match('/y$')))");
}

TEST_F(LuaHttpTest, ARequestCountsAmongWhatIsOpen) {
  serve(nullptr);
  const auto& run = run_body(url() + R"(
    local host, port = url:match('//(.-):(%d+)/')
    for i = 1, 2 do assert(virgo.tcp.connect(host, tonumber(port))) end
    local asks = {}
    local options = { timeout = 0.2, max_body = 1000 }
    for i = 1, 64 do asks[i] = function() return virgo.http.get(url, options) end end
    local refused = 0
    for _, r in ipairs(virgo.parallel(asks)) do
      if not r.ok and tostring(r.error):find('64 sockets or processes are open in this run', 1, true) then
        refused = refused + 1
      end
    end
    assert(refused == 2, refused)
    -- All have ended: there is room again.
    local r, e = virgo.http.get(url, { timeout = 0.01 })
    assert(e.status == 'timeout'))");
  EXPECT_EQ(run.status(), Status::limit) << run.text();
  EXPECT_HAS(run.text(), "64 sockets or processes are open");
}

TEST_F(LuaHttpTest, WhatIsAskedForAtOnceIsBounded) {
  serve(nullptr);
  const auto& run = run_body(url() + R"(
    local asks = {}
    local options = { timeout = 0.2, max_body = 2 ^ 21 - #url }
    for i = 1, 17 do asks[i] = function() return virgo.http.get(url, options) end end
    local refused = 0
    for _, r in ipairs(virgo.parallel(asks)) do
      if tostring(r.error):find('would hold more than 32MiB together', 1, true) then
        refused = refused + 1
      end
    end
    assert(refused == 1, refused))");
  EXPECT_EQ(run.status(), Status::limit) << run.text();
  EXPECT_HAS(run.text(), "virgo.http.request: what this run waits for would hold more than");
}

TEST_F(LuaHttpTest, SpeaksTls) {
  serve_tls(answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
  expect_ok(url("https") + "local ca = '" + pki().dir.file("ca.pem") + "'\n" + R"(
    local r = assert(virgo.http.get(url, { ca = ca }))
    assert(r.body == 'ok' and r.tls == 'TLSv1.3' and r.phases.tls > 0)
    local c = r.certificate
    assert(c.valid and c.trusted and c.name_match and c.in_time and c.error == nil)
    assert(c.issuer == 'CN=Test CA', c.issuer)
    assert(c.days_left > 0.9 and c.days_left < 1.1, c.days_left)
    assert(c.not_before < virgo.time() and c.not_after > virgo.time())
    local found = {}
    for _, name in ipairs(c.names) do found[name] = true end
    assert(found.localhost and found['127.0.0.1'])
    local e
    r, e = virgo.http.get(url)
    assert(r == nil and e.status == 'failed' and e.code == 'denied', e)
    assert(e.message:find('not signed by a certificate authority', 1, true), e)
    r = assert(virgo.http.get(url, { verify = 'report' }))
    c = r.certificate
    assert(r.status == 200 and not c.valid and not c.trusted and c.name_match and c.in_time)
    assert(c.error:find('not signed by', 1, true))
    r = assert(virgo.http.get(url, { verify = false, server_name = 'other.example' }))
    assert(not r.certificate.name_match)
    r, e = virgo.http.get(url, { ca = ca, server_name = 'other.example' })
    assert(r == nil and e.message:find("not for 'other.example'", 1, true), e))");
}

TEST_F(LuaHttpTest, WhatIsNotAmongTheNeedsIsRefused) {
  EXPECT_HAS(say_with("net = {'udp'}", "virgo.http.get('http://127.0.0.1:1')"),
             "virgo.http.request: tcp is not among the needs");
  EXPECT_HAS(say_with("net = {'tcp'}", "virgo.http.get('http://x', { unix = '/run/x' })"),
             "virgo.http.request: unix is not among the needs");
  EXPECT_HAS(say_with("net = {'tcp'}", "virgo.http.get('https://x', { ca = '/etc/passwd' })"),
             "virgo.http.request: /etc/passwd is not among the needs");
  EXPECT_HAS(say_with("net = {'tcp'}", "virgo.tls.connect('x', 1, { key = '/etc/passwd' })"),
             "virgo.tls.connect: /etc/passwd is not among the needs");
  EXPECT_HAS(say_with("net = {'unix'}", "virgo.tls.connect('x', 1)"),
             "virgo.tls.connect: tcp is not among the needs");
  EXPECT_HAS(say_with("net = {'tcp'}", "virgo.unix.connect('/x')"),
             "virgo.unix.connect: unix is not among the needs");
}

TEST_F(LuaHttpTest, DigestsAreThoseOfTheStandards) {
  expect_ok(R"(
    local hash, hex = virgo.hash, virgo.hash.hex
    assert(hex('') == '' and hex('\0\255') == '00ff')
    assert(hex(hash.md5('abc')) == '900150983cd24fb0d6963f7d28e17f72')
    assert(hex(hash.sha1('abc')) == 'a9993e364706816aba3e25717850c26c9cd0d89d')
    assert(hex(hash.sha256('')) == 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
    assert(#hash.sha512('abc') == 64)
    -- RFC 4231, case 2; RFC 2202, case 1 of MD5
    assert(hex(hash.hmac('sha256', 'Jefe', 'what do ya want for nothing?')) ==
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843')
    assert(hex(hash.hmac('md5', ('\11'):rep(16), 'Hi There')) == '9294727a3638bb1c13f48ef8158bfc9d')
    assert(#hash.hmac('sha512', '', '') == 64)
    -- RFC 6070
    assert(hex(hash.pbkdf2('sha1', 'password', 'salt', 4096, 20)) ==
      '4b007901b765489abead49d926f721d065a429c1')
    assert(hex(hash.pbkdf2('sha1', 'pass\0word', 'sa\0lt', 4096, 16)) ==
      '56fa6aa75548099dcc37d7f03425e0c3')
    assert(#hash.pbkdf2('sha256', '', '', 1, 1024) == 1024)
    for _, call in ipairs {
      function() hash.hmac('sha3', '', '') end, function() hash.pbkdf2('sha1', 'p', 's', 0, 20) end,
      function() hash.pbkdf2('sha1', 'p', 's', 100001, 20) end,
      function() hash.pbkdf2('sha1', 'p', 's', 1, 1025) end,
      function() hash.pbkdf2('sha1', 'p', 's', 100000, 1024) end,
      function() hash.pbkdf2('sha1', 'p', 's', 1.5, 20) end, function() hash.md5() end,
      function() hash.md5({}) end, function() virgo.random(0) end,
      function() virgo.random(65537) end, function() virgo.random(1.5) end,
      function() virgo.base64.encode() end,
    } do assert(not pcall(call)) end)");
}

TEST_F(LuaHttpTest, Base64AndRandomness) {
  expect_ok(R"(
    for _, text in ipairs { '', 'f', 'fo', 'foo', '\0\255\254' } do
      assert(virgo.base64.decode(virgo.base64.encode(text)) == text)
    end
    assert(virgo.base64.encode('foob') == 'Zm9vYg==')
    for _, bad in ipairs { 'Zg', 'Zg=', 'Zh==', 'Z===', '!AAA', 'Zm9v\n' } do
      local bytes, e = virgo.base64.decode(bad)
      assert(bytes == nil and e.code == 'invalid', bad)
    end
    assert(#virgo.random(1) == 1 and #virgo.random(65536) == 65536)
    assert(virgo.random(16) ~= virgo.random(16)))");
}

}  // namespace
}  // namespace virgo::script
