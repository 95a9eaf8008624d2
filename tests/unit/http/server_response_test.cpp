#include <gtest/gtest.h>

#include "unit/http/conformance.hpp"
#include "unit/http/recording.hpp"

namespace virgo::http {
namespace {

using conformance::get;

// A session with one request that waits for its response.
struct Waiting {
  explicit Waiting(std::string_view request = get(""), ServerOptions o = {})
      : options(o), server(options) {
    server.respond = nullptr;
    server.feed(request);
  }
  std::string output() {
    server.take();
    return server.output;
  }
  ServerSession* operator->() { return &server.session; }

  ServerOptions options;
  RecordingServer server;
};

const std::string kOld = "GET / HTTP/1.0\r\n\r\n";
const std::string kOldKept = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
const std::string kHead = "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n";

TEST(HttpServerResponse, HeadAndBodyTogether) {
  FakeClock clock;
  DateCache date(clock);
  ServerOptions options;
  options.date = &date;
  Waiting w(get(""), options);
  const Header headers[] = {{"Content-Type", "text/plain"}};
  EXPECT_TRUE(w->respond(200, "", headers, "hello").ok());
  EXPECT_EQ(w.output(), "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: " +
                            std::string(date.now()) + "\r\nContent-Length: 5\r\n\r\nhello");
}

TEST(HttpServerResponse, WhatTheProgramSetsIsNotSetAgain) {
  DateCache date;
  ServerOptions options;
  options.date = &date;
  Waiting w(get(""), options);
  const Header headers[] = {{"date", "now"}, {"CONTENT-LENGTH", "5"}, {"connection", "close"}};
  EXPECT_TRUE(w->respond(201, "Made", headers, "hello").ok());
  EXPECT_EQ(
      w.output(),
      "HTTP/1.1 201 Made\r\ndate: now\r\nCONTENT-LENGTH: 5\r\nconnection: close\r\n\r\nhello");
  EXPECT_TRUE(w->wants_close());
}

TEST(HttpServerResponse, ALargeBodyMayBeLeftToTheCaller) {
  std::string_view unsent = "?";
  const std::string body(100'000, 'x');
  Waiting w;
  EXPECT_TRUE(w->respond_apart(200, "", {}, body, &unsent).ok());
  EXPECT_EQ(w.output(), "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
  EXPECT_EQ(unsent.data(), body.data());
  EXPECT_EQ(unsent.size(), body.size());
  EXPECT_FALSE(w->in_response());
  EXPECT_EQ(w->respond_apart(200, "", {}, body, &unsent).error().code, Errc::closed);
  EXPECT_EQ(unsent, "");

  Waiting head(kHead);
  EXPECT_TRUE(head->respond_apart(200, "", {}, body, &unsent).ok());
  EXPECT_EQ(head.output(), "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
  EXPECT_EQ(unsent, "");

  Waiting chunked;
  const Header headers[] = {{"Transfer-Encoding", "chunked"}};
  EXPECT_TRUE(chunked->respond_apart(200, "", headers, "hello", &unsent).ok());
  EXPECT_TRUE(chunked.output().ends_with("5\r\nhello\r\n0\r\n\r\n"));
  EXPECT_EQ(unsent, "");

  Waiting wrong;
  const Header length[] = {{"Content-Length", "4"}};
  EXPECT_EQ(wrong->respond_apart(200, "", length, "hello", &unsent).error().code, Errc::invalid);
  EXPECT_EQ(wrong.output() + std::string(unsent), "");
}

TEST(HttpServerResponse, TheDateMayBeOmittedOnce) {
  DateCache date;
  ServerOptions options;
  options.date = &date;
  Waiting w(get("") + get(""), options);
  w->omit_date();
  EXPECT_TRUE(w->respond(200, "", {}, "").ok());
  EXPECT_EQ(w.output(), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  w->proceed();
  EXPECT_TRUE(w->respond(200, "", {}, "").ok());
  EXPECT_NE(w.output().find("\r\nDate: "), std::string::npos);
}

TEST(HttpServerResponse, NothingOfABadOneIsWritten) {
  Waiting w;
  const auto bad = [&](int status, std::string_view reason, const Header& header,
                       std::string_view body) {
    const Header headers[] = {{"A", "b"}, header};
    const auto whole = w->respond(status, reason, headers, body);
    EXPECT_EQ(whole.ok() ? Errc::failed : whole.error().code, Errc::invalid);
    EXPECT_EQ(w.output(), "");
  };
  bad(199, "", {"B", "c"}, "");
  bad(600, "", {"B", "c"}, "");
  bad(101, "", {"B", "c"}, "");
  bad(200, "a\r\nB: c", {"B", "c"}, "");
  bad(200, "", {"B", "c\r\nD: e"}, "");
  bad(200, "", {"B", "c\nD: e"}, "");
  bad(200, "", {"B", std::string_view("c\0", 2)}, "");
  bad(200, "", {"B\r\nC", "d"}, "");
  bad(200, "", {"B ", "d"}, "");
  bad(200, "", {"", "d"}, "");
  bad(200, "", {"Content-Length", "4"}, "hello");
  bad(200, "", {"Content-Length", "6"}, "hello");
  bad(200, "", {"Content-Length", "five"}, "hello");
  bad(200, "", {"Transfer-Encoding", "gzip"}, "hello");
  bad(200, "", {"Transfer-Encoding", "gzip, chunked"}, "hello");
  const Header twice[] = {{"Content-Length", "5"}, {"Content-Length", "5"}};
  EXPECT_FALSE(w->respond(200, "", twice, "hello").ok());
  const Header both[] = {{"Content-Length", "5"}, {"Transfer-Encoding", "chunked"}};
  EXPECT_FALSE(w->write_head(200, "", both).ok());
  EXPECT_EQ(w.output(), "");
  EXPECT_TRUE(w->respond(200, "", {}, "good").ok()) << "another may follow";
  EXPECT_FALSE(w->wants_close());
}

TEST(HttpServerResponse, InPiecesWithALength) {
  Waiting w;
  const Header headers[] = {{"Content-Length", "5"}};
  EXPECT_TRUE(w->write_head(200, "", headers).ok());
  EXPECT_TRUE(w->response_begun());
  EXPECT_TRUE(w->write_body("hel").ok());
  EXPECT_TRUE(w->write_body("").ok());
  EXPECT_TRUE(w->write_body("lo").ok());
  EXPECT_TRUE(w->in_response());
  EXPECT_TRUE(w->finish().ok());
  EXPECT_FALSE(w->in_response());
  EXPECT_EQ(w.output(), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_FALSE(w->wants_close());
}

TEST(HttpServerResponse, MoreThanItsLengthIsCutAndCloses) {
  Waiting w;
  const Header headers[] = {{"Content-Length", "5"}};
  EXPECT_TRUE(w->write_head(200, "", headers).ok());
  EXPECT_EQ(w->write_body("hello, world").error().code, Errc::invalid);
  EXPECT_EQ(w->write_body("x").error().code, Errc::invalid);
  EXPECT_TRUE(w->finish().ok());
  EXPECT_EQ(w.output(), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_TRUE(w->wants_close());
}

TEST(HttpServerResponse, LessThanItsLengthCloses) {
  Waiting w(get("") + get(""));
  const Header headers[] = {{"Content-Length", "5"}};
  EXPECT_TRUE(w->write_head(200, "", headers).ok());
  EXPECT_TRUE(w->write_body("hell").ok());
  EXPECT_EQ(w->finish().error().code, Errc::invalid);
  EXPECT_TRUE(w->wants_close());
  w->proceed();
  EXPECT_EQ(w.server.requests.size(), 1u);
}

TEST(HttpServerResponse, InChunksWithTrailers) {
  Waiting w;
  EXPECT_TRUE(w->write_head(200, "", {}).ok());
  EXPECT_TRUE(w->write_body("hel").ok());
  EXPECT_TRUE(w->write_body("").ok());
  EXPECT_TRUE(w->write_body("lo").ok());
  const Header bad[] = {{"Content-Length", "5"}};
  EXPECT_EQ(w->finish(bad).error().code, Errc::invalid);
  EXPECT_TRUE(w->in_response());
  const Header trailers[] = {{"A", "b"}};
  EXPECT_TRUE(w->finish(trailers).ok());
  EXPECT_EQ(w.output(),
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            "3\r\nhel\r\n2\r\nlo\r\n0\r\nA: b\r\n\r\n");
  EXPECT_FALSE(w->wants_close());
}

TEST(HttpServerResponse, ChunkedMayBeAskedFor) {
  const Header headers[] = {{"transfer-encoding", "Chunked"}};
  Waiting whole;
  EXPECT_TRUE(whole->respond(200, "", headers, "hello").ok());
  EXPECT_EQ(whole.output(),
            "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
  Waiting old(kOldKept);
  EXPECT_TRUE(old->respond(200, "", headers, "hello").ok());
  EXPECT_EQ(old.output(), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello");
  EXPECT_TRUE(old->wants_close());
}

TEST(HttpServerResponse, ToHttp10) {
  Waiting kept(kOldKept);
  EXPECT_TRUE(kept->respond(200, "", {}, "hi").ok());
  EXPECT_EQ(kept.output(),
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nhi");
  EXPECT_FALSE(kept->wants_close());

  Waiting closed(kOld);
  EXPECT_TRUE(closed->respond(200, "", {}, "hi").ok());
  EXPECT_EQ(closed.output(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi");
  EXPECT_TRUE(closed->wants_close());

  Waiting pieces(kOldKept);
  EXPECT_TRUE(pieces->write_head(200, "", {}).ok());
  EXPECT_TRUE(pieces->write_body("h").ok());
  EXPECT_TRUE(pieces->write_body("i").ok());
  const Header trailers[] = {{"A", "b"}};
  EXPECT_TRUE(pieces->finish(trailers).ok());
  EXPECT_EQ(pieces.output(), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhi");
  EXPECT_TRUE(pieces->wants_close());
}

TEST(HttpServerResponse, ToHeadHasNoBody) {
  Waiting whole(kHead);
  EXPECT_TRUE(whole->respond(200, "", {}, "hello").ok());
  EXPECT_EQ(whole.output(), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");

  Waiting told(kHead);
  const Header headers[] = {{"Content-Length", "1234"}};
  EXPECT_TRUE(told->respond(200, "", headers, "").ok());
  EXPECT_EQ(told.output(), "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n");
  EXPECT_FALSE(told->wants_close());

  Waiting unknown(kHead);
  EXPECT_TRUE(unknown->respond(200, "", {}, "").ok());
  EXPECT_EQ(unknown.output(), "HTTP/1.1 200 OK\r\n\r\n");

  Waiting pieces(kHead);
  EXPECT_TRUE(pieces->write_head(200, "", headers).ok());
  EXPECT_TRUE(pieces->write_body("hello").ok());
  EXPECT_TRUE(pieces->finish().ok());
  EXPECT_EQ(pieces.output(), "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n");

  Waiting chunked(kHead);
  EXPECT_TRUE(chunked->write_head(200, "", {}).ok());
  EXPECT_TRUE(chunked->write_body("hello").ok());
  EXPECT_TRUE(chunked->finish().ok());
  EXPECT_EQ(chunked.output(), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_FALSE(chunked->wants_close());
}

TEST(HttpServerResponse, WithoutABodyByItsStatus) {
  Waiting none;
  const Header headers[] = {{"Content-Length", "5"}};
  EXPECT_TRUE(none->respond(204, "", headers, "hello").ok());
  EXPECT_EQ(none.output(), "HTTP/1.1 204 No Content\r\n\r\n");

  Waiting cached;
  EXPECT_TRUE(cached->respond(304, "", headers, "").ok());
  EXPECT_EQ(cached.output(), "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n");

  Waiting pieces;
  EXPECT_TRUE(pieces->write_head(204, "", {}).ok());
  EXPECT_TRUE(pieces->write_body("hello").ok());
  EXPECT_TRUE(pieces->finish().ok());
  EXPECT_EQ(pieces.output(), "HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_FALSE(pieces->wants_close());

  Waiting reset;
  EXPECT_TRUE(reset->respond(205, "", {}, "").ok());
  EXPECT_EQ(reset.output(), "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n");
}

TEST(HttpServerResponse, InTheWrongOrder) {
  const ServerOptions options;
  RecordingServer nothing(options);
  EXPECT_EQ(nothing.session.respond(200, "", {}, "").error().code, Errc::closed);
  EXPECT_EQ(nothing.session.write_head(200, "", {}).error().code, Errc::closed);

  Waiting w;
  EXPECT_EQ(w->write_body("x").error().code, Errc::failed);
  EXPECT_EQ(w->finish().error().code, Errc::failed);
  EXPECT_TRUE(w->write_head(200, "", {}).ok());
  EXPECT_EQ(w->write_head(200, "", {}).error().code, Errc::failed);
  EXPECT_EQ(w->respond(200, "", {}, "").error().code, Errc::failed);
  EXPECT_EQ(w->write_informational(103, {}).error().code, Errc::failed);
  EXPECT_EQ(w->accept_upgrade({}).error().code, Errc::failed);
  EXPECT_TRUE(w->finish().ok());
  EXPECT_EQ(w->finish().error().code, Errc::closed);
  EXPECT_EQ(w->write_body("x").error().code, Errc::closed);
}

TEST(HttpServerResponse, InterimResponses) {
  Waiting w;
  const Header headers[] = {{"Link", "</x>"}};
  EXPECT_TRUE(w->write_informational(103, headers).ok());
  for (const int status : {99, 100, 101, 200})
    EXPECT_EQ(w->write_informational(status, {}).error().code, Errc::invalid) << status;
  EXPECT_EQ(w.output(), "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n");
  EXPECT_TRUE(w->respond(200, "", {}, "").ok());
  Waiting old(kOld);
  EXPECT_TRUE(old->write_informational(103, headers).ok());
  EXPECT_EQ(old.output(), "");
}

TEST(HttpServerResponse, ClosingWinsOverWhatTheProgramSays) {
  Waiting w(get("Connection: close\r\n"));
  const Header headers[] = {{"Connection", "keep-alive"}};
  EXPECT_TRUE(w->respond(200, "", headers, "").ok());
  EXPECT_NE(w.output().find("\r\nConnection: close\r\n"), std::string::npos);
  EXPECT_TRUE(w->wants_close());
}

TEST(HttpServerResponse, TheRefusalHasADateAndALength) {
  FakeClock clock;
  DateCache date(clock);
  ServerOptions options;
  options.date = &date;
  RecordingServer server(options);
  server.feed("GET / HTTP/3.0\r\n\r\n");
  const std::string body =
      "505 HTTP Version Not Supported: this version of HTTP is not spoken here\n";
  EXPECT_EQ(server.output,
            "HTTP/1.1 505 HTTP Version Not Supported\r\nDate: " + std::string(date.now()) +
                "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body);
}

// What the server writes, the client reads.
TEST(HttpServerResponse, IsUnderstoodByTheClient) {
  const Limits limits;
  for (const bool in_pieces : {false, true}) {
    Waiting w;
    if (in_pieces) {
      EXPECT_TRUE(w->write_head(200, "", {}).ok());
      EXPECT_TRUE(w->write_body("hel").ok());
      EXPECT_TRUE(w->write_body("lo").ok());
      EXPECT_TRUE(w->finish().ok());
    } else {
      EXPECT_TRUE(w->respond(200, "", {}, "hello").ok());
    }
    for_each_split(w.output(), [&](const std::vector<std::string_view>& pieces) {
      RecordingClient client(limits);
      ASSERT_TRUE(client.session.request({.host = "h", .headers = {}}, "").ok());
      for (const std::string_view piece : pieces) client.session.feed(piece);
      ASSERT_EQ(client.responses.size(), 1u);
      EXPECT_EQ(client.responses[0].body, "hello");
      EXPECT_TRUE(client.session.reusable());
    });
  }
}

}  // namespace
}  // namespace virgo::http
