// native.tls: crypto::TlsSession as an object of Lua, without I/O. The module tls
// (host/runtime/tls.lua) carries the bytes.
#include "runtime/tls_library.hpp"

#include <lua.hpp>

#include <optional>
#include <string_view>

#include "crypto/tls_session.hpp"
#include "lua/scratch.hpp"
#include "lua/state.hpp"
#include "runtime/natives.hpp"

namespace virgo::runtime {
namespace {

constexpr const char* kCodec = "virgo.tls.codec";

// What a codec hands to Lua lies in `bytes` until it is pushed.
struct Codec {
  std::unique_ptr<crypto::TlsSession> session;  // null when freed
  std::string bytes;
};

crypto::TlsSession& session_of(lua_State* L) {
  const auto& codec = *static_cast<Codec*>(luaL_checkudata(L, 1, kCodec));
  if (codec.session == nullptr) luaL_error(L, "this TLS codec was freed");
  return *codec.session;
}

Codec& codec_of(lua_State* L) {
  session_of(L);
  return *static_cast<Codec*>(lua_touserdata(L, 1));
}

std::string_view check_bytes(lua_State* L, int index) {
  std::size_t size = 0;
  const char* bytes = luaL_checklstring(L, index, &size);
  return {bytes, size};
}

// Pushes the string of the codec, or nil if it is empty.
void push_bytes(lua_State* L, Codec& codec) {
  if (codec.bytes.empty())
    lua_pushnil(L);
  else
    lua_pushlstring(L, codec.bytes.data(), codec.bytes.size());
  codec.bytes = std::string();
}

void push_plaintext(lua_State* L, Codec& codec) {
  codec.session->take_plaintext(codec.bytes);
  push_bytes(L, codec);
}

void push_ciphertext(lua_State* L, Codec& codec) {
  codec.session->take_ciphertext(codec.bytes);
  push_bytes(L, codec);
}

// Pushes the error's message and code, or nothing.
int push_error(lua_State* L, const Error* error) {
  if (error == nullptr) return 0;
  lua_pushlstring(L, error->message.data(), error->message.size());
  lua_pushstring(L, code_name(error->code));
  return 2;
}

// codec:feed(ciphertext) -> plaintext | nil, ciphertext to send | nil [, message,
// code]. An error does not keep the plaintext before it from being given.
int feed(lua_State* L) {
  Codec& codec = codec_of(L);
  const std::string_view bytes = check_bytes(L, 2);
  const lua::HostWork unrefused(L);
  static_cast<void>(
      codec.session->feed({bytes.data(), bytes.size()}));  // error() is looked at below
  push_plaintext(L, codec);
  push_ciphertext(L, codec);
  return 2 + push_error(L, codec.session->error());
}

// codec:write(plaintext) -> ciphertext to send | nil [, message, code]
int write(lua_State* L) {
  Codec& codec = codec_of(L);
  const std::string_view bytes = check_bytes(L, 2);
  const lua::HostWork unrefused(L);
  const auto written = codec.session->write(bytes);
  push_ciphertext(L, codec);
  return 1 + push_error(L, written ? nullptr : &written.error());
}

// codec:take() -> ciphertext to send | nil
int take(lua_State* L) {
  push_ciphertext(L, codec_of(L));
  return 1;
}

// codec:close() -> ciphertext to send | nil
int close(lua_State* L) {
  Codec& codec = codec_of(L);
  codec.session->close();
  push_ciphertext(L, codec);
  return 1;
}

// codec:ended() -> true | nil, message, code. The transport is at its end.
int ended(lua_State* L) {
  crypto::TlsSession& session = session_of(L);
  const lua::HostWork unrefused(L);
  const auto result = session.end_of_stream();
  if (!result) return push_failure(L, result.error());
  lua_pushboolean(L, 1);
  return 1;
}

// codec:free(): the memory is given back now; nothing else may follow.
int free_codec(lua_State* L) {
  auto& codec = *static_cast<Codec*>(luaL_checkudata(L, 1, kCodec));
  codec.session.reset();
  codec.bytes = std::string();
  return 0;
}

template <bool (crypto::TlsSession::*Get)() const>
int get_flag(lua_State* L) {
  lua_pushboolean(L, (session_of(L).*Get)() ? 1 : 0);
  return 1;
}

// "" becomes nil.
int push_text(lua_State* L, std::string_view text) {
  if (text.empty())
    lua_pushnil(L);
  else
    lua_pushlstring(L, text.data(), text.size());
  return 1;
}

template <std::string (crypto::TlsSession::*Get)() const>
int get_text(lua_State* L) {
  const crypto::TlsSession& session = session_of(L);
  const lua::HostWork unrefused(L);
  return push_text(L, (session.*Get)());
}

int sni(lua_State* L) {
  return push_text(L, session_of(L).sni());
}

int authorization_error(lua_State* L) {
  return push_text(L, session_of(L).authorization_error());
}

void set_text(lua_State* L, const char* field, std::string_view text) {
  lua_pushlstring(L, text.data(), text.size());
  lua_setfield(L, -2, field);
}

// A field that occurs more than once is a list.
void set_name(lua_State* L, const char* field, const crypto::CertificateDetails::Name& name) {
  lua_createtable(L, 0, static_cast<int>(name.size()));
  for (const auto& [key, value] : name) {
    lua_getfield(L, -1, key.c_str());  // name, what is there
    if (lua_isnil(L, -1)) {
      lua_pop(L, 1);
      set_text(L, key.c_str(), value);
      continue;
    }
    if (!lua_istable(L, -1)) {
      lua_createtable(L, 2, 0);
      lua_insert(L, -2);
      lua_rawseti(L, -2, 1);
    }
    lua_pushlstring(L, value.data(), value.size());
    lua_rawseti(L, -2, static_cast<int>(lua_objlen(L, -2)) + 1);
    lua_setfield(L, -2, key.c_str());
  }
  lua_setfield(L, -2, field);
}

void set_time(lua_State* L, const char* field, std::chrono::sys_seconds time) {
  lua_pushnumber(L, static_cast<lua_Number>(time.time_since_epoch().count()));
  lua_setfield(L, -2, field);
}

void push_certificate(lua_State* L, const crypto::CertificateDetails& certificate) {
  lua_createtable(L, 0, 12);
  set_name(L, "subject", certificate.subject);
  set_name(L, "issuer", certificate.issuer);
  set_text(L, "subjectaltname", certificate.alternative_names);
  set_text(L, "serialNumber", certificate.serial);
  set_text(L, "fingerprint", certificate.fingerprint_sha1);
  set_text(L, "fingerprint256", certificate.fingerprint_sha256);
  set_text(L, "pem", certificate.pem);
  set_text(L, "valid_from", crypto::format_utc(certificate.info.not_before));
  set_text(L, "valid_to", crypto::format_utc(certificate.info.not_after));
  set_time(L, "notBefore", certificate.info.not_before);
  set_time(L, "notAfter", certificate.info.not_after);
}

// codec:peerCertificate() -> table | nil
int peer_certificate(lua_State* L) {
  const crypto::TlsSession& session = session_of(L);
  const lua::HostWork unrefused(L);
  const std::optional<crypto::CertificateDetails> certificate = session.peer_certificate();
  if (certificate)
    push_certificate(L, *certificate);
  else
    lua_pushnil(L);
  return 1;
}

int collect(lua_State* L) {
  static_cast<Codec*>(lua_touserdata(L, 1))->~Codec();
  return 0;
}

using crypto::TlsSession;
constexpr luaL_Reg kMethods[] = {{"feed", feed},
                                 {"write", write},
                                 {"take", take},
                                 {"close", close},
                                 {"ended", ended},
                                 {"free", free_codec},
                                 {"handshakeDone", get_flag<&TlsSession::handshake_done>},
                                 {"peerClosed", get_flag<&TlsSession::peer_closed>},
                                 {"sessionReused", get_flag<&TlsSession::session_reused>},
                                 {"protocol", get_text<&TlsSession::protocol>},
                                 {"cipher", get_text<&TlsSession::cipher>},
                                 {"alpn", get_text<&TlsSession::alpn>},
                                 {"sni", sni},
                                 {"authorizationError", authorization_error},
                                 {"peerCertificate", peer_certificate},
                                 {nullptr, nullptr}};

Codec& push_codec(lua_State* L) {
  void* memory = lua_newuserdata(L, sizeof(Codec));
  if (luaL_newmetatable(L, kCodec) != 0) {
    lua_pushcfunction(L, collect);
    lua_setfield(L, -2, "__gc");
    lua_newtable(L);
    luaL_register(L, nullptr, kMethods);
    lua_setfield(L, -2, "__index");
  }
  auto* codec = new (memory) Codec();
  lua_setmetatable(L, -2);
  return *codec;
}

// native.tls.codec(context [, server name, port]) -> codec | nil, message, code.
// Of a client's context the first flight waits in take().
int make_codec(lua_State* L) {
  const ContextBox& box = check_context(L, 1);
  std::size_t size = 0;
  const char* name = luaL_optlstring(L, 2, "", &size);
  const auto port = static_cast<std::uint16_t>(luaL_optinteger(L, 3, 0));
  luaL_argcheck(L, box.context != nullptr, 1, "a context");
  Codec& codec = push_codec(L);
  const lua::HostWork unrefused(L);
  auto made =
      box.context->is_client() ? box.context->session({name, size}, port) : box.context->session();
  if (!made) return push_failure(L, made.error());
  codec.session = std::move(made).value();
  return 1;
}

}  // namespace

const char* code_name(Errc code) {
  switch (code) {
    case Errc::denied:
      return "ECERT";
    case Errc::invalid:
    case Errc::unsupported:
      return "EPROTO";
    case Errc::closed:
      return "ECONNRESET";
    case Errc::limit:
      return "ENOBUFS";
    case Errc::not_found:
      return "ENOENT";
    default:
      return "ETLS";
  }
}

int push_failure(lua_State* L, const Error& error) {
  lua_pushnil(L);
  return 1 + push_error(L, &error);
}

int open_tls(lua_State* L) {
  static const luaL_Reg functions[] = {
      {"context", make_context}, {"codec", make_codec}, {nullptr, nullptr}};
  lua_createtable(L, 0, 2);
  luaL_register(L, nullptr, functions);
  return 1;
}

}  // namespace virgo::runtime
