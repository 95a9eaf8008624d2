#include "net/http_server.hpp"

#include <array>

#include "unit/net/net_world.hpp"

namespace virgo::net {
namespace {

using namespace testing;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

// Answers by path: "/" at once, "/later" when told to, "/big" with a large body, "/echo"
// with what came.
class Hello final : public HttpHandler {
 public:
  void on_request(HttpConnection& c, const http::RequestHead& head, bool complete,
                  std::string_view body) override {
    ++requests;
    target = head.target;
    received = body;
    if (target == "/later") {
      waiting.push_back(&c);
    } else if (target == "/big") {
      EXPECT_TRUE(c.respond(200, {}, {}, std::string(big, 'b')).ok());
    } else if (target == "/up") {
      EXPECT_TRUE(c.hand_over().ok());
    } else if (target == "/abort") {
      c.abort();
    } else if (target != "/echo") {
      const http::Header type{"Content-Type", "text/plain"};
      EXPECT_TRUE(c.respond(200, {}, {&type, 1}, "Hello").ok());
    } else if (complete) {
      EXPECT_TRUE(c.respond(200, {}, {}, received).ok());
    }
  }
  void on_body(HttpConnection&, std::string_view bytes) override { received += bytes; }
  void on_body_end(HttpConnection& c, const http::HeaderList&) override {
    if (!c.in_response()) return;
    EXPECT_TRUE(c.respond(200, {}, {}, received).ok());
  }
  void on_drain(HttpConnection&) override { ++drained; }
  void on_upgrade(HttpConnection&, std::unique_ptr<HttpTransport> t, std::string r) override {
    upgraded = std::move(t);
    rest = std::move(r);
  }
  void on_closed(HttpConnection& c, const Error& why) override {
    std::erase(waiting, &c);
    closed.push_back(why);
  }
  void on_rejected(const std::string&, const Error& why) override { rejected.push_back(why); }

  int requests = 0;
  int drained = 0;
  std::size_t big = std::size_t{8} * 1024 * 1024;
  std::string target;
  std::string received;
  std::vector<HttpConnection*> waiting;
  std::unique_ptr<HttpTransport> upgraded;
  std::string rest;
  std::vector<Error> closed;
  std::vector<Error> rejected;
};

class HttpServerTest : public NetTest {
 protected:
  void TearDown() override {
    hello.upgraded.reset();
    server.reset();
    NetTest::TearDown();
  }
  void serve(HttpServerOptions options = {}, ListenOptions at = {}) {
    server = std::make_unique<HttpServer>(loop, options, hello);
    tls = at.tls != nullptr;
    const auto listening = server->listen(std::move(at));
    ASSERT_TRUE(listening.ok()) << listening.error().message;
  }
  std::unique_ptr<End> client() {
    ConnectOptions options;
    options.host = "127.0.0.1";
    options.port = server->port();
    if (tls) options.tls = pki().client();
    auto connected = connect(std::move(options));
    EXPECT_TRUE(connected.ok());
    auto end = std::make_unique<End>();
    end->connection = std::move(connected).value();
    end->connection->set_max_queued(SIZE_MAX);
    end->attach();
    return end;
  }
  static void send(End& end, std::string_view bytes) {
    EXPECT_TRUE(end.connection->write(bytes).ok());
  }
  void expect(End& end, std::string_view text) {
    run_until([&] { return end.data.find(text) != std::string::npos || end.closed; });
    EXPECT_NE(end.data.find(text), std::string::npos) << end.data;
  }

  Hello hello;
  std::unique_ptr<HttpServer> server;
  bool tls = false;
};

TEST_F(HttpServerTest, Answers) {
  serve();
  EXPECT_EQ(server->address(), "127.0.0.1:" + std::to_string(server->port()));
  auto c = client();
  send(*c, kGet);
  expect(*c, "\r\n\r\nHello");
  EXPECT_EQ(c->data.rfind("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n", 0), 0u) << c->data;
  EXPECT_NE(c->data.find("\r\nDate: "), std::string::npos);
  EXPECT_EQ(server->connections(), 1u);
}

TEST_F(HttpServerTest, AnswersOverTls) {
  serve({}, tls_listen());
  auto c = client();
  send(*c, kGet);
  expect(*c, "Hello");
  send(*c, "GET /big HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  run_until([&] { return c->closed.has_value(); });
  EXPECT_GT(c->data.size(), hello.big);
}

TEST_F(HttpServerTest, AnswersABatchInOrder) {
  serve();
  auto c = client();
  std::string batch;
  for (int i = 0; i < 100; ++i) batch += kGet;
  send(*c, batch + "GET /later HTTP/1.1\r\nHost: x\r\n\r\n" + std::string(kGet));
  run_until([&] { return !hello.waiting.empty(); });
  EXPECT_EQ(hello.requests, 101);
  EXPECT_TRUE(hello.waiting[0]->respond(201, {}, {}, "later").ok());
  run_until([&] { return hello.requests == 102; });
  expect(*c, "HTTP/1.1 201 Created");
}

TEST_F(HttpServerTest, HandsOutBodiesAsTheyCome) {
  serve();
  auto c = client();
  send(*c, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc");
  run_until([&] { return hello.received == "abc"; });
  send(*c, "def");
  expect(*c, "\r\n\r\nabcdef");
}

TEST_F(HttpServerTest, ABodyCanBePaused) {
  serve();
  auto c = client();
  const std::size_t size = std::size_t{16} * 1024 * 1024;
  send(*c,
       "POST /later HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n");
  run_until([&] { return !hello.waiting.empty(); });
  HttpConnection& connection = *hello.waiting[0];
  connection.pause_body();
  send(*c, std::string(size, 'x'));
  turn(200);
  EXPECT_LE(hello.received.size(), 128u * 1024u);
  connection.resume_body();
  run_until([&] { return hello.received.size() == size; });
}

TEST_F(HttpServerTest, TellsWhenThereIsRoomAgain) {
  serve();
  auto c = client();
  c->connection->pause();
  send(*c, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  run_until([&] { return !hello.waiting.empty(); });
  HttpConnection& connection = *hello.waiting[0];
  EXPECT_TRUE(connection.write_head(200, {}, {}).ok());
  EXPECT_FALSE(connection.congested());
  const std::string piece(64 * 1024, 'x');
  while (!connection.congested()) ASSERT_TRUE(connection.write_body(piece).ok());
  EXPECT_FALSE(connection.written());
  turn();
  EXPECT_EQ(hello.drained, 0);
  c->connection->resume();
  run_until([&] { return hello.drained == 1; });
  EXPECT_TRUE(connection.written());
  EXPECT_TRUE(connection.finish().ok());
  expect(*c, "\r\n0\r\n\r\n");
}

// A client that asks on and on and never reads.
TEST_F(HttpServerTest, UnreadResponsesStopTheReading) {
  hello.big = std::size_t{1} * 1024 * 1024;
  serve();
  auto c = client();
  c->connection->pause();
  std::string batch;
  for (int i = 0; i < 1000; ++i) batch += "GET /big HTTP/1.1\r\nHost: x\r\n\r\n";
  send(*c, batch);
  turn(200);
  EXPECT_GE(hello.requests, 1);
  EXPECT_LE(hello.requests, 20);
  c->connection->resume();
  run_until([&] {
    c->data.clear();
    return hello.requests == 1000;
  });
}

TEST_F(HttpServerTest, TimesOut) {
  HttpServerOptions options;
  options.timeouts = {.head = 30ms, .idle = 30ms, .body = 30ms, .write = 30ms, .response = 30ms};
  serve(options);
  const std::array<std::pair<const char*, const char*>, 5> cases{{
      {"", ""},
      {"GET / HT", "HTTP/1.1 408 Request Timeout\r\n"},
      {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na",
       "HTTP/1.1 408 Request Timeout\r\n"},
      {"GET /later HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 503 Service Unavailable\r\n"},
      {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK\r\n"},
  }};
  for (const auto& [sent, answer] : cases) {
    auto c = client();
    if (*sent != '\0') send(*c, sent);
    run_until([&] { return c->closed.has_value(); });
    EXPECT_EQ(c->data.substr(0, std::string(answer).size()), answer) << sent;
    if (*answer == '\0') {
      EXPECT_EQ(c->data, "");
    }
  }
  run_until([&] { return server->connections() == 0; });
  ASSERT_EQ(hello.closed.size(), 5u);
  EXPECT_EQ(hello.closed[2].code, Errc::timeout);
  EXPECT_EQ(hello.closed[3].code, Errc::timeout);
  EXPECT_EQ(hello.closed[4].code, Errc::closed);
}

TEST_F(HttpServerTest, GivesUpClientsThatDoNotRead) {
  HttpServerOptions options;
  options.timeouts.write = 30ms;
  serve(options);
  auto c = client();
  c->connection->pause();
  send(*c, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
  run_until([&] { return hello.closed.size() == 1; });
  EXPECT_EQ(hello.closed[0].message, "the client does not read");
}

TEST_F(HttpServerTest, RefusesBadRequestsAndSaysWhy) {
  serve();
  auto c = client();
  send(*c, "GET / HTTP/1.1\r\nHost: x\r\nBad Name: x\r\n\r\n");
  run_until([&] { return hello.closed.size() == 1; });
  expect(*c, "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(hello.closed[0].code, Errc::invalid);
  EXPECT_EQ(hello.requests, 0);
}

TEST_F(HttpServerTest, ConnectionsAreLimited) {
  HttpServerOptions options;
  options.max_connections = 2;
  serve(options);
  auto first = client();
  auto second = client();
  auto third = client();
  run_until([&] { return third->closed.has_value(); });
  ASSERT_EQ(hello.rejected.size(), 1u);
  EXPECT_EQ(hello.rejected[0].message, "2 connections are open, which is the limit");
}

TEST_F(HttpServerTest, ClosesWithGrace) {
  serve();
  auto idle = client();
  auto busy = client();
  send(*idle, kGet);
  expect(*idle, "Hello");
  send(*busy, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  run_until([&] { return !hello.waiting.empty(); });
  int closed = 0;
  server->close([&] { ++closed; });
  server->close([&] { ++closed; });
  EXPECT_EQ(server->port(), 0);
  run_until([&] { return idle->closed.has_value(); });
  EXPECT_EQ(closed, 0);
  EXPECT_TRUE(hello.waiting[0]->respond(200, {}, {}, "last words").ok());
  run_until([&] { return closed == 2; });
  expect(*busy, "last words");
  EXPECT_EQ(server->connections(), 0u);
}

TEST_F(HttpServerTest, AnEmptyServerClosesAtOnce) {
  serve();
  server->close([&] { server.reset(); });  // which may destroy it
  run_until([&] { return server == nullptr; });
}

TEST_F(HttpServerTest, BreaksOff) {
  serve();
  auto first = client();
  send(*first, "GET /abort HTTP/1.1\r\nHost: x\r\n\r\n");
  run_until([&] { return first->closed.has_value(); });
  auto second = client();
  send(*second, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  run_until([&] { return !hello.waiting.empty(); });
  server->abort_all();
  run_until([&] { return hello.closed.size() == 2; });
  EXPECT_EQ(second->data, "");
}

TEST_F(HttpServerTest, HandsTheConnectionOver) {
  serve();
  auto c = client();
  send(*c, "GET /up HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly");
  run_until([&] { return hello.upgraded != nullptr; });
  EXPECT_EQ(hello.rest, "early");
  EXPECT_EQ(server->connections(), 0u);
  auto below = hello.upgraded->release();
  ASSERT_NE(below, nullptr);
  EXPECT_TRUE(below->write("raw").ok());
  run_until([&] { return c->data == "raw"; });
}

// The peer has ended its side, and is answered nevertheless.
TEST_F(HttpServerTest, AnswersHalfOpenConnections) {
  serve();
  auto c = client();
  send(*c, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  c->connection->shutdown(nullptr);
  run_until([&] { return !hello.waiting.empty(); });
  turn();
  EXPECT_TRUE(hello.closed.empty());
  EXPECT_TRUE(hello.waiting[0]->respond(200, {}, {}, "still").ok());
  expect(*c, "still");
  run_until([&] { return hello.closed.size() == 1; });
}

TEST_F(HttpServerTest, ClientsMayVanishAtAnyTime) {
  serve();
  const std::array<const char*, 4> beginnings{
      "", "GET / HT", "GET /later HTTP/1.1\r\nHost: x\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na"};
  for (const char* beginning : beginnings) {
    auto c = client();
    if (*beginning != '\0') send(*c, beginning);
    turn();
    c.reset();
    if (!hello.waiting.empty()) {  // it may hang on, half-open, until answered
      (void)hello.waiting[0]->respond(200, {}, {}, "x");
    }
    run_until([&] { return server->connections() == 0; });
  }
}

TEST_F(HttpServerTest, MayBeDestroyedWithConnections) {
  serve();
  auto first = client();
  auto second = client();
  send(*first, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  run_until([&] { return !hello.waiting.empty(); });
  server.reset();
  run_until([&] { return first->closed.has_value() && second->closed.has_value(); });
  EXPECT_TRUE(hello.closed.empty());
}

TEST_F(HttpServerTest, SaysWhyItCannotListen) {
  serve();
  ListenOptions same;
  same.port = server->port();
  const auto again = server->listen(same);
  ASSERT_FALSE(again.ok());
  EXPECT_NE(again.error().message.find("address already in use"), std::string::npos);
}

}  // namespace
}  // namespace virgo::net
