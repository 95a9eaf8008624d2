// Header fields between Lua and C++.
#include <array>
#include <charconv>
#include <cmath>
#include <lua.hpp>
#include <vector>

#include "runtime/http_binding.hpp"

namespace virgo::runtime {
namespace {

// Of the table being read. The texts are Lua's, but for numbers, which are written here.
struct Fields {
  static constexpr std::size_t kMaxNumbers = 64;
  std::vector<http::Header> items;
  std::span<const http::Header> view;
  std::array<std::array<char, 24>, kMaxNumbers> numbers;
  std::size_t used_numbers = 0;
  const char* error = nullptr;
};

Fields& fields() {
  static thread_local Fields f;
  return f;
}

bool text_at(lua_State* L, int index, std::string_view* out) {
  Fields& f = fields();
  if (lua_type(L, index) == LUA_TSTRING) {
    std::size_t size = 0;
    const char* text = lua_tolstring(L, index, &size);
    *out = {text, size};
    return true;
  }
  if (lua_type(L, index) != LUA_TNUMBER || f.used_numbers == Fields::kMaxNumbers) return false;
  auto& buffer = f.numbers[f.used_numbers++];
  const double number = lua_tonumber(L, index);
  const bool whole = std::floor(number) == number && std::fabs(number) < 9e15;
  const auto end = whole
                       ? std::to_chars(buffer.begin(), buffer.end(), static_cast<long long>(number))
                       : std::to_chars(buffer.begin(), buffer.end(), number);
  *out = {buffer.data(), static_cast<std::size_t>(end.ptr - buffer.data())};
  return end.ec == std::errc();
}

// The field of name and value at -2 and -1; a list of values is a field each.
bool add_field(lua_State* L) {
  Fields& f = fields();
  std::string_view name;
  std::string_view value;
  if (!text_at(L, -2, &name)) {
    f.error = "a header's name must be a string";
    return false;
  }
  if (lua_type(L, -1) != LUA_TTABLE) {
    if (!text_at(L, -1, &value)) {
      f.error = "a header's value must be a string or a number";
      return false;
    }
    f.items.push_back({name, value});
    return true;
  }
  for (int i = 1;; ++i) {
    lua_rawgeti(L, -1, i);
    const bool end = lua_isnil(L, -1);
    if (!end && text_at(L, -1, &value)) {
      f.items.push_back({name, value});
    } else if (!end) {
      f.error = "a header's value must be a string or a number";
    }
    lua_pop(L, 1);
    if (end || f.error != nullptr) return f.error == nullptr;
  }
}

bool add_flat(lua_State* L, int index) {
  for (int i = 1; fields().error == nullptr; i += 2) {
    lua_rawgeti(L, index, i);
    lua_rawgeti(L, index, i + 1);
    const bool end = lua_isnil(L, -2);
    if (!end) add_field(L);
    lua_pop(L, 2);
    if (end) break;
  }
  return fields().error == nullptr;
}

bool add_pairs(lua_State* L, int index) {
  Fields& f = fields();
  for (int i = 1; f.error == nullptr; ++i) {
    lua_rawgeti(L, index, i);
    const int type = lua_type(L, -1);
    if (type == LUA_TTABLE) {
      lua_rawgeti(L, -1, 1);
      lua_rawgeti(L, -2, 2);
      add_field(L);
      lua_pop(L, 2);
    } else if (type != LUA_TNIL) {
      f.error = "headers are {name, value} pairs or fields by name";
    }
    lua_pop(L, 1);
    if (type == LUA_TNIL) break;
  }
  return f.error == nullptr;
}

bool add_map(lua_State* L, int index) {
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {
    if (lua_type(L, -2) == LUA_TSTRING && !add_field(L)) {
      lua_pop(L, 2);
      return false;
    }
    lua_pop(L, 1);
  }
  return true;
}

}  // namespace

const std::span<const http::Header>* read_header_table(lua_State* L, int index,
                                                       const char** error) {
  Fields& f = fields();
  f.items.clear();
  f.used_numbers = 0;
  f.error = nullptr;
  if (lua_type(L, index) == LUA_TTABLE) {
    luaL_checkstack(L, 8, "headers");
    lua_rawgeti(L, index, 1);
    const bool flat = lua_type(L, -1) == LUA_TSTRING;
    lua_pop(L, 1);
    if (!(flat ? add_flat(L, index) : add_pairs(L, index) && add_map(L, index))) {
      *error = f.error;
      return nullptr;
    }
  } else if (!lua_isnoneornil(L, index)) {
    *error = "headers must be a table";
    return nullptr;
  }
  f.view = f.items;
  return &f.view;
}

namespace {

void push_pair(lua_State* L, std::string_view name, std::string_view value) {
  lua_createtable(L, 2, 0);
  lua_pushlstring(L, name.data(), name.size());
  lua_rawseti(L, -2, 1);
  lua_pushlstring(L, value.data(), value.size());
  lua_rawseti(L, -2, 2);
}

}  // namespace

void push_header_pairs(lua_State* L, const http::HeaderList& headers) {
  lua_createtable(L, static_cast<int>(headers.size()), 0);
  int i = 0;
  for (const http::Header& h : headers) {
    push_pair(L, h.name, h.value);
    lua_rawseti(L, -2, ++i);
  }
}

std::string_view raw_headers(const http::HeaderList& headers) {
  if (headers.empty()) return {};
  const char* begin = headers[0].name.data();
  const std::string_view last = headers[headers.size() - 1].value;
  return {begin, static_cast<std::size_t>(last.data() + last.size() - begin)};
}

int parse_headers(lua_State* L) {
  std::size_t size = 0;
  const char* text = luaL_checklstring(L, 1, &size);
  std::string_view raw(text, size);
  lua_newtable(L);
  for (int i = 1; !raw.empty(); ++i) {
    const std::string_view line = raw.substr(0, raw.find("\r\n"));
    raw.remove_prefix(std::min(raw.size(), line.size() + 2));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) break;
    push_pair(L, line.substr(0, colon), http::trim_blanks(line.substr(colon + 1)));
    lua_rawseti(L, -2, i);
  }
  return 1;
}

}  // namespace virgo::runtime
