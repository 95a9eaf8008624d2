#include "http/message_writer.hpp"

#include <gtest/gtest.h>

#include "http/body_writer.hpp"

namespace virgo::http {
namespace {

TEST(HttpMessageWriter, StartLines) {
  std::string out;
  EXPECT_TRUE(append_status_line(out, 1, 404, "").ok());
  EXPECT_TRUE(append_status_line(out, 0, 200, "Fine, \xc3\xa4").ok());
  EXPECT_TRUE(append_status_line(out, 1, 599, "").ok());
  EXPECT_TRUE(append_request_line(out, "PURGE", "/x?y", 1).ok());
  EXPECT_TRUE(append_request_line(out, "GET", "*", 0).ok());
  EXPECT_EQ(out,
            "HTTP/1.1 404 Not Found\r\nHTTP/1.0 200 Fine, \xc3\xa4\r\nHTTP/1.1 599 Unknown\r\n"
            "PURGE /x?y HTTP/1.1\r\nGET * HTTP/1.0\r\n");
}

TEST(HttpMessageWriter, WhatWouldBreakAMessageIsRefusedAndNothingWritten) {
  std::string out = "before";
  for (const int status : {-1, 0, 99, 1000})
    EXPECT_EQ(append_status_line(out, 1, status, "").error().code, Errc::invalid) << status;
  EXPECT_FALSE(append_status_line(out, 2, 200, "").ok());
  EXPECT_FALSE(append_request_line(out, "GET", "/", -1).ok());
  for (const char* reason : {"a\r\nB: c", "a\nb", "a\rb", "\x7f"})
    EXPECT_FALSE(append_status_line(out, 1, 200, reason).ok());
  for (const char* method : {"", "GE T", "GET\r\n", "G:"})
    EXPECT_FALSE(append_request_line(out, method, "/", 1).ok());
  for (const char* target : {"", "/a b", "/a\r\nHost: x", "/\t", "/#f", "/\xc3\xa4"})
    EXPECT_FALSE(append_request_line(out, "GET", target, 1).ok());
  for (const std::string& text : {std::string("a\r\nB: c"), std::string("a\nb"),
                                  std::string("a\rb"), std::string("a\0b", 3)}) {
    const Header bad_value[] = {{"A", "b"}, {"C", text}};
    const auto result = append_headers(out, bad_value);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, Errc::invalid);
    EXPECT_NE(result.error().message.find("C"), std::string::npos);
    const Header bad_name[] = {{"A", "b"}, {text, "d"}};
    EXPECT_FALSE(append_headers(out, bad_name).ok());
    const Header trailers[] = {{"A", "b"}, {"C", text}};
    EXPECT_FALSE(append_last_chunk(out, trailers).ok());
  }
  for (const char* name : {"", "a b", "a:", "\xc3\xa4"})
    EXPECT_FALSE(check_header({name, "x"}).ok()) << name;
  EXPECT_EQ(out, "before");
}

TEST(HttpMessageWriter, ErrorsShowBytesThatCannotBePrinted) {
  EXPECT_EQ(check_header({"X-Thing", "a\r\nSet-Cookie: b"}).error().message,
            "the header X-Thing has a control character in it: \"a\\x0d\\x0aSet-Cookie: b\"");
}

TEST(HttpMessageWriter, Chunks) {
  std::string out;
  append_chunk(out, "");
  EXPECT_EQ(out, "");
  append_chunk(out, "hello");
  append_chunk(out, std::string(255, 'x'));
  append_chunk(out, std::string(256, 'y'));
  EXPECT_EQ(out, "5\r\nhello\r\nff\r\n" + std::string(255, 'x') + "\r\n100\r\n" +
                     std::string(256, 'y') + "\r\n");
  out.clear();
  EXPECT_TRUE(append_last_chunk(out).ok());
  const Header trailers[] = {{"A", "b"}, {"A", ""}};
  EXPECT_TRUE(append_last_chunk(out, trailers).ok());
  EXPECT_EQ(out, "0\r\n\r\n0\r\nA: b\r\nA: \r\n\r\n");
  const Header barred[] = {{"Content-Length", "5"}};
  EXPECT_FALSE(append_last_chunk(out, barred).ok());
}

TEST(HttpMessageWriter, Decimals) {
  std::string out;
  append_decimal(out, 0);
  append_decimal(out, 10);
  append_decimal(out, UINT64_MAX);
  EXPECT_EQ(out, "01018446744073709551615");
}

TEST(HttpBodyWriter, HoldsTheProgramToItsLength) {
  std::string out;
  BodyWriter body;
  body.begin(Framing::length, 5, false);
  EXPECT_TRUE(body.write(out, "hel").ok());
  EXPECT_FALSE(body.finish(out, {}).ok());
  EXPECT_EQ(body.left(), 2u);
  EXPECT_TRUE(body.write(out, "lo").ok());
  EXPECT_TRUE(body.write(out, "").ok());
  EXPECT_TRUE(body.finish(out, {}).ok());
  EXPECT_EQ(out, "hello");
  out.clear();
  body.begin(Framing::length, 5, false);
  EXPECT_EQ(body.write(out, "hello!").error().code, Errc::invalid);
  EXPECT_EQ(out, "hello");
  out.clear();
  body.begin(Framing::none, 0, false);
  EXPECT_FALSE(body.write(out, "x").ok());
  EXPECT_TRUE(body.finish(out, {}).ok());
  EXPECT_EQ(out, "");
}

TEST(HttpBodyWriter, WritesNothingWhenSilent) {
  for (const Framing framing :
       {Framing::none, Framing::length, Framing::chunked, Framing::until_close}) {
    std::string out;
    BodyWriter body;
    body.begin(framing, 3, true);
    EXPECT_TRUE(body.write(out, "anything").ok());
    EXPECT_TRUE(body.finish(out, {}).ok());
    EXPECT_EQ(out, "");
  }
}

}  // namespace
}  // namespace virgo::http
