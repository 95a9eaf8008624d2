#include "http/web_socket_handshake.hpp"

#include "base/base64.hpp"

namespace virgo::http {
namespace {

constexpr std::string_view kProtocol = "websocket";
constexpr std::string_view kVersion = "13";

std::optional<WebSocketRequest> refuse(Refusal* refusal, int status, const char* why) {
  *refusal = {status, false, why};
  return std::nullopt;
}

// The one field of that name; nullopt if there is none or several.
std::optional<std::string_view> single(const HeaderList& headers, std::string_view name) {
  std::optional<std::string_view> value;
  for (const Header& header : headers) {
    if (!same_name(header.name, name)) continue;
    if (value) return std::nullopt;
    value = header.value;
  }
  return value;
}

bool is_key(std::string_view text) {
  const auto bytes = decode_base64(text);
  return bytes && bytes->size() == 16;
}

}  // namespace

bool asks_for_web_socket(const RequestHead& head) {
  return head.method == "GET" && has_token(head.upgrade, kProtocol);
}

std::optional<WebSocketRequest> read_web_socket_request(const RequestHead& head, Refusal* refusal) {
  if (!asks_for_web_socket(head))
    return refuse(refusal, 400, "the request does not ask for a WebSocket");
  if (head.framing != Framing::none)
    return refuse(refusal, 400, "the request for a WebSocket has a body");
  const auto version = single(head.headers, "sec-websocket-version");
  if (!version || *version != kVersion)
    return refuse(refusal, 426, "the WebSocket version is not 13");
  const auto key = single(head.headers, "sec-websocket-key");
  if (!key || !is_key(*key)) return refuse(refusal, 400, "Sec-WebSocket-Key is not valid");
  WebSocketRequest request;
  request.key = *key;
  request.origin = head.headers.get("origin").value_or(std::string_view());
  for (std::string_view list : head.headers.get_all("sec-websocket-protocol")) {
    std::string_view protocol;
    while (take_element(list, &protocol)) {
      if (!is_token(protocol)) return refuse(refusal, 400, "a WebSocket protocol is no token");
      request.protocols.push_back(protocol);
    }
  }
  return request;
}

std::vector<Header> web_socket_response(std::string_view accept, std::string_view protocol) {
  std::vector<Header> headers{{"Upgrade", kProtocol}, {"Sec-WebSocket-Accept", accept}};
  if (!protocol.empty()) headers.push_back({"Sec-WebSocket-Protocol", protocol});
  return headers;
}

std::vector<Header> web_socket_request(std::string_view key, std::string_view protocols) {
  std::vector<Header> headers{{"Upgrade", kProtocol},
                              {"Connection", "Upgrade"},
                              {"Sec-WebSocket-Version", kVersion},
                              {"Sec-WebSocket-Key", key}};
  if (!protocols.empty()) headers.push_back({"Sec-WebSocket-Protocol", protocols});
  return headers;
}

Result<std::string_view> check_web_socket_response(const ResponseHead& head,
                                                   std::string_view expected_accept,
                                                   std::string_view protocols) {
  const auto wrong = [](const char* what) { return Error{Errc::invalid, what}; };
  if (head.status != 101) return wrong("the server does not change to WebSocket");
  if (!same_name(head.upgrade, kProtocol))
    return wrong("the server changes to another protocol than WebSocket");
  if (single(head.headers, "sec-websocket-accept") != expected_accept)
    return wrong("the server's Sec-WebSocket-Accept does not fit the key");
  if (head.headers.find("sec-websocket-extensions") != nullptr)
    return wrong("the server wants a WebSocket extension that was not offered");
  if (head.headers.find("sec-websocket-protocol") == nullptr) return std::string_view();
  const auto protocol = single(head.headers, "sec-websocket-protocol");
  std::string_view offered;
  while (take_element(protocols, &offered))
    if (protocol == offered) return *protocol;
  return wrong("the server chose a WebSocket protocol that was not offered");
}

}  // namespace virgo::http
