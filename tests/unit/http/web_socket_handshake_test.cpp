#include "http/web_socket_handshake.hpp"

#include <gtest/gtest.h>

#include "unit/http/recording.hpp"

namespace virgo::http {
namespace {

const std::string kKey = "dGhlIHNhbXBsZSBub25jZQ==";
const std::string kAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

std::string handshake(std::string_view key_line, std::string_view version = "13") {
  return "GET /chat HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: "
         "WebSocket\r\n"
         "Sec-WebSocket-Version: " +
         std::string(version) + "\r\n" + std::string(key_line) + "\r\n";
}

// The status a request is refused with, 0 if it is none for a WebSocket, 101 if it is good.
int status(const std::string& text, WebSocketRequest* request = nullptr,
           RecordingServer* server = nullptr) {
  const ServerOptions options;
  RecordingServer own(options);
  if (server == nullptr) server = &own;
  int result = -1;
  server->respond = nullptr;
  server->on_head = [&](const RequestHead& head) {
    Refusal refusal;
    const auto read = read_web_socket_request(head, &refusal);
    result = read ? 101 : refusal.status;
    if (read && request != nullptr) *request = *read;
    if (!asks_for_web_socket(head)) result = 0;
  };
  server->feed(text);
  return result;
}

TEST(WebSocketHandshake, IsReadOnTheServer) {
  const ServerOptions options;
  RecordingServer server(options);
  WebSocketRequest request;
  EXPECT_EQ(status(handshake("Sec-WebSocket-Key: " + kKey +
                             "\r\nSec-WebSocket-Protocol: a, b\r\nOrigin: http://o\r\n"
                             "Sec-WebSocket-Protocol: c\r\n"),
                   &request, &server),
            101);
  EXPECT_EQ(request.key, kKey);
  EXPECT_EQ(request.origin, "http://o");
  EXPECT_EQ(request.protocols, (std::vector<std::string_view>{"a", "b", "c"}));
  EXPECT_TRUE(server.session.accept_upgrade(web_socket_response(kAccept, "b")).ok());
  EXPECT_EQ(server.session.output(),
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: " +
                kAccept + "\r\nSec-WebSocket-Protocol: b\r\nConnection: Upgrade\r\n\r\n");
}

TEST(WebSocketHandshake, IsRefusedForWhatIsWrong) {
  const std::string key = "Sec-WebSocket-Key: " + kKey + "\r\n";
  EXPECT_EQ(status(handshake(key)), 101);
  EXPECT_EQ(status(handshake(key, "8")), 426);
  EXPECT_EQ(status(handshake(key, "13, 8")), 426);
  EXPECT_EQ(status(handshake("")), 400);
  EXPECT_EQ(status(handshake(key + key)), 400);
  EXPECT_EQ(status(handshake("Sec-WebSocket-Key: c2hvcnQ=\r\n")), 400);
  EXPECT_EQ(status(handshake("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ\r\n")), 400);
  EXPECT_EQ(status(handshake(key + "Sec-WebSocket-Protocol: a b\r\n")), 400);
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: h\r\n" + key + "\r\n"), 0);
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n" + key + "\r\n"), 0);
  EXPECT_EQ(
      status("GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n" + key + "\r\n"), 0);
}

TEST(WebSocketHandshake, IsAskedForAndCheckedByTheClient) {
  const Limits limits;
  const auto check = [&](const std::string& fields, std::string_view protocols) {
    RecordingClient client(limits);
    const auto headers = web_socket_request(kKey, protocols);
    ClientSession::Request request;
    request.host = "h";
    request.headers = headers;
    EXPECT_TRUE(client.session.request(request, "").ok());
    const std::string sent(client.session.output());
    EXPECT_EQ(status(sent), 101);
    const std::string text = "HTTP/1.1 101 x\r\nConnection: Upgrade\r\n" + fields + "\r\n";
    MessageReader reader(MessageReader::Kind::response, limits);
    std::string_view bytes = text;
    EXPECT_EQ(reader.next(bytes), MessageReader::Event::head);
    const auto result = check_web_socket_response(reader.response(), kAccept, protocols);
    return result ? "good " + std::string(*result) : result.error().message;
  };
  const std::string accept = "Sec-WebSocket-Accept: " + kAccept + "\r\n";
  const std::string good = "Upgrade: websocket\r\n" + accept;
  EXPECT_EQ(check(good, ""), "good ");
  EXPECT_EQ(check(good, "a, b"), "good ");
  EXPECT_EQ(check(good + "Sec-WebSocket-Protocol: b\r\n", "a, b"), "good b");
  EXPECT_EQ(check(good + "Sec-WebSocket-Protocol: c\r\n", "a, b"),
            "the server chose a WebSocket protocol that was not offered");
  EXPECT_EQ(check(good + "Sec-WebSocket-Protocol: b\r\n", ""),
            "the server chose a WebSocket protocol that was not offered");
  EXPECT_EQ(check(good + "Sec-WebSocket-Extensions: x\r\n", ""),
            "the server wants a WebSocket extension that was not offered");
  EXPECT_EQ(check("Upgrade: foo\r\n" + accept, ""),
            "the server changes to another protocol than WebSocket");
  const std::string wrong = "the server's Sec-WebSocket-Accept does not fit the key";
  EXPECT_EQ(check("Upgrade: websocket\r\n", ""), wrong);
  EXPECT_EQ(check(good + accept, ""), wrong);
  EXPECT_EQ(check("Upgrade: websocket\r\nSec-WebSocket-Accept: x\r\n", ""), wrong);
}

}  // namespace
}  // namespace virgo::http
