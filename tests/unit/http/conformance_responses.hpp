// Part of conformance.hpp: what a client is sent.
#pragma once

#include "unit/http/conformance.hpp"

namespace virgo::conformance {

inline std::string ok(std::string_view fields, std::string_view body = {}) {
  return "HTTP/1.1 200 OK\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

// What an attacker would like to be taken for the response to the next request.
inline const std::string kForged = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged";

inline ResponseCase kept(std::string name, const char* section, std::string raw, int status,
                         std::string body) {
  return {std::move(name), section,       "GET",  std::move(raw),
          false,           Outcome::kept, status, std::move(body)};
}

// Ends with the connection.
inline ResponseCase closed(std::string name, const char* section, std::string raw, int status,
                           std::string body) {
  return {std::move(name), section, "GET",          std::move(raw), true,
          Outcome::closed, status,  std::move(body)};
}

// Nothing is handed out.
inline ResponseCase no_response(std::string name, const char* section, std::string raw,
                                bool eof = false) {
  return {std::move(name), section, "GET", std::move(raw), eof, Outcome::failed, 0, ""};
}

// Handed out, but not to its end.
inline ResponseCase cut(std::string name, const char* section, std::string raw, std::string body,
                        bool eof = false) {
  return {std::move(name), section, "GET",          std::move(raw), eof,
          Outcome::failed, 200,     std::move(body)};
}

inline std::vector<ResponseCase> status_line_cases() {
  const std::string empty = "\r\nContent-Length: 0\r\n\r\n";
  return {
      kept("plain response", "4", ok("Content-Length: 5\r\n", "hello"), 200, "hello"),
      kept("an empty reason", "4", "HTTP/1.1 200 " + empty, 200, ""),
      kept("no reason, nor the space before it", "4", "HTTP/1.1 404" + empty, 404, ""),
      kept("a reason of several words", "4", "HTTP/1.1 404 Not a thing" + empty, 404, ""),
      kept("a reason above ASCII", "4", "HTTP/1.1 404 nicht da, schad\xc3\xa4" + empty, 404, ""),
      kept("a status nobody knows", "RFC 9110, 15", "HTTP/1.1 599 x" + empty, 599, ""),
      closed("HTTP/1.0", "9.3", "HTTP/1.0 200 OK" + empty, 200, ""),
      kept("HTTP/1.0 that is kept", "9.3",
           "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi", 200, "hi"),
      no_response("a status of two digits", "4", "HTTP/1.1 20 OK" + empty),
      no_response("a status of four digits", "4", "HTTP/1.1 2000 OK" + empty),
      no_response("a status below 100", "4", "HTTP/1.1 099 OK" + empty),
      no_response("a status above 599", "RFC 9110, 15", "HTTP/1.1 600 OK" + empty),
      no_response("a status that is no number", "4", "HTTP/1.1 2x0 OK" + empty),
      no_response("no status", "4", "HTTP/1.1" + empty),
      no_response("two spaces before the status", "4", "HTTP/1.1  200 OK" + empty),
      no_response("a tab before the status", "4", "HTTP/1.1\t200 OK" + empty),
      no_response("a control character in the reason", "4", "HTTP/1.1 200 O\x01K" + empty),
      no_response("HTTP/2.0", "2.3", "HTTP/2.0 200 OK" + empty),
      no_response("HTTP/1.2", "2.3", "HTTP/1.2 200 OK" + empty),
      no_response("a version in lower case", "2.3", "http/1.1 200 OK" + empty),
      no_response("a status line of another protocol", "2.3", "ICY 200 OK" + empty),
      no_response("a request", "4", "GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
      no_response("a blank line in front", "2.2", "\r\n" + ok("Content-Length: 0\r\n")),
      no_response("a space in front", "2.2", " " + ok("Content-Length: 0\r\n")),
      no_response("a bare LF behind the status line", "2.2",
                  "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n"),
      no_response("the body right away", "4", "<html></html>"),
      no_response("nothing at all", "9.5", "", true),
      no_response("half a head", "8", "HTTP/1.1 200 OK\r\nConte", true),
      no_response("a status line without end", "4", "HTTP/1.1 200 " + repeat("x", 20000)),
  };
}

inline std::vector<ResponseCase> response_field_cases() {
  // "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nx: ...\r\n\r\n" has 43 bytes without the dots.
  const std::string length = "Content-Length: 0\r\n";
  return {
      kept("the largest number of fields", "5", ok(length + repeat("A: b\r\n", 127)), 200, ""),
      kept("the longest head", "5", ok(length + "x: " + repeat("y", 16384 - 43) + "\r\n"), 200, ""),
      no_response("a head longer by one", "5",
                  ok(length + "x: " + repeat("y", 16384 - 42) + "\r\n")),
      no_response("one field too many", "5", ok(length + repeat("A: b\r\n", 128))),
      no_response("a space before the colon", "5.1", ok("Content-Length : 0\r\n")),
      no_response("a folded value", "5.2", ok(length + "A: b\r\n c\r\n")),
      no_response("a name with a space", "5.1", ok(length + "A B: c\r\n")),
      no_response("NUL in a value", "RFC 9110, 5.5", ok(length + std::string("A: b\0c\r\n", 8))),
      no_response("a bare CR in a value", "2.2", ok(length + "A: b\rC: d\r\n")),
      no_response("a bare CR as the blank line", "2.2",
                  "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\rX: y\r\n\r\n"),
      no_response("a bare LF behind a field", "2.2", ok("A: b\nContent-Length: 0\r\n")),
  };
}

inline std::vector<ResponseCase> response_body_cases() {
  const std::string coded = "Transfer-Encoding: chunked\r\n";
  const auto with = [](std::string method, ResponseCase one) {
    one.method = std::move(method);
    return one;
  };
  return {
      kept("chunks", "7.1", ok(coded, "5\r\nhello\r\n0\r\n\r\n"), 200, "hello"),
      kept("chunks, extensions and trailers", "7.1.2",
           ok(coded, "2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nA: b\r\n\r\n"), 200, "hello"),
      closed("until the connection ends", "6.3", ok("", "hello"), 200, "hello"),
      closed("until the connection ends, nothing", "6.3", ok(""), 200, ""),
      closed("until the connection ends, what looks like a response", "6.3", ok("", kForged), 200,
             kForged),
      closed("Connection: close with a length", "9.6",
             ok("Connection: close\r\nContent-Length: 2\r\n", "hi"), 200, "hi"),
      kept("no body with 204", "6.3", "HTTP/1.1 204 No Content\r\n\r\n", 204, ""),
      kept("no body with 304, whatever its length", "6.3",
           "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, ""),
      with("HEAD", kept("no body of HEAD, whatever its length", "6.3", ok("Content-Length: 5\r\n"),
                        200, "")),
      with("HEAD", kept("no body of HEAD, whatever its coding", "6.3", ok(coded), 200, "")),
      with("HEAD", kept("no body of HEAD without a length", "6.3", ok(""), 200, "")),
      {"a body where there is none, 204", "6.3", "GET",
       "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello", false, Outcome::failed, 204,
       ""},
      {"a body of HEAD", "6.3", "HEAD", ok("Content-Length: 5\r\n", "hello"), false,
       Outcome::failed, 200, ""},
      {"a body more than the length", "6.3", "GET", ok("Content-Length: 5\r\n", "hello!"), false,
       Outcome::failed, 200, "hello"},
      {"a second response", "9.3.2", "GET", ok("Content-Length: 5\r\n", "hello") + kForged, false,
       Outcome::failed, 200, "hello"},
      {"a second response behind chunks", "9.3.2", "GET",
       ok(coded, "5\r\nhello\r\n0\r\n\r\n") + kForged, false, Outcome::failed, 200, "hello"},
      {"half a body so far", "6.3", "GET", ok("Content-Length: 5\r\n", "he"), false,
       Outcome::waiting, 200, "he"},
      cut("half a body", "8", ok("Content-Length: 5\r\n", "he"), "he", true),
      cut("half a chunk", "8", ok(coded, "5\r\nhe"), "he", true),
      cut("no last chunk", "8", ok(coded, "5\r\nhello\r\n"), "hello", true),
      cut("no end of the trailers", "8", ok(coded, "5\r\nhello\r\n0\r\n"), "hello", true),
      cut("a chunk size that is not valid", "7.1", ok(coded, "5 \r\nhello\r\n0\r\n\r\n"), ""),
      cut("a chunk size beyond all bounds", "7.1", ok(coded, "fffffffffffffffff\r\nhello"), ""),
      cut("a chunk that is too long", "7.1", ok(coded, "5\r\nhello!\r\n0\r\n\r\n"), "hello"),
      cut("a bare LF behind a chunk", "7.1", ok(coded, "5\r\nhello\n0\r\n\r\n"), "hello"),
      cut("a folded trailer", "7.1.2", ok(coded, "0\r\nA: b\r\n c\r\n\r\n"), ""),
      no_response("Content-Length with Transfer-Encoding", "6.3",
                  ok(coded + "Content-Length: 5\r\n", "5\r\nhello\r\n0\r\n\r\n")),
      no_response("two Content-Length that differ", "6.3",
                  ok("Content-Length: 5\r\nContent-Length: 6\r\n", "hello!")),
      no_response("two Content-Length that agree", "6.3",
                  ok("Content-Length: 5\r\nContent-Length: 5\r\n", "hello")),
      no_response("a list of Content-Length", "6.3", ok("Content-Length: 5, 5\r\n", "hello")),
      no_response("a Content-Length with a sign", "6.3", ok("Content-Length: +5\r\n", "hello")),
      no_response("a Content-Length beyond all bounds", "6.3",
                  ok("Content-Length: 99999999999999999999\r\n", "hello")),
      no_response("a Content-Length that is no number, of HEAD", "6.3",
                  ok("Content-Length: five\r\n")),
      no_response("a coding that is not known", "6.1",
                  ok("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n")),
      no_response("a coding without chunked", "6.3", ok("Transfer-Encoding: gzip\r\n", "x")),
      no_response("chunked twice", "6.1", ok(coded + coded, "0\r\n\r\n")),
      no_response("Transfer-Encoding in HTTP/1.0", "6.1",
                  "HTTP/1.0 200 OK\r\n" + coded + "\r\n0\r\n\r\n"),
  };
}

inline std::vector<ResponseCase> interim_cases() {
  const std::string carry_on = "HTTP/1.1 100 Continue\r\n\r\n";
  const std::string hints = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
  const std::string change =
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n";
  const std::string hello = ok("Content-Length: 5\r\n", "hello");
  return {
      {"interim responses", "RFC 9110, 15.2", "GET", carry_on + hints + hello, false, Outcome::kept,
       200, "hello", "", 2},
      {"an interim response with a length", "6.3", "GET",
       "HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\n" + hello, false, Outcome::kept, 200,
       "hello", "", 1},
      {"interim responses to HEAD", "6.3", "HEAD", carry_on + ok("Content-Length: 5\r\n"), false,
       Outcome::kept, 200, "", "", 1},
      {"as many interim responses as may be", "RFC 9110, 15.2", "GET", repeat(carry_on, 16) + hello,
       false, Outcome::kept, 200, "hello", "", 16},
      {"one interim response more", "RFC 9110, 15.2", "GET", repeat(carry_on, 17) + hello, false,
       Outcome::failed, 0, "", "", 16},
      {"an interim response only", "RFC 9110, 15.2", "GET", carry_on, false, Outcome::waiting, 0,
       "", "", 1},
      {"an interim response and the end", "8", "GET", carry_on, true, Outcome::failed, 0, "", "",
       1},
      {"another protocol", "RFC 9110, 15.2.2", "GET", change + "foo\r\n\r\nbar", false,
       Outcome::upgraded, 101, "", "foo\r\n\r\nbar"},
      {"the upgrade declined", "RFC 9110, 7.8", "GET", hello, false, Outcome::kept, 200, "hello"},
      {"a tunnel", "RFC 9110, 9.3.6", "CONNECT", "HTTP/1.1 200 Fine\r\n\r\nHTTP/1.1 ", false,
       Outcome::upgraded, 200, "", "HTTP/1.1 "},
      {"a tunnel, whatever the length", "RFC 9110, 9.3.6", "CONNECT",
       ok("Content-Length: 5\r\n", "abc"), false, Outcome::upgraded, 200, "", "abc"},
      {"no tunnel", "RFC 9110, 9.3.6", "CONNECT", "HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno",
       false, Outcome::kept, 407, "no"},
  };
}

inline const std::vector<ResponseCase>& response_cases() {
  static const std::vector<ResponseCase> cases = [] {
    std::vector<ResponseCase> all;
    for (auto* part : {status_line_cases, response_field_cases, response_body_cases, interim_cases})
      for (const ResponseCase& one : part()) all.push_back(one);
    return all;
  }();
  return cases;
}

}  // namespace virgo::conformance
