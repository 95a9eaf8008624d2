#include "http/message_reader.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "unit/http/conformance.hpp"
#include "unit/http/recording.hpp"

namespace virgo::http {
namespace {

using Event = MessageReader::Event;
using Kind = MessageReader::Kind;

// All events of a text as a line; pieces of a body are put together.
std::string events(MessageReader& reader, const std::vector<std::string_view>& pieces) {
  std::string out;
  bool in_body = false;
  for (std::string_view bytes : pieces) {
    for (Event event = reader.next(bytes); event != Event::need_input; event = reader.next(bytes)) {
      if (in_body && event != Event::body) out += "]";
      if (event == Event::head) out += "head";
      if (event == Event::body) out += (in_body ? "" : " [") + std::string(reader.chunk());
      if (event == Event::end) out += " end(" + show(reader.trailers()) + ") ";
      in_body = event == Event::body;
      if (event == Event::failed)
        return out + "failed " + std::to_string(reader.refusal().status) +
               (reader.refusal().limit ? " limit" : "");
      if (event == Event::rest) return out + "rest " + std::string(bytes);
    }
    EXPECT_TRUE(bytes.empty());
  }
  return out;
}

std::string events(Kind kind, const Limits& limits, std::string_view text) {
  std::string first;
  for_each_split(text, [&](const std::vector<std::string_view>& pieces) {
    MessageReader reader(kind, limits);
    const std::string got = events(reader, pieces);
    if (pieces.size() == 1) first = got;
    EXPECT_EQ(got, first);
  });
  return first;
}

TEST(HttpMessageReader, GivesEventsInOrder) {
  const Limits limits;
  EXPECT_EQ(events(Kind::request, limits, conformance::get("")), "head end() ");
  EXPECT_EQ(events(Kind::request, limits,
                   conformance::post("Content-Length: 2\r\n", "hi") + conformance::get("")),
            "head [hi] end() head end() ");
  EXPECT_EQ(
      events(Kind::request, limits, conformance::chunked("1\r\nh\r\n1\r\ni\r\n0\r\nA: b\r\n\r\n")),
      "head [hi] end(A: b\n) ");
  EXPECT_EQ(events(Kind::response, limits, "HTTP/1.1 101 x\r\n\r\n"), "head end() rest ");
}

TEST(HttpMessageReader, StopsWhereHttpEnds) {
  const Limits limits;
  MessageReader reader(Kind::response, limits);
  std::string_view bytes = "HTTP/1.1 101 x\r\n\r\nrest";
  EXPECT_EQ(reader.next(bytes), Event::head);
  EXPECT_EQ(reader.next(bytes), Event::end);
  EXPECT_EQ(reader.next(bytes), Event::rest);
  EXPECT_EQ(reader.next(bytes), Event::rest);
  EXPECT_EQ(bytes, "rest");
  EXPECT_EQ(reader.end_of_stream(), Event::need_input);
}

TEST(HttpMessageReader, TheHeadLastsUntilTheNextMessage) {
  const Limits limits;
  MessageReader reader(Kind::request, limits);
  std::string text = conformance::post("Content-Length: 2\r\nX: y\r\n", "hi");
  std::string_view bytes = text;
  ASSERT_EQ(reader.next(bytes), Event::head);
  const std::string_view target = reader.request().target;
  ASSERT_EQ(reader.next(bytes), Event::body);
  ASSERT_EQ(reader.next(bytes), Event::end);
  text.assign(text.size(), '#');
  EXPECT_EQ(target, "/p");
  EXPECT_EQ(reader.request().headers.get("x"), "y");
  EXPECT_EQ(reader.request().authority, "h");
}

TEST(HttpMessageReader, FillsTheHead) {
  const Limits limits;
  MessageReader reader(Kind::request, limits);
  const std::string text =
      "OPTIONS http://other:81/p?q HTTP/1.1\r\nHost: h\r\nConnection: x, Upgrade , y\r\n"
      "Upgrade: a, b\r\nExpect: 100-Continue\r\nContent-Length: 3\r\n\r\n";
  std::string_view bytes = text;
  ASSERT_EQ(reader.next(bytes), Event::head);
  const RequestHead& head = reader.request();
  EXPECT_EQ(&reader.head(), &head);
  EXPECT_EQ(head.method, "OPTIONS");
  EXPECT_EQ(head.minor, 1);
  EXPECT_EQ(head.target, "http://other:81/p?q");
  EXPECT_EQ(head.authority, "other:81");
  EXPECT_EQ(head.path, "/p?q");
  EXPECT_EQ(head.upgrade, "a, b");
  EXPECT_TRUE(head.keep_alive);
  EXPECT_TRUE(head.expect_continue);
  EXPECT_EQ(head.framing, Framing::length);
  EXPECT_EQ(head.content_length, 3u);
  EXPECT_EQ(reader.body_left(), 3u);
  EXPECT_FALSE(reader.in_head());
  EXPECT_FALSE(reader.idle());
}

TEST(HttpMessageReader, PathsOfTargets) {
  const Limits limits;
  const auto path = [&](const std::string& line) {
    MessageReader reader(Kind::request, limits);
    const std::string text = line + " HTTP/1.1\r\nHost: h\r\n\r\n";
    std::string_view bytes = text;
    EXPECT_EQ(reader.next(bytes), Event::head) << line;
    return std::string(reader.request().authority) + " " + std::string(reader.request().path);
  };
  EXPECT_EQ(path("GET /a?b"), "h /a?b");
  EXPECT_EQ(path("GET //a"), "h //a");
  EXPECT_EQ(path("GET http://x"), "x /");
  EXPECT_EQ(path("GET http://x?q"), "x ?q");
  EXPECT_EQ(path("GET hTTps://x:1/?q"), "x:1 /?q");
  EXPECT_EQ(path("OPTIONS *"), "h *");
  EXPECT_EQ(path("CONNECT x:1"), "x:1 ");
}

TEST(HttpMessageReader, UpgradeNeedsBothFieldsAndHttp11) {
  const Limits limits;
  const auto upgrade = [&](const std::string& text) {
    MessageReader reader(Kind::request, limits);
    std::string_view bytes = text;
    EXPECT_EQ(reader.next(bytes), Event::head);
    return std::string(reader.request().upgrade);
  };
  const std::string both = "Connection: upgrade\r\nUpgrade: foo\r\n";
  EXPECT_EQ(upgrade(conformance::get(both)), "foo");
  EXPECT_EQ(upgrade(conformance::get("Connection: upgrade\r\n")), "");
  EXPECT_EQ(upgrade(conformance::get("Upgrade: foo\r\n")), "");
  EXPECT_EQ(upgrade("GET / HTTP/1.0\r\n" + both + "\r\n"), "");
}

TEST(HttpMessageReader, BoundsOfTheBodyAreExact) {
  Limits limits;
  limits.max_body = 5;
  const auto request = [&](const std::string& text) { return events(Kind::request, limits, text); };
  EXPECT_EQ(request(conformance::post("Content-Length: 5\r\n", "hello")), "head [hello] end() ");
  EXPECT_EQ(request(conformance::post("Content-Length: 6\r\n", "hello!")), "failed 413 limit");
  EXPECT_EQ(request(conformance::chunked("2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n")),
            "head [hello] end() ");
  EXPECT_EQ(request(conformance::chunked("2\r\nhe\r\n4\r\nllo!\r\n0\r\n\r\n")),
            "head [he]failed 413 limit");
  EXPECT_EQ(request(conformance::chunked("2\r\nhe\r\nffffffffffffffff\r\n")),
            "head [he]failed 413 limit");
  EXPECT_EQ(events(Kind::response, limits, conformance::ok("", "hello")), "head [hello");
  EXPECT_EQ(events(Kind::response, limits, conformance::ok("", "hello!")),
            "head [hello]failed 502 limit");
}

TEST(HttpMessageReader, BoundsOfTheHeadAreExact) {
  const std::string text = conformance::get("A: b\r\nC: d\r\n");
  for (const std::size_t more : {0u, 1u}) {
    const bool fits = more == 1;
    Limits limits;
    limits.max_head = text.size() - 1 + more;
    EXPECT_EQ(events(Kind::request, limits, text), fits ? "head end() " : "failed 431 limit");
    limits = {};
    limits.max_headers = 2 + more;
    EXPECT_EQ(events(Kind::request, limits, text), fits ? "head end() " : "failed 431 limit");
    limits = {};
    limits.max_target = 1 + more;
    EXPECT_EQ(events(Kind::request, limits, text), fits ? "head end() " : "failed 414 limit");
  }
}

TEST(HttpMessageReader, BoundsOfChunkLinesAndTrailersAreExact) {
  const std::string text = conformance::chunked("5;ab\r\nhello\r\n0;c\r\nA: b\r\n\r\n");
  const std::string good = "head [hello] end(A: b\n) ";
  const auto with = [&](auto member, std::size_t value) {
    Limits limits;
    limits.*member = value;
    return events(Kind::request, limits, text);
  };
  EXPECT_EQ(with(&Limits::max_chunk_line, 6), good);
  EXPECT_EQ(with(&Limits::max_chunk_line, 5), "headfailed 400 limit");
  EXPECT_EQ(with(&Limits::max_chunk_extensions, 5), good);
  EXPECT_EQ(with(&Limits::max_chunk_extensions, 4), "head [hello]failed 400 limit");
  EXPECT_EQ(with(&Limits::max_trailers, 8), good);
  EXPECT_EQ(with(&Limits::max_trailers, 7), "head [hello]failed 431 limit");
}

TEST(HttpMessageReader, TheEndOfTheStreamMayBeTheEndOfAMessage) {
  const Limits limits;
  const auto at_end = [&](Kind kind, const std::string& text) {
    MessageReader reader(kind, limits);
    events(reader, {text});
    return reader.end_of_stream();
  };
  EXPECT_EQ(at_end(Kind::request, ""), Event::need_input);
  EXPECT_EQ(at_end(Kind::request, "\r\n"), Event::need_input);
  EXPECT_EQ(at_end(Kind::request, conformance::get("")), Event::need_input);
  EXPECT_EQ(at_end(Kind::request, "G"), Event::failed);
  EXPECT_EQ(at_end(Kind::request, conformance::post("Content-Length: 2\r\n", "h")), Event::failed);
  EXPECT_EQ(at_end(Kind::request, conformance::chunked("0\r\n")), Event::failed);
  EXPECT_EQ(at_end(Kind::response, conformance::ok("", "x")), Event::end);
  EXPECT_EQ(at_end(Kind::response, conformance::ok("Content-Length: 2\r\n", "x")), Event::failed);
}

TEST(HttpMessageReader, AfterAFailureItSaysTheSame) {
  const Limits limits;
  MessageReader reader(Kind::request, limits);
  std::string_view bytes = "\x16garbage";
  EXPECT_EQ(reader.next(bytes), Event::failed);
  const Refusal refusal = reader.refusal();
  bytes = "GET / HTTP/1.0\r\n\r\n";
  EXPECT_EQ(reader.next(bytes), Event::failed);
  EXPECT_EQ(reader.end_of_stream(), Event::failed);
  EXPECT_EQ(reader.refusal(), refusal);
}

TEST(HttpMessageReader, RequestMethodsChangeOneResponse) {
  const Limits limits;
  MessageReader reader(Kind::response, limits);
  reader.set_request_method("HEAD");
  const std::string text = conformance::ok("Content-Length: 5\r\n");
  EXPECT_EQ(events(reader, {"HTTP/1.1 100 Continue\r\n\r\n", text}), "head end() head end() ");
  EXPECT_EQ(events(reader, {text, "hello"}), "head [hello] end() ");
}

}  // namespace
}  // namespace virgo::http
