// native.crypto: randomness and digests.
#include <lua.hpp>

#include <string>
#include <string_view>

#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "lua/scratch.hpp"
#include "lua/state.hpp"
#include "runtime/natives.hpp"

namespace virgo::runtime {
namespace {

constexpr lua_Number kMostRandom = 64 << 20;

// randomBytes(count) -> bytes | nil, message
int random_bytes(lua_State* L) {
  const lua_Number count = luaL_checknumber(L, 1);
  luaL_argcheck(L, count >= 0 && count <= kMostRandom, 1, "from 0 to 67108864 bytes");
  std::string& bytes = lua::push_scratch(L);
  const lua::HostWork unrefused(L);
  bytes.resize(static_cast<std::size_t>(count));
  const auto filled =
      crypto::fill_random({reinterpret_cast<unsigned char*>(bytes.data()), bytes.size()});
  if (!filled) {
    bytes = filled.error().message;
    lua_pushnil(L);
  }
  lua_pushlstring(L, bytes.data(), bytes.size());
  return filled ? 1 : 2;
}

// sha1(bytes), sha256(bytes), sha512(bytes) -> the digest's bytes
template <std::string (*Digest)(std::string_view)>
int digest(lua_State* L) {
  std::size_t size = 0;
  const char* bytes = luaL_checklstring(L, 1, &size);
  std::string& out = lua::push_scratch(L);
  const lua::HostWork unrefused(L);
  out = Digest({bytes, size});
  lua_pushlstring(L, out.data(), out.size());
  return 1;
}

}  // namespace

int open_crypto(lua_State* L) {
  static const luaL_Reg functions[] = {{"randomBytes", random_bytes},
                                       {"sha1", digest<crypto::sha1>},
                                       {"sha256", digest<crypto::sha256>},
                                       {"sha512", digest<crypto::sha512>},
                                       {nullptr, nullptr}};
  lua_createtable(L, 0, 4);
  luaL_register(L, nullptr, functions);
  return 1;
}

}  // namespace virgo::runtime
