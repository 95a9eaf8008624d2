#include "http/web_socket.hpp"

#include <gtest/gtest.h>

#include "unit/http/recording.hpp"
#include "unit/http/web_socket_recording.hpp"

namespace virgo::http {
namespace {

using Events = std::vector<std::string>;
using Kind = WebSocket::Kind;
using Role = WebSocket::Role;

constexpr unsigned kFin = 0x80;
constexpr unsigned kContinuation = 0;
constexpr unsigned kText = 1;
constexpr unsigned kBinary = 2;
constexpr unsigned kClose = 8;
constexpr unsigned kPing = 9;
constexpr unsigned kPong = 10;

std::string close_payload(unsigned code, std::string_view reason = {}) {
  std::string out{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
  return out.append(reason);
}

// What a server makes of frames, however they are cut; and what it answers.
struct Served {
  Events events;
  std::string output;
  bool wants_close = false;
};

Served serve(std::string_view bytes, const WebSocket::Options& options = {}) {
  Served first;
  for_each_split(bytes, [&](const std::vector<std::string_view>& pieces) {
    RecordingSocket server(Role::server, options);
    for (const std::string_view piece : pieces) server.socket.feed(piece);
    Served got{server.events, server.output(), server.socket.wants_close()};
    if (pieces.size() == 1) first = got;
    EXPECT_EQ(got.events, first.events);
    EXPECT_EQ(got.output, first.output);
    EXPECT_EQ(got.wants_close, first.wants_close);
  });
  return first;
}

std::string masked(unsigned first, std::string_view payload) {
  return frame(first, payload, true);
}

// The server ends the connection with this code.
void expect_refused(std::string_view bytes, unsigned code, const WebSocket::Options& options = {}) {
  const Served served = serve(bytes, options);
  ASSERT_EQ(served.events.size(), 1u);
  EXPECT_TRUE(served.events[0].starts_with("close " + std::to_string(code) + " "))
      << served.events[0];
  EXPECT_TRUE(served.wants_close);
  EXPECT_EQ(served.output.substr(0, 1), "\x88");
  EXPECT_EQ(served.output.substr(2, 2), close_payload(code));
}

TEST(WebSocket, MessagesOfEachLength) {
  for (const std::size_t size : {0u, 1u, 3u, 4u, 7u, 8u, 9u, 125u, 126u, 127u, 65535u, 65536u}) {
    std::string payload;
    for (std::size_t i = 0; i < size; ++i) payload += static_cast<char>(i * 7);
    const Served served = serve(masked(kFin | kBinary, payload));
    EXPECT_EQ(served.events, Events{"binary " + payload}) << size;
    RecordingSocket client(Role::client);
    client.socket.feed(frame(kFin | kBinary, payload, false));
    EXPECT_EQ(client.events, Events{"binary " + payload}) << size;
  }
}

TEST(WebSocket, TheExampleOfTheStandard) {
  const std::string hello("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 11);
  EXPECT_EQ(serve(hello).events, Events{"text Hello"});
  RecordingSocket client(Role::client);
  EXPECT_TRUE(client.socket.send(Kind::text, "Hello").ok());
  EXPECT_EQ(client.output(), hello);
  RecordingSocket server(Role::server);
  EXPECT_TRUE(server.socket.send(Kind::text, "Hello").ok());
  EXPECT_EQ(server.output(), "\x81\x05Hello");
}

TEST(WebSocket, FragmentsWithControlFramesBetween) {
  const Served served = serve(masked(kText, "Hel") + masked(kFin | kPing, "?") +
                              masked(kContinuation, "") + masked(kFin | kPong, "!") +
                              masked(kFin | kContinuation, "lo") + masked(kFin | kBinary, "\xff"));
  EXPECT_EQ(served.events, (Events{"ping ?", "pong !", "text Hello", "binary \xff"}));
  EXPECT_EQ(served.output, frame(kFin | kPong, "?", false));
}

TEST(WebSocket, PingsMayBeAnsweredByTheProgram) {
  WebSocket::Options options;
  options.auto_pong = false;
  const Served served = serve(masked(kFin | kPing, std::string(125, 'x')), options);
  EXPECT_EQ(served.events.size(), 1u);
  EXPECT_EQ(served.output, "");
}

TEST(WebSocket, ViolationsOfTheProtocol) {
  const std::string text = masked(kText, "x");
  for (const unsigned bit : {0x40u, 0x20u, 0x10u})
    expect_refused(masked(kFin | kText | bit, "x"), 1002);
  for (const unsigned opcode : {3u, 7u, 11u, 15u}) expect_refused(masked(kFin | opcode, ""), 1002);
  expect_refused(frame(kFin | kText, "x", false), 1002);
  expect_refused(masked(kPing, "x"), 1002);
  expect_refused(masked(kFin | kPing, std::string(126, 'x')), 1002);
  expect_refused(masked(kFin | kClose, std::string(126, 'x')), 1002);
  expect_refused(masked(kContinuation, "x"), 1002);
  expect_refused(masked(kFin | kContinuation, "x"), 1002);
  expect_refused(text + text, 1002);
  expect_refused(text + masked(kFin | kBinary, "x"), 1002);
  // Lengths longer than they need to be, and of 2^63.
  expect_refused(std::string("\x82\xfe\x00\x7d", 4) + std::string(129, 'x'), 1002);
  expect_refused(std::string("\x82\xff\x00\x00\x00\x00\x00\x00\xff\xff", 10) + "maskx", 1002);
  expect_refused(std::string("\x82\xff\x80\x00\x00\x00\x00\x00\x00\x00mask", 14), 1002);

  RecordingSocket client(Role::client);
  client.socket.feed(masked(kFin | kText, "x"));
  EXPECT_EQ(client.events, Events{"close 1002 a frame is masked"});
}

TEST(WebSocket, TheSizeOfAMessageIsBounded) {
  WebSocket::Options options;
  options.max_message = 130;
  const std::string fits(130, 'x');
  EXPECT_EQ(serve(masked(kFin | kText, fits), options).events, Events{"text " + fits});
  EXPECT_EQ(serve(masked(kText, fits) + masked(kFin | kContinuation, ""), options).events,
            Events{"text " + fits});
  expect_refused(masked(kFin | kText, fits + "x"), 1009, options);
  expect_refused(masked(kText, fits) + masked(kFin | kContinuation, "x"), 1009, options);
  expect_refused(std::string("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xffmask", 14), 1009, options);
  options.max_message = 0;
  EXPECT_EQ(serve(masked(kFin | kText, ""), options).events, Events{"text "});
  expect_refused(masked(kFin | kText, "x"), 1009, options);
}

TEST(WebSocket, TextIsUtf8) {
  const std::string good =
      "\xce\xba\xe1\xbd\xb9\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80\xe0\xa0\x80";
  EXPECT_EQ(serve(masked(kFin | kText, good)).events, Events{"text " + good});
  for (std::size_t at = 0; at <= good.size(); ++at)
    EXPECT_EQ(
        serve(masked(kText, good.substr(0, at)) + masked(kFin | kContinuation, good.substr(at)))
            .events,
        Events{"text " + good});
  for (const char* bad : {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80",
                          "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff",
                          "\xc3(", "a\xe2\x82", "\xf0\x90\x80", "\xc3"}) {
    expect_refused(masked(kFin | kText, bad), 1007);
    EXPECT_EQ(serve(masked(kFin | kBinary, bad)).events.size(), 1u);
    RecordingSocket server(Role::server);
    EXPECT_EQ(server.socket.send(Kind::text, bad).error().code, Errc::invalid);
    EXPECT_TRUE(server.socket.send(Kind::binary, bad).ok());
  }
}

TEST(WebSocket, BadTextIsFoundBeforeItsEnd) {
  for (const char* bad :
       {"\xe0\x9f", "\xed\xa0", "\xf0\x8f", "\xf4\x90", "\xf5", "\xc0", "\x80", "\xe2\x28"}) {
    RecordingSocket server(Role::server);
    server.socket.feed(masked(kText, bad));
    EXPECT_EQ(server.events, Events{"close 1007 the text is not UTF-8"}) << bad;
  }
  for (const char* begun : {"\xe0", "\xe0\xa0", "\xed", "\xed\x9f", "\xf0", "\xf0\x90", "\xf4\x8f",
                            "\xf4", "\xf0\x90\x80", "\xc2"}) {
    RecordingSocket server(Role::server);
    server.socket.feed(masked(kText, begun));
    EXPECT_TRUE(server.events.empty()) << begun;
  }
}

TEST(WebSocket, TheClosingHandshake) {
  const Served served =
      serve(masked(kFin | kClose, close_payload(1000, "bye")) + masked(kFin | kText, "late"));
  EXPECT_EQ(served.events, Events{"close 1000 bye"});
  EXPECT_EQ(served.output, frame(kFin | kClose, close_payload(1000), false));
  EXPECT_TRUE(served.wants_close);
  const Served without = serve(masked(kFin | kClose, ""));
  EXPECT_EQ(without.events, Events{"close 1005 "});
  EXPECT_EQ(without.output, frame(kFin | kClose, "", false));

  RecordingSocket client(Role::client);
  EXPECT_TRUE(client.socket.close(1001, "leaving").ok());
  EXPECT_TRUE(client.socket.closing());
  EXPECT_FALSE(client.socket.wants_close());
  EXPECT_EQ(client.socket.send(Kind::text, "x").error().code, Errc::closed);
  EXPECT_EQ(client.socket.ping("x").error().code, Errc::closed);
  EXPECT_EQ(client.socket.close(1000, "").error().code, Errc::closed);
  const std::string sent = client.output();
  client.socket.feed(frame(kFin | kText, "on its way", false) + frame(kFin | kPing, "?", false) +
                     frame(kFin | kClose, close_payload(1001), false));
  EXPECT_EQ(client.events, (Events{"text on its way", "ping ?", "close 1001 "}));
  EXPECT_EQ(client.output(), "") << "nothing after its close frame";
  EXPECT_TRUE(client.socket.wants_close());
  EXPECT_EQ(serve(sent).events, Events{"close 1001 leaving"});
}

TEST(WebSocket, CloseFramesThatAreNotValid) {
  expect_refused(masked(kFin | kClose, "x"), 1002);
  for (const unsigned code : {0u, 999u, 1004u, 1005u, 1006u, 1015u, 1016u, 2999u, 5000u, 65535u})
    expect_refused(masked(kFin | kClose, close_payload(code)), 1002);
  for (const unsigned code : {1000u, 1003u, 1007u, 1014u, 3000u, 4999u})
    EXPECT_EQ(serve(masked(kFin | kClose, close_payload(code))).events,
              Events{"close " + std::to_string(code) + " "});
  expect_refused(masked(kFin | kClose, close_payload(1000, "\xff")), 1007);
  expect_refused(masked(kFin | kClose, close_payload(1000, "\xc3")), 1007);
}

TEST(WebSocket, TheEndWithoutACloseFrame) {
  RecordingSocket server(Role::server);
  server.socket.feed(masked(kText, "half"));
  server.socket.end_of_stream();
  server.socket.end_of_stream();
  EXPECT_EQ(server.events, Events{"close 1006 the connection ended without a close frame"});
  EXPECT_TRUE(server.socket.wants_close());
  server.socket.feed(masked(kFin | kContinuation, "x"));
  EXPECT_EQ(server.events.size(), 1u);
}

TEST(WebSocket, WhatCannotBeSent) {
  RecordingSocket server(Role::server);
  EXPECT_TRUE(server.socket.ping(std::string(125, 'x')).ok());
  server.output();
  EXPECT_EQ(server.socket.ping(std::string(126, 'x')).error().code, Errc::invalid);
  EXPECT_EQ(server.socket.pong(std::string(126, 'x')).error().code, Errc::invalid);
  for (const unsigned code : {0u, 999u, 1004u, 1006u, 1015u, 2000u, 5000u})
    EXPECT_EQ(server.socket.close(static_cast<std::uint16_t>(code), "").error().code,
              Errc::invalid);
  EXPECT_EQ(server.socket.close(1000, std::string(124, 'x')).error().code, Errc::invalid);
  EXPECT_EQ(server.socket.close(1000, "\xff").error().code, Errc::invalid);
  EXPECT_EQ(server.socket.close(close_code::kNone, "why").error().code, Errc::invalid);
  EXPECT_EQ(server.output(), "");
  EXPECT_FALSE(server.socket.closing());
  EXPECT_TRUE(server.socket.close(1000, std::string(123, 'x')).ok());

  class Silent final : public WebSocket::Handler {
    void on_message(Kind, std::string_view) override {}
    void on_ping(std::string_view) override {}
    void on_pong(std::string_view) override {}
    void on_close(std::uint16_t, std::string_view) override {}
  } handler;
  WebSocket unmasked(Role::client, {}, handler);
  EXPECT_EQ(unmasked.send(Kind::text, "x").error().code, Errc::failed);
  unmasked.feed(frame(kFin | kPing, "x", false));
  EXPECT_EQ(unmasked.output(), "");
}

TEST(WebSocket, FragmentsMayBeSent) {
  RecordingSocket server(Role::server);
  EXPECT_TRUE(server.socket.send_fragment(Kind::text, "Hel", false).ok());
  EXPECT_EQ(server.socket.send(Kind::text, "x").error().code, Errc::invalid);
  EXPECT_TRUE(server.socket.ping("?").ok());
  EXPECT_TRUE(server.socket.send_fragment(Kind::text, "", false).ok());
  EXPECT_TRUE(server.socket.send_fragment(Kind::text, "lo", true).ok());
  EXPECT_TRUE(server.socket.send(Kind::binary, "x").ok());
  RecordingSocket client(Role::client);
  client.socket.feed(server.output());
  EXPECT_EQ(client.events, (Events{"ping ?", "text Hello", "binary x"}));
}

TEST(WebSocket, TheHandlerMaySendAndAbort) {
  struct Echo final : WebSocket::Handler {
    WebSocket socket{Role::server, {}, *this};
    int messages = 0;
    void on_message(Kind kind, std::string_view payload) override {
      EXPECT_TRUE(socket.send(kind, payload).ok());
      if (++messages == 2) socket.abort();
    }
    void on_ping(std::string_view) override {}
    void on_pong(std::string_view) override {}
    void on_close(std::uint16_t, std::string_view) override { ADD_FAILURE(); }
  } echo;
  const std::string one = masked(kFin | kText, "one");
  echo.socket.feed(one + one + one);
  EXPECT_EQ(echo.messages, 2);
  EXPECT_EQ(echo.socket.output(),
            frame(kFin | kText, "one", false) + frame(kFin | kText, "one", false));
  echo.socket.end_of_stream();
}

}  // namespace
}  // namespace virgo::http
