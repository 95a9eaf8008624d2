#include "binding/hash_binding.hpp"

#include <cmath>
#include <lua.hpp>
#include <optional>
#include <string_view>

#include "base/base64.hpp"
#include "base/format.hpp"
#include "base/text.hpp"
#include "binding/bindings.hpp"
#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "lua/state.hpp"

namespace virgo::binding {
namespace {

constexpr double kMaxRandom = 65536;
constexpr double kMaxRounds = 100'000;  // some 50 ms, during which nothing else happens
constexpr double kMaxDerived = 1024;
constexpr double kMaxWork = 200'000;  // rounds times blocks of the digest
constexpr std::size_t kMaxKey = 1u << 20;

std::string_view check_bytes(lua_State* L, int index) {
  std::size_t size = 0;
  const char* bytes = luaL_checklstring(L, index, &size);
  return {bytes, size};
}

double check_whole(lua_State* L, int index, double min, double max) {
  const double value = luaL_checknumber(L, index);
  if (!(value >= min && value <= max) || value != std::floor(value)) {
    lua_pushfstring(L, "a whole number from %f to %f", min, max);
    luaL_argerror(L, index, lua_tostring(L, -1));
  }
  return value;
}

crypto::Digest check_digest(lua_State* L, int index) {
  const auto kind = crypto::digest_named(check_bytes(L, index));
  if (!kind) luaL_argerror(L, index, "\"md5\", \"sha1\", \"sha256\" or \"sha512\"");
  return *kind;
}

// Raises nothing.
int push_bytes(lua_State* L, const std::optional<std::string>& bytes) {
  if (!bytes)
    return push_failure(L, "unsupported",
                        Error{Errc::unsupported, "this system does not allow that digest"});
  const lua::HostWork unrefused(L);
  lua_pushlstring(L, bytes->data(), bytes->size());
  return 1;
}

// virgo.hash.sha256(bytes) -> bytes
template <crypto::Digest kind>
int digest(lua_State* L) {
  return push_bytes(L, crypto::digest_of(kind, check_bytes(L, 1)));
}

// virgo.hash.hmac(algorithm, key, bytes) -> bytes
int hmac(lua_State* L) {
  const crypto::Digest kind = check_digest(L, 1);
  const std::string_view key = check_bytes(L, 2);
  if (key.size() > kMaxKey) return luaL_argerror(L, 2, "a key of at most 1 MiB");
  return push_bytes(L, crypto::hmac(kind, key, check_bytes(L, 3)));
}

// virgo.hash.pbkdf2(algorithm, password, salt, rounds, length) -> bytes
int pbkdf2(lua_State* L) {
  const crypto::Digest kind = check_digest(L, 1);
  const std::string_view password = check_bytes(L, 2);
  const std::string_view salt = check_bytes(L, 3);
  const double rounds = check_whole(L, 4, 1, kMaxRounds);
  const double length = check_whole(L, 5, 1, kMaxDerived);
  if (password.size() > kMaxKey) return luaL_argerror(L, 2, "a password of at most 1 MiB");
  if (salt.size() > kMaxKey) return luaL_argerror(L, 3, "a salt of at most 1 MiB");
  const double blocks = std::ceil(length / 16);  // of the shortest digest
  if (rounds > kMaxWork / blocks && rounds > 4096)
    return luaL_argerror(L, 4, "fewer rounds for so many bytes: this would block the agent");
  return push_bytes(L, crypto::pbkdf2(kind, password, salt, static_cast<std::uint32_t>(rounds),
                                      static_cast<std::size_t>(length)));
}

// virgo.hash.hex(bytes) -> text
int hex(lua_State* L) {
  static constexpr char kDigits[] = "0123456789abcdef";
  luaL_Buffer out;
  const std::string_view bytes = check_bytes(L, 1);
  luaL_buffinit(L, &out);
  for (const char c : bytes) {
    luaL_addchar(&out, kDigits[static_cast<unsigned char>(c) >> 4]);
    luaL_addchar(&out, kDigits[static_cast<unsigned char>(c) & 15]);
  }
  luaL_pushresult(&out);
  return 1;
}

int push_base64(lua_State* L, std::string_view bytes) {
  const lua::HostWork unrefused(L);
  const std::string text = encode_base64(bytes);
  lua_pushlstring(L, text.data(), text.size());
  return 1;
}

int push_decoded(lua_State* L, std::string_view text) {
  const lua::HostWork unrefused(L);
  const auto bytes = decode_base64(text);
  if (!bytes)
    return push_failure(L, "failed",
                        Error{Errc::invalid, format("'{}' is not base64 (with padding, without "
                                                    "white space)",
                                                    printable(text, 40))});
  lua_pushlstring(L, bytes->data(), bytes->size());
  return 1;
}

// virgo.base64.encode(bytes) -> text
int base64_encode(lua_State* L) {
  return lua::State::pushed(L, push_base64(L, check_bytes(L, 1)));
}

// virgo.base64.decode(text) -> bytes | nil, error
int base64_decode(lua_State* L) {
  return lua::State::pushed(L, push_decoded(L, check_bytes(L, 1)));
}

int push_random(lua_State* L, std::size_t count) {
  const lua::HostWork unrefused(L);
  const auto bytes = crypto::random_bytes(count);
  if (!bytes) return push_failure(L, "failed", bytes.error());
  lua_pushlstring(L, bytes->data(), bytes->size());
  return 1;
}

// virgo.random(n) -> n bytes that nobody can guess
int random(lua_State* L) {
  const double count = check_whole(L, 1, 1, kMaxRandom);
  return lua::State::pushed(L, push_random(L, static_cast<std::size_t>(count)));
}

}  // namespace

int open_hash(lua_State* L) {
  static constexpr Method kFunctions[] = {{"md5", digest<crypto::Digest::md5>},
                                          {"sha1", digest<crypto::Digest::sha1>},
                                          {"sha256", digest<crypto::Digest::sha256>},
                                          {"sha512", digest<crypto::Digest::sha512>},
                                          {"hmac", hmac},
                                          {"pbkdf2", pbkdf2},
                                          {"hex", hex},
                                          {nullptr, nullptr}};
  return open_functions(L, kFunctions);
}

int open_base64(lua_State* L) {
  static constexpr Method kFunctions[] = {
      {"encode", base64_encode}, {"decode", base64_decode}, {nullptr, nullptr}};
  return open_functions(L, kFunctions);
}

int open_random(lua_State* L) {
  lua_pushcfunction(L, random);
  return 1;
}

}  // namespace virgo::binding
