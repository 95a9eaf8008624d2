#include "net/http_exchange.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.hpp"
#include "crypto/tls_session.hpp"
#include "unit/net/net_world.hpp"

namespace virgo::net {
namespace {

using namespace testing;

// A server that plays the next of its answers to each connection whose request is whole.
class HttpExchangeTest : public NetTest {
 protected:
  struct Peer {
    ConnectionPtr connection;
    std::string heard;
    bool answered = false;
  };

  void TearDown() override {
    peers.clear();
    exchange.reset();
    listener.reset();
    other.reset();
    NetTest::TearDown();
  }

  std::unique_ptr<Listener> open(ListenOptions options = {}) {
    auto opened = Listener::open(loop, std::move(options),
                                 {[this](ConnectionPtr c) { greet(std::move(c)); },
                                  [this](const std::string& peer, const Error& e) {
                                    refused.push_back({peer, e});
                                  }});
    EXPECT_TRUE(opened.ok());
    return std::move(opened).value();
  }
  void serve(std::vector<std::string> texts, ListenOptions options = {}) {
    answers = std::move(texts);
    listener = open(std::move(options));
  }
  void greet(ConnectionPtr connection) {
    peers.push_back(std::make_unique<Peer>());
    Peer& peer = *peers.back();
    peer.connection = std::move(connection);
    peer.connection->set_handlers({.data =
                                       [this, &peer](std::string_view bytes) {
                                         peer.heard += bytes;
                                         answer(peer);
                                       },
                                   .closed = [](const Error&) {},
                                   .drained = nullptr});
  }
  void answer(Peer& peer) {
    if (peer.answered || peer.heard.find("\r\n\r\n") == std::string::npos) return;
    peer.answered = true;
    if (served >= answers.size()) return;  // says nothing
    (void)peer.connection->write(answers[served++]);
    if (hang_up) Connection::finish(std::move(peer.connection));
  }
  std::string url(const std::string& target = "/", bool tls = false) const {
    return (tls ? "https" : "http") + ("://127.0.0.1:" + std::to_string(listener->port())) + target;
  }
  Result<HttpResponse> ask(HttpRequest request) {
    std::optional<Result<HttpResponse>> out;
    exchange = std::make_unique<HttpExchange>(
        loop, std::move(request), [&](Result<HttpResponse> r) { out.emplace(std::move(r)); });
    EXPECT_FALSE(out.has_value()) << "called from the constructor";
    run_until([&] { return out.has_value(); });
    if (!out) return Error{};
    return std::move(*out);
  }
  Result<HttpResponse> get(const std::string& answer_text) {
    served = 0;
    if (listener == nullptr)
      serve({answer_text});
    else
      answers = {answer_text};
    HttpRequest request;
    request.url = url();
    return ask(std::move(request));
  }
  std::string failure(HttpRequest request) {
    const auto r = ask(std::move(request));
    if (r) return "";
    last_code = r.error().code;
    return r.error().message;
  }
  std::string heard(std::size_t i = 0) const { return peers.at(i)->heard; }

  std::vector<std::string> answers;
  std::size_t served = 0;
  bool hang_up = false;
  std::vector<std::unique_ptr<Peer>> peers;
  std::unique_ptr<Listener> other;
  std::unique_ptr<HttpExchange> exchange;
  Errc last_code = Errc::failed;
};

TEST_F(HttpExchangeTest, AsksAndGetsTheWholeResponse) {
  const auto r = get("HTTP/1.1 200 Fine\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello");
  ASSERT_TRUE(r.ok()) << r.error().message;
  EXPECT_EQ(r->status, 200);
  EXPECT_EQ(r->reason, "Fine");
  EXPECT_EQ(r->body, "hello");
  EXPECT_FALSE(r->truncated);
  ASSERT_EQ(r->headers.size(), 2u);
  EXPECT_EQ(r->headers[1].first, "X-A");
  EXPECT_EQ(r->url, url());
  EXPECT_EQ(r->peer, "127.0.0.1:" + std::to_string(listener->port()));
  EXPECT_EQ(r->tls_version, "");
  EXPECT_FALSE(r->certificate.has_value());
  EXPECT_GT(r->phases.connect.count(), 0);
  EXPECT_GT(r->phases.first_byte.count(), 0);
  EXPECT_EQ(r->phases.tls.count(), 0);
  EXPECT_GE(r->phases.total, r->phases.dns + r->phases.connect + r->phases.first_byte);
  const std::string asked = heard();
  EXPECT_EQ(asked.find("GET / HTTP/1.1\r\nHost: 127.0.0.1:"), 0u) << asked;
  EXPECT_NE(asked.find("\r\nUser-Agent: virgo/"), std::string::npos);
  EXPECT_NE(asked.find("\r\nConnection: close\r\n"), std::string::npos);
  EXPECT_EQ(asked.find("Content-Length"), std::string::npos);
}

TEST_F(HttpExchangeTest, SendsWhatItIsGiven) {
  serve({"HTTP/1.1 204 No Content\r\n\r\n"});
  HttpRequest request;
  request.method = "PUT";
  request.url = url("/a?b=c");
  request.headers = {{"User-Agent", "mine"}, {"Host", "other.example"}, {"X-Y", "z"}};
  request.body = "text";
  request.user = "joe";
  request.password = "open:sesame";
  const auto r = ask(std::move(request));
  ASSERT_TRUE(r.ok()) << r.error().message;
  EXPECT_EQ(r->status, 204);
  const std::string asked = heard();
  EXPECT_EQ(asked.find("PUT /a?b=c HTTP/1.1\r\n"), 0u);
  EXPECT_NE(asked.find("\r\nHost: other.example\r\n"), std::string::npos);
  EXPECT_EQ(asked.find("127.0.0.1"), std::string::npos);
  EXPECT_EQ(asked.find("virgo/"), std::string::npos);
  EXPECT_NE(asked.find("\r\nX-Y: z\r\n"), std::string::npos);
  EXPECT_NE(asked.find("\r\nAuthorization: Basic am9lOm9wZW46c2VzYW1l\r\n"), std::string::npos);
  EXPECT_NE(asked.find("\r\nContent-Length: 4\r\n"), std::string::npos);
}

TEST_F(HttpExchangeTest, TakesEveryFramingOfABody) {
  EXPECT_EQ(
      get("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n"
          "X-T: 1\r\n\r\n")
          ->body,
      "abcde");
  EXPECT_EQ(get("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")->body, "");
  EXPECT_EQ(get("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")->body,
            "x");
  EXPECT_EQ(get("HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n")->status, 304);
  hang_up = true;
  const auto r = get("HTTP/1.0 200 OK\r\n\r\nuntil the end");
  EXPECT_EQ(r->body, "until the end");
  EXPECT_EQ(r->minor, 0);
}

TEST_F(HttpExchangeTest, HeadHasNoBody) {
  serve({"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n"});
  HttpRequest request;
  request.method = "HEAD";
  request.url = url();
  const auto r = ask(std::move(request));
  ASSERT_TRUE(r.ok()) << r.error().message;
  EXPECT_EQ(r->body, "");
}

TEST_F(HttpExchangeTest, BoundsTheBody) {
  const std::vector<std::pair<std::string, bool>> cases = {
      {"Content-Length: 10\r\n\r\n0123456789", true},
      {"Content-Length: 11\r\n\r\n0123456789a", false},
      {"Transfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n6\r\n456789\r\n0\r\n\r\n", true},
      {"Transfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n7\r\n456789a\r\n0\r\n\r\n", false}};
  serve({});
  for (const auto& [text, fits] : cases) {
    for (const bool truncate : {false, true}) {
      served = 0;
      answers = {"HTTP/1.1 200 OK\r\n" + text};
      HttpRequest request;
      request.url = url("/long");
      request.max_body = 10;
      request.truncate = truncate;
      const auto r = ask(std::move(request));
      ASSERT_EQ(r.ok(), fits || truncate) << text;
      if (r) {
        EXPECT_EQ(r->body, "0123456789");
        EXPECT_EQ(r->truncated, !fits);
      } else {
        EXPECT_EQ(r.error().code, Errc::limit);
        EXPECT_EQ(r.error().message,
                  "GET " + url("/long") + ": the body has more than 10B (max_body)");
      }
    }
  }
}

TEST_F(HttpExchangeTest, FollowsRedirectsAsFarAsAllowed) {
  const std::string to = "Content-Length: 3\r\n\r\nno!";
  const auto chain = [&] {
    served = 0;
    answers = {"HTTP/1.1 302 Found\r\nLocation: /b?x\r\n" + to,
               "HTTP/1.1 301 Moved\r\nLocation: c\r\nTransfer-Encoding: chunked\r\n\r\n",
               "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"};
  };
  serve({});
  chain();
  HttpRequest request;
  request.url = url("/a");
  request.follow = 2;
  auto r = ask(request);
  ASSERT_TRUE(r.ok()) << r.error().message;
  EXPECT_EQ(r->body, "ok");
  EXPECT_EQ(r->redirects, 2u);
  EXPECT_EQ(r->url, url("/c"));
  EXPECT_EQ(heard(1).find("GET /b?x HTTP/1.1\r\n"), 0u);

  chain();
  request.follow = 1;
  EXPECT_EQ(failure(request), "GET " + url("/b?x") + ": more than 1 redirects, the next to c");
  EXPECT_EQ(last_code, Errc::limit);

  chain();
  request.follow = 0;
  r = ask(request);
  ASSERT_TRUE(r.ok());
  EXPECT_EQ(r->status, 302);
  EXPECT_EQ(r->body, "no!");

  served = 0;
  answers = {"HTTP/1.1 302 Found\r\nLocation: gopher://x/\r\n" + to};
  request.follow = 3;
  EXPECT_NE(failure(request).find("the redirect (302): 'gopher://x/' is no URL"),
            std::string::npos);
}

TEST_F(HttpExchangeTest, ARedirectedPostBecomesAGet) {
  for (const int status : {301, 302, 303, 307, 308}) {
    peers.clear();
    served = 0;
    const std::string text = "HTTP/1.1 " + std::to_string(status) + " X\r\nLocation: /n\r\n\r\n";
    if (listener == nullptr) serve({});
    answers = {text, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};
    HttpRequest request;
    request.method = "POST";
    request.url = url();
    request.body = "data";
    request.headers = {{"Content-Type", "text/plain"}};
    request.follow = 1;
    ASSERT_TRUE(ask(std::move(request)).ok());
    const bool kept = status >= 307;
    EXPECT_EQ(heard(1).find(kept ? "POST /n " : "GET /n "), 0u) << status;
    EXPECT_EQ(heard(1).find("Content-Type") != std::string::npos, kept);
  }
}

TEST_F(HttpExchangeTest, CredentialsDoNotLeaveTheOrigin) {
  other = open();
  const std::string there = "http://127.0.0.1:" + std::to_string(other->port()) + "/";
  serve({"HTTP/1.1 302 X\r\nLocation: /again\r\n\r\n",
         "HTTP/1.1 302 X\r\nLocation: " + there + "\r\n\r\n",
         "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"});
  HttpRequest request;
  request.url = url();
  request.url.insert(7, "joe:pw@");
  request.headers = {{"Cookie", "id=1"}, {"X-Kept", "yes"}, {"proxy-authorization", "x"}};
  request.follow = 5;
  const auto r = ask(std::move(request));
  ASSERT_TRUE(r.ok()) << r.error().message;
  EXPECT_EQ(r->url, there);
  EXPECT_NE(heard(0).find("Authorization: Basic"), std::string::npos);
  EXPECT_NE(heard(1).find("Authorization: Basic"), std::string::npos);
  EXPECT_EQ(heard(2).find("Authorization"), std::string::npos);
  EXPECT_EQ(heard(2).find("Cookie"), std::string::npos);
  EXPECT_NE(heard(1).find("proxy-authorization"), std::string::npos);
  EXPECT_EQ(heard(2).find("proxy-authorization"), std::string::npos);
  EXPECT_NE(heard(2).find("X-Kept"), std::string::npos);
}

TEST_F(HttpExchangeTest, MalformedResponsesAreErrors) {
  const std::string before = "GET http://127.0.0.1:";
  for (const char* text :
       {"220 mail.example ESMTP\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n", "HTTP/9.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        "HTTP/1.1 200 OK\r\nBad Header: x\r\n\r\n", "\x16\x03\x01\r\n\r\n"}) {
    const auto r = get(text);
    ASSERT_FALSE(r.ok()) << text;
    EXPECT_EQ(r.error().code, Errc::invalid) << text << r.error().message;
    EXPECT_EQ(r.error().message.find(before), 0u);
  }
  const auto r = get("HTTP/1.1 200 OK\r\nX: " + std::string(20000, 'y') + "\r\n\r\n");
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().code, Errc::limit);
}

TEST_F(HttpExchangeTest, WhatIsNoHttpIsToldAtOnce) {
  // Each says this much and holds the connection.
  for (const auto& [text, shown] : std::initializer_list<std::pair<std::string, std::string>>{
           {"220 mail.example ESMTP\r\n", "220 mail.example ESMTP"},
           {"S", "S"},
           {"\r\n", "\\x0d\\x0a"},
           {"HTTQ/1.1 200 OK", "HTTQ/1.1 200 OK"},
           {"http/1.1 200 OK", "http/1.1 200 OK"},
           {std::string(1, '\0') + "x", "\\x00x"},
           {std::string(70, 'a'), std::string(64, 'a')}}) {
    const auto r = get(text);
    ASSERT_FALSE(r.ok()) << text;
    EXPECT_EQ(r.error().message,
              "GET " + url() + ": the answer is not HTTP: it begins with '" + shown + "'");
    EXPECT_EQ(r.error().code, Errc::invalid);
  }
  const auto r = get("\x15\x03\x01");
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().message,
            "GET " + url() + ": the answer is TLS, not HTTP: ask this port with https:");
}

TEST_F(HttpExchangeTest, AResponseMayComeInPieces) {
  serve({"HT"});
  HttpRequest request;
  request.url = url();
  std::optional<Result<HttpResponse>> out;
  exchange = std::make_unique<HttpExchange>(
      loop, request, [&](Result<HttpResponse> r) { out.emplace(std::move(r)); });
  run_until([&] { return !peers.empty() && peers[0]->answered; });
  for (const char piece : std::string("TP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")) {
    ASSERT_TRUE(peers[0]->connection->write(std::string(1, piece)).ok());
    turn();
  }
  run_until([&] { return out.has_value(); });
  ASSERT_TRUE(out->ok()) << out->error().message;
  EXPECT_EQ((*out)->body, "x");
}

TEST_F(HttpExchangeTest, ResponsesCutShortAreErrors) {
  hang_up = true;
  for (const char* text : {"", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab"}) {
    const auto r = get(text);
    ASSERT_FALSE(r.ok()) << text;
    EXPECT_EQ(r.error().code, Errc::closed) << r.error().message;
  }
}

// A socket that listens on loopback, for a server that is not well-behaved.
struct RawServer {
  Descriptor listening{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)};
  std::uint16_t port = 0;

  RawServer() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listening.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listening.get(), 8), 0);
    EXPECT_EQ(::getsockname(listening.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port = ntohs(address.sin_port);
  }
  int accept() const { return ::accept4(listening.get(), nullptr, nullptr, SOCK_NONBLOCK); }
};

TEST_F(HttpExchangeTest, AResetIsNoEndOfABody) {
  const RawServer server;
  HttpRequest request;
  request.url = "http://127.0.0.1:" + std::to_string(server.port) + "/";
  std::optional<Result<HttpResponse>> out;
  exchange = std::make_unique<HttpExchange>(
      loop, request, [&](Result<HttpResponse> r) { out.emplace(std::move(r)); });
  int fd = -1;
  run_until([&] { return fd >= 0 || (fd = server.accept()) >= 0; });
  std::string asked;
  run_until([&] {
    char bytes[4096];
    const ssize_t n = ::recv(fd, bytes, sizeof bytes, 0);
    if (n > 0) asked.append(bytes, static_cast<std::size_t>(n));
    return asked.find("\r\n\r\n") != std::string::npos;
  });
  const std::string text = "HTTP/1.1 200 OK\r\n\r\nhalf a bo";
  ASSERT_EQ(::send(fd, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  const linger reset{1, 0};
  ASSERT_EQ(::setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
  ::close(fd);
  run_until([&] { return out.has_value(); });
  ASSERT_FALSE(out->ok()) << (*out)->body;
  EXPECT_EQ(out->error().message, "GET " + request.url + ": connection reset by peer");
}

TEST_F(HttpExchangeTest, ARefusalIsHeardThoughTheRequestIsNotSentWhole) {
  const RawServer server;
  HttpRequest request;
  request.method = "POST";
  request.url = "http://127.0.0.1:" + std::to_string(server.port) + "/";
  request.body.assign(std::size_t{16} << 20, 'x');
  const std::string text = "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig";
  for (int i = 0; i < 10; ++i) {
    std::optional<Result<HttpResponse>> out;
    exchange = std::make_unique<HttpExchange>(
        loop, request, [&](Result<HttpResponse> r) { out.emplace(std::move(r)); });
    int fd = -1;
    run_until([&] { return fd >= 0 || (fd = server.accept()) >= 0; });
    ASSERT_EQ(::send(fd, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    ::close(fd);
    run_until([&] { return out.has_value(); });
    ASSERT_TRUE(out->ok()) << out->error().message;
    EXPECT_EQ((*out)->status, 413);
    EXPECT_EQ((*out)->body, "big");
  }
}

TEST_F(HttpExchangeTest, SaysWhatItWaitedForWhenTimeIsUp) {
  serve({});
  HttpRequest request;
  request.url = url();
  request.timeout = 250ms;
  const std::string begin = "GET " + url() + ": no whole answer within 250ms (while ";
  EXPECT_EQ(failure(request), begin + "waiting for its first byte)");
  EXPECT_EQ(last_code, Errc::timeout);
  served = 0;
  answers = {"HTTP/1.1 200 OK\r\n"};
  EXPECT_EQ(failure(request), begin + "reading its head)");
  served = 0;
  answers = {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"};
  EXPECT_EQ(failure(request), begin + "reading its body)");
}

TEST_F(HttpExchangeTest, TheTimeoutIsForAllRedirectsTogether) {
  serve(std::vector<std::string>(100000, "HTTP/1.1 302 X\r\nLocation: /\r\n\r\n"));
  HttpRequest request;
  request.url = url();
  request.timeout = 100ms;
  request.follow = 1000000;
  EXPECT_NE(failure(request).find("no whole answer within 100ms"), std::string::npos);
}

TEST_F(HttpExchangeTest, BadRequestsAreRefusedBeforeAnythingIsSent) {
  serve({});
  HttpRequest good;
  good.url = url();
  HttpRequest bad = good;
  bad.url = "mailto:x";
  EXPECT_NE(failure(bad).find("GET: 'mailto:x' is no URL"), std::string::npos);
  bad = good;
  bad.method = "GE T";
  EXPECT_NE(failure(bad), "");
  EXPECT_EQ(last_code, Errc::invalid);
  bad = good;
  bad.headers = {{"X", "a\r\nY: b"}};
  EXPECT_NE(failure(bad), "");
  EXPECT_EQ(last_code, Errc::invalid);
  bad = good;
  bad.headers = {{"Content-Length", "77"}};
  EXPECT_NE(failure(bad), "");
  bad = good;
  bad.url.replace(0, 4, "https");
  EXPECT_NE(failure(bad), "");
  EXPECT_EQ(last_code, Errc::unsupported);
  for (const auto& peer : peers) EXPECT_EQ(peer->heard, "");
}

TEST_F(HttpExchangeTest, OverTlsTellsTheCertificate) {
  serve({"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"}, tls_listen());
  HttpRequest request;
  request.url = url("/", true);
  request.tls = [] { return pki().client(); };
  auto r = ask(request);
  ASSERT_TRUE(r.ok()) << r.error().message;
  EXPECT_EQ(r->body, "ok");
  EXPECT_EQ(r->tls_version, "TLSv1.3");
  ASSERT_TRUE(r->certificate.has_value());
  EXPECT_EQ(r->certificate->verdict, crypto::CertificateVerdict());
  EXPECT_EQ(r->certificate->chain.size(), 1u);
  EXPECT_GT(r->phases.tls.count(), 0);

  served = 0;
  request.server_name = "elsewhere.example";
  EXPECT_NE(failure(request).find("not for 'elsewhere.example'"), std::string::npos);
  EXPECT_EQ(last_code, Errc::denied);
}

TEST_F(HttpExchangeTest, TlsCutWithoutGoodbyeIsNoEndOfABody) {
  // An end without length must be the server's own word.
  serve({"HTTP/1.1 200 OK\r\n\r\nhalf a bo"}, tls_listen());
  HttpRequest request;
  request.url = url("/", true);
  request.tls = [] { return pki().client(); };
  std::optional<Result<HttpResponse>> out;
  exchange = std::make_unique<HttpExchange>(
      loop, request, [&](Result<HttpResponse> r) { out.emplace(std::move(r)); });
  run_until([&] { return !peers.empty() && peers[0]->answered; });
  turn();
  peers[0]->connection.reset();
  run_until([&] { return out.has_value(); });
  ASSERT_FALSE(out->ok());
  EXPECT_NE(out->error().message.find("without a TLS close"), std::string::npos);
}

TEST_F(HttpExchangeTest, AsksThroughAUnixSocket) {
  const std::string path = "/tmp/virgo-http-" + std::to_string(::getpid());
  ListenOptions options;
  options.path = path;
  serve({"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
         "HTTP/1.1 302 X\r\nLocation: http://127.0.0.1/\r\n\r\n"},
        options);
  HttpRequest request;
  request.url = "http://docker/info";
  request.unix_path = path;
  request.follow = 1;
  const auto r = ask(request);
  ASSERT_TRUE(r.ok()) << r.error().message;
  EXPECT_EQ(r->peer, "unix:" + path);
  EXPECT_EQ(heard().find("GET /info HTTP/1.1\r\nHost: docker\r\n"), 0u);
  EXPECT_NE(failure(request).find("not behind this socket"), std::string::npos);
}

TEST_F(HttpExchangeTest, MayBeGivenUpAtAnyTime) {
  serve({"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"});
  for (int turns = 0; turns < 12; ++turns) {
    served = 0;
    HttpRequest request;
    request.url = url();
    auto asking = std::make_unique<HttpExchange>(loop, request, [](const auto&) { FAIL(); });
    turn(turns);
    asking.reset();
    turn(3);
  }
  // From within its own callback.
  HttpRequest request;
  request.url = "http://127.0.0.1:1/";
  bool done = false;
  exchange = std::make_unique<HttpExchange>(loop, request, [&](const auto&) {
    exchange.reset();
    done = true;
  });
  run_until([&] { return done; });
}

}  // namespace
}  // namespace virgo::net
