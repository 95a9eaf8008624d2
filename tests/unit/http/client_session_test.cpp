#include "http/client_session.hpp"

#include <gtest/gtest.h>

#include "unit/http/conformance.hpp"
#include "unit/http/recording.hpp"

namespace virgo::http {
namespace {

using conformance::ok;
using Request = ClientSession::Request;

const Limits kLimits;
const std::string kEmpty = ok("Content-Length: 0\r\n");

struct Client {
  RecordingClient recording{kLimits};
  ClientSession* operator->() { return &recording.session; }
  std::string output() {
    std::string out(recording.session.output());
    recording.session.clear_output();
    return out;
  }
};

Request to(std::string_view method, std::string_view target, std::span<const Header> headers = {}) {
  Request request;
  request.method = method;
  request.target = target;
  request.host = "h.example:81";
  request.headers = headers;
  return request;
}

TEST(HttpClientSession, WritesWholeRequests) {
  Client client;
  const Header headers[] = {{"Accept", "*/*"}};
  EXPECT_TRUE(client->request(to("GET", "/x?y", headers), "").ok());
  EXPECT_EQ(client.output(), "GET /x?y HTTP/1.1\r\nHost: h.example:81\r\nAccept: */*\r\n\r\n");
  EXPECT_TRUE(client->busy());
  client->feed(kEmpty);
  EXPECT_TRUE(client->reusable());
  EXPECT_TRUE(client->request(to("POST", "/"), "hello").ok());
  EXPECT_EQ(client.output(),
            "POST / HTTP/1.1\r\nHost: h.example:81\r\nContent-Length: 5\r\n\r\nhello");
  client->feed(kEmpty);
  EXPECT_TRUE(client->request(to("PUT", "/"), "").ok());
  EXPECT_EQ(client.output(), "PUT / HTTP/1.1\r\nHost: h.example:81\r\nContent-Length: 0\r\n\r\n");
  client->feed(kEmpty);
  EXPECT_TRUE(client->request(to("GET", "/"), "{}").ok());
  EXPECT_EQ(client.output(), "GET / HTTP/1.1\r\nHost: h.example:81\r\nContent-Length: 2\r\n\r\n{}");
}

TEST(HttpClientSession, TheProgramMaySetHostLengthAndConnection) {
  Client client;
  const Header headers[] = {{"host", "other"}, {"content-length", "2"}, {"connection", "Close"}};
  EXPECT_TRUE(client->request(to("POST", "/", headers), "hi").ok());
  EXPECT_EQ(client.output(),
            "POST / HTTP/1.1\r\nhost: other\r\ncontent-length: 2\r\nconnection: Close\r\n\r\nhi");
  client->feed(kEmpty);
  EXPECT_FALSE(client->reusable());
  EXPECT_EQ(client->request(to("GET", "/"), "").error().code, Errc::closed);
}

TEST(HttpClientSession, SaysThatItCloses) {
  Client client;
  Request request = to("GET", "/");
  request.keep_alive = false;
  EXPECT_TRUE(client->request(request, "").ok());
  EXPECT_EQ(client.output(), "GET / HTTP/1.1\r\nHost: h.example:81\r\nConnection: close\r\n\r\n");
  client->feed(kEmpty);
  EXPECT_EQ(client.recording.responses.size(), 1u);
  EXPECT_FALSE(client->reusable());
}

TEST(HttpClientSession, NothingOfABadRequestIsWritten) {
  Client client;
  const auto bad = [&](const Request& request, std::string_view body = {}) {
    const auto whole = client->request(request, body);
    EXPECT_EQ(whole.ok() ? Errc::failed : whole.error().code, Errc::invalid);
    EXPECT_EQ(client.output(), "");
    EXPECT_TRUE(client->reusable());
  };
  bad(to("", "/"));
  bad(to("GE T", "/"));
  bad(to("GET\r\nX: y", "/"));
  bad(to("GET", ""));
  bad(to("GET", "/a b"));
  bad(to("GET", "/a\r\nX: y"));
  bad(to("GET", "/\xc3\xa4"));
  bad(to("GET", "x"));
  bad(to("GET", "*"));
  bad(to("CONNECT", "/x"));
  bad(to("CONNECT", "h"));
  bad(to("CONNECT", "h:1"), "body");
  for (const Header& header :
       {Header{"A", "b\r\nC: d"}, Header{"A\r\nB", "c"}, Header{"A:", "b"}, Header{"", "b"},
        Header{"Host", "a b"}, Header{"Content-Length", "4"}, Header{"Content-Length", "-5"},
        Header{"Transfer-Encoding", "gzip"}}) {
    const Header headers[] = {header};
    bad(to("POST", "/", headers), "hello");
  }
  const Header hosts[] = {{"Host", "a"}, {"Host", "a"}};
  bad(to("GET", "/", hosts));
  for (const char* host : {"", "a b", "a\r\nX: y", "u@h", "h/x", "h:x"}) {
    Request request = to("GET", "/");
    request.host = host;
    bad(request);
  }
}

TEST(HttpClientSession, BodiesInPieces) {
  Client client;
  EXPECT_TRUE(client->write_head(to("POST", "/")).ok());
  EXPECT_TRUE(client->write_body("hel").ok());
  EXPECT_TRUE(client->write_body("").ok());
  EXPECT_TRUE(client->write_body("lo").ok());
  const Header bad[] = {{"Host", "x"}};
  EXPECT_EQ(client->finish(bad).error().code, Errc::invalid);
  const Header trailers[] = {{"A", "b"}};
  EXPECT_TRUE(client->finish(trailers).ok());
  EXPECT_EQ(client.output(),
            "POST / HTTP/1.1\r\nHost: h.example:81\r\nTransfer-Encoding: chunked\r\n\r\n"
            "3\r\nhel\r\n2\r\nlo\r\n0\r\nA: b\r\n\r\n");
  EXPECT_EQ(client->write_body("x").error().code, Errc::failed);
  EXPECT_EQ(client->finish().error().code, Errc::failed);
  client->feed(kEmpty);
  EXPECT_TRUE(client->reusable());

  const Header length[] = {{"Content-Length", "3"}};
  EXPECT_TRUE(client->write_head(to("DELETE", "/", length)).ok());
  EXPECT_TRUE(client->write_body("abc").ok());
  EXPECT_TRUE(client->finish().ok());
  client->feed(kEmpty);
  EXPECT_TRUE(client->reusable());
}

TEST(HttpClientSession, BodiesThatDoNotFitTheirLengthLoseTheConnection) {
  const Header length[] = {{"Content-Length", "3"}};
  Client more;
  EXPECT_TRUE(more->write_head(to("PUT", "/", length)).ok());
  EXPECT_EQ(more->write_body("abcd").error().code, Errc::invalid);
  EXPECT_TRUE(more.output().ends_with("\r\n\r\nabc"));
  EXPECT_TRUE(more->finish().ok());
  more->feed(kEmpty);
  EXPECT_FALSE(more->reusable());

  Client less;
  EXPECT_TRUE(less->write_head(to("PUT", "/", length)).ok());
  EXPECT_TRUE(less->write_body("ab").ok());
  EXPECT_EQ(less->finish().error().code, Errc::invalid);
  EXPECT_FALSE(less->reusable());

  Client none;
  EXPECT_TRUE(none->write_head(to("GET", "/")).ok());
  EXPECT_EQ(none->write_body("x").error().code, Errc::invalid);
}

TEST(HttpClientSession, OneRequestAtATime) {
  Client client;
  EXPECT_EQ(client->finish().error().code, Errc::failed);
  EXPECT_TRUE(client->request(to("GET", "/"), "").ok());
  EXPECT_EQ(client->request(to("GET", "/"), "").error().code, Errc::failed);
  EXPECT_EQ(client->write_head(to("GET", "/")).error().code, Errc::failed);
}

TEST(HttpClientSession, TheNextRequestMayBeginInTheHandler) {
  Client client;
  int more = 3;
  client.recording.on_end = [&] {
    if (more-- > 0) {
      EXPECT_TRUE(client->request(to("GET", "/"), "").ok());
    }
  };
  EXPECT_TRUE(client->request(to("GET", "/"), "").ok());
  client->feed(kEmpty);
  client->feed(ok("Transfer-Encoding: chunked\r\n", "1\r\nx\r\n0\r\n\r\n"));
  client->feed(ok("Content-Length: 1\r\n", "y"));
  client->feed(kEmpty);
  EXPECT_EQ(client.recording.responses.size(), 4u);
  EXPECT_TRUE(client.recording.errors.empty());
}

TEST(HttpClientSession, BytesBehindAResponseNeverAnswerTheNextRequest) {
  for (const std::string& first :
       {kEmpty, ok("Transfer-Encoding: chunked\r\n", "1\r\nx\r\n0\r\n\r\n")}) {
    Client client;
    client.recording.on_end = [&] {
      EXPECT_EQ(client->request(to("GET", "/"), "").error().code, Errc::closed);
    };
    EXPECT_TRUE(client->request(to("GET", "/"), "").ok());
    client->feed(first + conformance::kForged);
    EXPECT_EQ(client.recording.responses.size(), 1u);
    EXPECT_EQ(client.recording.errors.size(), 1u);
    client->feed(conformance::kForged);
    EXPECT_EQ(client.recording.errors.size(), 1u);
  }
}

TEST(HttpClientSession, BytesWithoutARequestAreAnError) {
  Client client;
  client->feed("");
  EXPECT_TRUE(client->reusable());
  client->feed(conformance::kForged);
  EXPECT_FALSE(client->reusable());
  EXPECT_TRUE(client.recording.responses.empty());
  ASSERT_EQ(client.recording.errors.size(), 1u);
  EXPECT_EQ(client.recording.errors[0].code, Errc::invalid);
}

TEST(HttpClientSession, AResponseBeforeTheRequestIsSentLosesTheConnection) {
  Client client;
  EXPECT_TRUE(client->write_head(to("POST", "/")).ok());
  client->feed("HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n");
  ASSERT_EQ(client.recording.responses.size(), 1u);
  EXPECT_TRUE(client.recording.errors.empty());
  EXPECT_FALSE(client->reusable());
  EXPECT_TRUE(client->write_body("x").ok()) << "the program does not know yet";
  EXPECT_TRUE(client->finish().ok());
  EXPECT_FALSE(client->reusable());
}

TEST(HttpClientSession, ErrorsHaveCodesAndReasons) {
  const auto error = [](std::string_view text, bool eof) {
    Client client;
    EXPECT_TRUE(client->request(to("GET", "/"), "").ok());
    client->feed(text);
    if (eof) client->end_of_stream();
    return client.recording.errors.size() == 1 ? client.recording.errors[0] : Error{};
  };
  EXPECT_EQ(error("nonsense", true).code, Errc::closed);
  EXPECT_EQ(error("<html>", false).code, Errc::invalid);
  EXPECT_EQ(error("", true).message, "the server closed the connection without a response");
  EXPECT_EQ(error(ok("Content-Length: 5\r\n", "he"), true).message,
            "the response is cut off: the connection ended within a body");
  EXPECT_EQ(error(ok("A: " + std::string(20000, 'x')), false).code, Errc::limit);
  EXPECT_EQ(error("HTTP/1.1 101 x\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", false).message,
            "the server changed the protocol without being asked");
}

TEST(HttpClientSession, TheEndBetweenRequestsIsNoError) {
  Client client;
  EXPECT_TRUE(client->request(to("GET", "/"), "").ok());
  client->feed(kEmpty);
  client->end_of_stream();
  EXPECT_TRUE(client.recording.errors.empty());
  EXPECT_FALSE(client->reusable());
}

TEST(HttpClientSession, NothingIsCalledAfterAbort) {
  Client client;
  EXPECT_TRUE(client->request(to("GET", "/"), "").ok());
  client.recording.on_end = [&] { client->abort(); };
  client->feed(kEmpty + kEmpty);
  EXPECT_EQ(client.recording.responses.size(), 1u);
  client->feed("x");
  client->end_of_stream();
  EXPECT_TRUE(client.recording.errors.empty());
  EXPECT_FALSE(client->reusable());
}

TEST(HttpClientSession, TheBodyBoundHolds) {
  Limits limits;
  limits.max_body = 5;
  RecordingClient client(limits);
  ASSERT_TRUE(client.session.request(to("GET", "/"), "").ok());
  client.session.feed(ok("Content-Length: 6\r\n"));
  ASSERT_EQ(client.errors.size(), 1u);
  EXPECT_EQ(client.errors[0].code, Errc::limit);
}

// What the client writes, the server reads.
TEST(HttpClientSession, IsUnderstoodByTheServer) {
  const ServerOptions options;
  for (const bool in_pieces : {false, true}) {
    Client client;
    if (in_pieces) {
      EXPECT_TRUE(client->write_head(to("POST", "/x")).ok());
      EXPECT_TRUE(client->write_body("hel").ok());
      EXPECT_TRUE(client->write_body("lo").ok());
      EXPECT_TRUE(client->finish().ok());
    } else {
      EXPECT_TRUE(client->request(to("POST", "/x"), "hello").ok());
    }
    for_each_split(client.output(), [&](const std::vector<std::string_view>& pieces) {
      RecordingServer server(options);
      for (const std::string_view piece : pieces) server.feed(piece);
      ASSERT_EQ(server.requests.size(), 1u);
      EXPECT_EQ(server.requests[0].start, "POST /x");
      EXPECT_EQ(server.requests[0].body, "hello");
      EXPECT_TRUE(server.requests[0].complete);
    });
  }
}

}  // namespace
}  // namespace virgo::http
