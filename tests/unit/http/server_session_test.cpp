#include "http/server_session.hpp"

#include <gtest/gtest.h>

#include "unit/http/conformance.hpp"
#include "unit/http/recording.hpp"

namespace virgo::http {
namespace {

using conformance::chunked;
using conformance::get;
using conformance::post;
using conformance::repeat;

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t n = 0;
  for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++n;
  return n;
}

TEST(HttpServerSession, AWholeRequestIsOneCall) {
  const ServerOptions options;
  RecordingServer server(options);
  server.on_head = [&](const RequestHead& head) {
    EXPECT_TRUE(server.requests.back().complete) << head.target;
  };
  server.feed(get("") + post("Content-Length: 5\r\n", "hello") + post("Content-Length: 0\r\n"));
  EXPECT_EQ(server.requests.size(), 3u);
  EXPECT_EQ(server.requests[1].body, "hello");
  EXPECT_EQ(server.session.requests(), 3u);
  EXPECT_TRUE(server.session.idle());
}

TEST(HttpServerSession, ABodyInPiecesComesAsItArrives) {
  const ServerOptions options;
  RecordingServer server(options);
  server.feed(post("Content-Length: 5\r\n", "he"));
  ASSERT_EQ(server.requests.size(), 1u);
  EXPECT_FALSE(server.requests[0].complete);
  EXPECT_EQ(server.requests[0].body, "he");
  EXPECT_TRUE(server.session.in_body());
  EXPECT_EQ(server.output, "");
  server.feed("llo");
  EXPECT_TRUE(server.requests[0].complete);
  EXPECT_FALSE(server.session.in_body());
  EXPECT_EQ(count(server.output, "HTTP/1.1 200 OK\r\n"), 1u);
}

TEST(HttpServerSession, PipelinedRequestsWaitForTheirTurn) {
  const ServerOptions options;
  RecordingServer server(options);
  server.respond = nullptr;
  server.feed(get(""));
  EXPECT_TRUE(server.session.wants_input()) << "the end of the connection is to be seen";
  server.feed("GET /b HTTP/1.1\r\nHost: h\r\n\r\nGET /c HTTP/1.1\r\nHost: h\r\n\r\nGET /d");
  EXPECT_FALSE(server.session.wants_input());
  ASSERT_EQ(server.requests.size(), 1u);
  server.session.proceed();
  ASSERT_EQ(server.requests.size(), 1u);
  ASSERT_TRUE(server.session.respond(200, "", {}, "1").ok());
  EXPECT_EQ(server.requests.size(), 1u) << "not from inside respond()";
  server.session.proceed();
  ASSERT_EQ(server.requests.size(), 2u);
  EXPECT_EQ(server.requests[1].start, "GET /b");
  EXPECT_FALSE(server.session.wants_input());
  ASSERT_TRUE(server.session.respond(200, "", {}, "2").ok());
  server.session.proceed();
  ASSERT_EQ(server.requests.size(), 3u);
  EXPECT_FALSE(server.session.wants_input());
  ASSERT_TRUE(server.session.respond(200, "", {}, "3").ok());
  server.session.proceed();
  EXPECT_TRUE(server.session.wants_input());
  EXPECT_TRUE(server.session.in_head());
  server.feed(" HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(server.requests.size(), 4u);
  EXPECT_EQ(server.requests[3].start, "GET /d");
}

TEST(HttpServerSession, ABatchIsAnsweredInOneOutput) {
  const ServerOptions options;
  RecordingServer server(options);
  server.session.feed(repeat(get(""), 100));
  EXPECT_EQ(server.requests.size(), 100u);
  EXPECT_EQ(count(server.session.output(), "HTTP/1.1 200 OK\r\n"), 100u);
}

TEST(HttpServerSession, TheHeadIsValidUntilTheRequestIsOver) {
  const ServerOptions options;
  RecordingServer server(options);
  server.respond = nullptr;
  const RequestHead* head = nullptr;
  server.on_head = [&](const RequestHead& h) { head = &h; };
  std::string bytes = get("X: first\r\n");
  server.feed(bytes);
  bytes.assign(bytes.size(), '#');
  server.feed("GET /other HTTP/1.1\r\nHost: i\r\nX: second\r\n\r\n");
  ASSERT_NE(head, nullptr);
  EXPECT_EQ(head->headers.get("x"), "first");
  EXPECT_EQ(head->target, "/a");
}

TEST(HttpServerSession, TheBodyIsHandedOutEvenIfItWasAnsweredBefore) {
  const ServerOptions options;
  RecordingServer server(options);
  server.at_once = true;
  server.feed(post("Content-Length: 5\r\n", "he"));
  EXPECT_EQ(count(server.output, "HTTP/1.1 200"), 1u);
  EXPECT_FALSE(server.session.in_response());
  EXPECT_FALSE(server.session.idle());
  server.feed("llo" + get(""));
  ASSERT_EQ(server.requests.size(), 2u);
  EXPECT_EQ(server.requests[0].body, "hello");
  EXPECT_TRUE(server.requests[0].complete);
}

TEST(HttpServerSession, ALateBodyIsReadUpToItsBound) {
  ServerOptions options;
  options.max_late_body = 10;
  for (const std::size_t size : {10u, 11u}) {
    RecordingServer known(options);
    known.at_once = true;
    known.feed(post("Content-Length: " + std::to_string(size) + "\r\n"));
    EXPECT_EQ(count(known.output, "Connection: close\r\n"), size - 10);
    EXPECT_EQ(known.session.wants_close(), size == 11);

    RecordingServer unknown(options);
    unknown.at_once = true;
    unknown.feed(chunked(""));
    EXPECT_FALSE(unknown.session.wants_close());
    unknown.feed("5\r\nhello\r\n" + std::to_string(size - 5) + "\r\n" + std::string(size - 5, 'x') +
                 "\r\n0\r\n\r\n" + get(""));
    EXPECT_EQ(unknown.session.wants_close(), size == 11);
    EXPECT_EQ(unknown.requests.size(), size == 10 ? 2u : 1u);
  }
}

TEST(HttpServerSession, ContinueIsSaidOnceAndOnlyIfItIsWaitedFor) {
  const ServerOptions options;
  const std::string head = post("Content-Length: 2\r\nExpect: 100-continue\r\n");
  RecordingServer server(options);
  server.feed(head);
  EXPECT_EQ(server.output, "HTTP/1.1 100 Continue\r\n\r\n");
  server.feed("hi");
  EXPECT_EQ(count(server.output, "HTTP/1.1"), 2u);
  EXPECT_FALSE(server.session.wants_close());

  RecordingServer impatient(options);  // the client did not wait
  impatient.feed(head + "h");
  EXPECT_EQ(impatient.output, "");

  RecordingServer old(options);
  old.feed("POST / HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(old.output, "");

  RecordingServer nothing(options);
  nothing.feed(post("Expect: 100-continue\r\n"));
  EXPECT_EQ(count(nothing.output, "100 Continue"), 0u);
}

TEST(HttpServerSession, ARefusalInsteadOfContinueClosesTheConnection) {
  const ServerOptions options;
  RecordingServer server(options);
  server.at_once = true;
  server.respond = [&] { EXPECT_TRUE(server.session.respond(413, "", {}, "no").ok()); };
  server.feed(post("Content-Length: 2\r\nExpect: 100-continue\r\n"));
  EXPECT_EQ(count(server.output, "100 Continue"), 0u);
  EXPECT_EQ(count(server.output, "Connection: close\r\n"), 1u);
  EXPECT_TRUE(server.session.wants_close());
}

TEST(HttpServerSession, ContinueMayBeLeftToTheProgram) {
  ServerOptions options;
  options.auto_continue = false;
  RecordingServer server(options);
  server.feed(post("Content-Length: 2\r\nExpect: 100-continue\r\n"));
  EXPECT_EQ(server.output, "");
  EXPECT_TRUE(server.session.write_continue().ok());
  EXPECT_TRUE(server.session.write_continue().ok());
  server.take();
  EXPECT_EQ(server.output, "HTTP/1.1 100 Continue\r\n\r\n");
  server.feed("hi");
  EXPECT_FALSE(server.session.wants_close());
  EXPECT_EQ(server.session.write_continue().error().code, Errc::closed);
}

TEST(HttpServerSession, ABadBodyIsAnsweredOnlyIfNothingWasYet) {
  const ServerOptions options;
  const std::string head = chunked("");
  RecordingServer before(options);
  before.feed(head);
  before.feed("x");
  EXPECT_EQ(before.refusals.size(), 1u);
  EXPECT_TRUE(before.output.starts_with("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_EQ(before.session.respond(200, "", {}, "").error().code, Errc::closed);
  EXPECT_EQ(before.session.write_body("x").error().code, Errc::closed);
  EXPECT_EQ(before.session.finish().error().code, Errc::closed);

  RecordingServer within(options);
  within.at_once = true;
  within.respond = [&] { EXPECT_TRUE(within.session.write_head(200, "", {}).ok()); };
  within.feed(head);
  within.feed("x");
  EXPECT_EQ(within.refusals.size(), 1u);
  EXPECT_EQ(count(within.output, "HTTP/1.1 "), 1u);
  EXPECT_TRUE(within.session.wants_close());
  EXPECT_EQ(within.session.write_body("x").error().code, Errc::closed);

  RecordingServer after(options);
  after.at_once = true;
  after.feed(head);
  after.feed("x");
  EXPECT_EQ(after.refusals.size(), 1u);
  EXPECT_EQ(count(after.output, "HTTP/1.1 "), 1u);
  EXPECT_TRUE(after.session.wants_close());
}

TEST(HttpServerSession, NothingIsTakenAfterARefusal) {
  const ServerOptions options;
  RecordingServer server(options);
  server.feed("\x16\x03");
  const std::string output = server.output;
  server.feed(get(""));
  server.end();
  server.session.proceed();
  EXPECT_TRUE(server.requests.empty());
  EXPECT_EQ(server.refusals.size(), 1u);
  EXPECT_EQ(server.output, output);
  EXPECT_FALSE(server.session.wants_input());
}

TEST(HttpServerSession, TheEndOfTheStream) {
  const ServerOptions options;
  RecordingServer idle(options);
  idle.end();
  EXPECT_TRUE(idle.session.wants_close());
  EXPECT_EQ(idle.output, "");

  RecordingServer head(options);
  head.feed("GET /");
  head.end();
  EXPECT_TRUE(head.session.wants_close());
  EXPECT_EQ(head.output, "");
  EXPECT_TRUE(head.refusals.empty());

  RecordingServer body(options);
  body.feed(post("Content-Length: 5\r\n", "he"));
  body.end();
  EXPECT_TRUE(body.session.wants_close());
  EXPECT_EQ(body.refusals.size(), 1u);
  EXPECT_TRUE(body.output.starts_with("HTTP/1.1 400"));
}

TEST(HttpServerSession, RequestsInFrontOfTheEndAreAnswered) {
  const ServerOptions options;
  RecordingServer server(options);
  server.respond = nullptr;
  server.feed(get("") + get(""));
  server.end();
  EXPECT_FALSE(server.session.wants_input());
  EXPECT_FALSE(server.session.wants_close());
  EXPECT_TRUE(server.session.respond(200, "", {}, "1").ok());
  EXPECT_FALSE(server.session.wants_close());
  server.session.proceed();
  ASSERT_EQ(server.requests.size(), 2u);
  EXPECT_TRUE(server.session.respond(200, "", {}, "2").ok());
  server.session.proceed();
  EXPECT_TRUE(server.session.wants_close());
  server.take();
  EXPECT_EQ(count(server.output, "HTTP/1.1 200 OK"), 2u);
  EXPECT_EQ(count(server.output, "Connection: close"), 1u);
}

TEST(HttpServerSession, AnUpgradeHandsOverTheRest) {
  const ServerOptions options;
  const std::string text = get("Connection: Upgrade\r\nUpgrade: foo\r\n", "foo begins");
  for_each_split(text, [&](const std::vector<std::string_view>& pieces) {
    RecordingServer server(options);
    server.respond = [&] {
      const Header headers[] = {{"Upgrade", "foo"}};
      EXPECT_TRUE(server.session.accept_upgrade(headers).ok());
    };
    for (const std::string_view piece : pieces) server.feed(piece);
    EXPECT_TRUE(server.session.upgraded());
    EXPECT_FALSE(server.session.wants_close());
    EXPECT_EQ(server.requests.size(), 1u);
    EXPECT_EQ(server.session.take_rest(), "foo begins");
    EXPECT_EQ(server.session.take_rest(), "");
    EXPECT_EQ(server.output,
              "HTTP/1.1 101 Switching Protocols\r\nUpgrade: foo\r\nConnection: Upgrade\r\n\r\n");
  });
}

TEST(HttpServerSession, AnUpgradeMayBeAcceptedLater) {
  const ServerOptions options;
  RecordingServer server(options);
  server.respond = nullptr;
  server.feed("CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\nGET / ");
  EXPECT_TRUE(server.session.accept_upgrade({}).ok());
  EXPECT_EQ(server.session.output(), "HTTP/1.1 200 Connection Established\r\n\r\n");
  server.session.feed("x");
  EXPECT_EQ(server.session.take_rest(), "GET / x");
  EXPECT_EQ(server.session.respond(200, "", {}, "").error().code, Errc::failed);
}

TEST(HttpServerSession, WhatCannotBeUpgraded) {
  const ServerOptions options;
  const Header headers[] = {{"Upgrade", "foo"}};
  RecordingServer plain(options);
  EXPECT_EQ(plain.session.accept_upgrade(headers).error().code, Errc::closed);
  plain.respond = nullptr;
  plain.feed(get(""));
  EXPECT_EQ(plain.session.accept_upgrade(headers).error().code, Errc::failed);

  RecordingServer body(options);
  body.respond = nullptr;
  body.feed(post("Connection: Upgrade\r\nUpgrade: foo\r\nContent-Length: 2\r\n"));
  EXPECT_EQ(body.session.accept_upgrade(headers).error().code, Errc::failed);
  body.feed("hi");
  EXPECT_EQ(body.session.accept_upgrade({}).error().code, Errc::invalid) << "no protocol";
  EXPECT_TRUE(body.session.accept_upgrade(headers).ok());
}

TEST(HttpServerSession, ADeclinedTunnelClosesTheConnection) {
  const ServerOptions options;
  RecordingServer server(options);
  server.respond = [&] {
    EXPECT_EQ(server.session.respond(200, "", {}, "").error().code, Errc::invalid);
    EXPECT_TRUE(server.session.respond(405, "", {}, "").ok());
  };
  server.feed("CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n" + conformance::kSmuggled);
  EXPECT_EQ(server.requests.size(), 1u);
  EXPECT_TRUE(server.session.wants_close());
}

TEST(HttpServerSession, TheNumberOfRequestsMayBeBounded) {
  ServerOptions options;
  options.max_requests = 2;
  RecordingServer server(options);
  server.feed(repeat(get(""), 3));
  EXPECT_EQ(server.requests.size(), 2u);
  EXPECT_EQ(count(server.output, "Connection: close"), 1u);
  EXPECT_TRUE(server.session.wants_close());
}

TEST(HttpServerSession, MayBeAskedToCloseOrAborted) {
  const ServerOptions options;
  RecordingServer idle(options);
  idle.session.close_after_response();
  EXPECT_TRUE(idle.session.wants_close());

  RecordingServer busy(options);
  busy.respond = nullptr;
  busy.feed(get(""));
  busy.session.close_after_response();
  EXPECT_FALSE(busy.session.wants_close());
  EXPECT_TRUE(busy.session.respond(200, "", {}, "").ok());
  EXPECT_TRUE(busy.session.wants_close());
  EXPECT_EQ(count(busy.session.output(), "Connection: close"), 1u);

  RecordingServer aborted(options);
  aborted.respond = [&] { aborted.session.abort(); };
  aborted.feed(get("") + get(""));
  EXPECT_EQ(aborted.requests.size(), 1u);
  EXPECT_TRUE(aborted.session.wants_close());
  EXPECT_EQ(aborted.session.respond(200, "", {}, "").error().code, Errc::closed);
}

TEST(HttpServerSession, NoFurtherRequestIsHandedOutWhileHeld) {
  const ServerOptions options;
  RecordingServer server(options);
  server.respond = [&] {
    EXPECT_TRUE(server.session.respond(200, "", {}, "").ok());
    server.session.hold(server.requests.size() == 2);
  };
  server.feed(repeat(get(""), 4) + "GET /");
  EXPECT_EQ(server.requests.size(), 2u);
  EXPECT_FALSE(server.session.wants_input());
  server.session.proceed();
  EXPECT_EQ(server.requests.size(), 2u);
  server.end();
  EXPECT_FALSE(server.session.wants_close());
  server.session.hold(false);
  server.session.proceed();
  EXPECT_EQ(server.requests.size(), 4u);
  EXPECT_TRUE(server.session.wants_close());
}

TEST(HttpServerSession, ABodyBegunIsReadEvenIfHeld) {
  const ServerOptions options;
  RecordingServer server(options);
  server.feed(post("Content-Length: 5\r\n", "he"));
  server.session.hold(true);
  server.feed("llo" + get(""));
  ASSERT_EQ(server.requests.size(), 1u);
  EXPECT_EQ(server.requests[0].body, "hello");
  EXPECT_TRUE(server.requests[0].complete);
}

TEST(HttpServerSession, HttpMayEndWithoutAWord) {
  const ServerOptions options;
  RecordingServer server(options);
  server.respond = [&] {
    EXPECT_TRUE(server.session.hand_over().ok());
    EXPECT_EQ(server.session.hand_over().error().code, Errc::failed);
  };
  server.feed(get("") + "rest");
  server.feed(", and more");
  EXPECT_TRUE(server.session.upgraded());
  EXPECT_EQ(server.output, "");
  EXPECT_EQ(server.session.take_rest(), "rest, and more");

  RecordingServer body(options);
  body.respond = nullptr;
  EXPECT_EQ(body.session.hand_over().error().code, Errc::closed);
  body.feed(post("Content-Length: 2\r\n"));
  EXPECT_EQ(body.session.hand_over().error().code, Errc::failed);
}

TEST(HttpServerSession, KnowsWhatItWaitsFor) {
  const ServerOptions options;
  RecordingServer server(options);
  EXPECT_TRUE(server.session.idle());
  server.feed("\r\n");
  EXPECT_TRUE(server.session.idle());
  EXPECT_FALSE(server.session.in_head());
  server.feed("G");
  EXPECT_FALSE(server.session.idle());
  EXPECT_TRUE(server.session.in_head());
}

}  // namespace
}  // namespace virgo::http
