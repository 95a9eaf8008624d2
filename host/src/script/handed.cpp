#include "script/handed.hpp"

#include <cmath>
#include <lua.hpp>
#include <optional>

#include "base/format.hpp"
#include "base/text.hpp"
#include "json/value.hpp"
#include "json/writer.hpp"

namespace virgo::script {
namespace {

// Of JSON: three levels for each of a table (what it is, the list, the pair).
constexpr std::size_t kJsonDepth = 3 * (Handed::kMaxDepth + 1);
constexpr std::size_t kMaxPath = 200;

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > 40) return false;
  for (const char c : text)
    if (!(c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')))
      return false;
  return true;
}

}  // namespace

struct HandedReader {
  lua_State* L;
  std::string path;
  std::size_t values = 0;
  std::size_t bytes = 0;

  Error error(const std::string& what) const {
    return {Errc::invalid, format("handover: {} {}", path.empty() ? "the value" : path, what)};
  }
  Result<Handed> read(int index, int depth);
  Result<void> read_table(int index, int depth, Handed& out);
  void enter(const Handed& key);
};

void HandedReader::enter(const Handed& key) {
  if (path.size() > kMaxPath) return;
  if (key.kind_ == Handed::Kind::text)
    path += is_name(key.text_) ? "." + key.text_ : "[\"" + printable(key.text_, 40) + "\"]";
  else if (key.kind_ == Handed::Kind::number)
    path += format("[{}]", key.number_);
  else
    path += "[?]";
}

Result<Handed> HandedReader::read(int index, int depth) {
  Handed out;
  switch (lua_type(L, index)) {
    case LUA_TNIL:
      break;
    case LUA_TBOOLEAN:
      out.kind_ = Handed::Kind::boolean;
      out.boolean_ = lua_toboolean(L, index) != 0;
      break;
    case LUA_TNUMBER:
      out.kind_ = Handed::Kind::number;
      out.number_ = lua_tonumber(L, index);
      break;
    case LUA_TSTRING: {
      std::size_t n = 0;
      const char* text = lua_tolstring(L, index, &n);
      bytes += n;
      if (bytes > Handed::kMaxBytes)
        return error(format("brings the texts to more than {} bytes", Handed::kMaxBytes));
      out.kind_ = Handed::Kind::text;
      out.text_.assign(text, n);
      break;
    }
    case LUA_TTABLE:
      out.kind_ = Handed::Kind::table;
      if (auto done = read_table(index, depth, out); !done) return done.error();
      break;
    default:
      return error(
          format("is a {}; only texts, numbers, booleans and tables of them can be "
                 "handed over",
                 lua_typename(L, lua_type(L, index))));
  }
  return out;
}

Result<void> HandedReader::read_table(int index, int depth, Handed& out) {
  if (depth >= Handed::kMaxDepth)
    return error(format("is deeper than {} tables", Handed::kMaxDepth));
  if (lua_checkstack(L, 4) == 0) return error("is too deep");
  lua_pushvalue(L, index);
  const int table = lua_gettop(L);
  lua_pushnil(L);
  while (lua_next(L, table) != 0) {
    values += 2;
    if (values > Handed::kMaxValues)
      return error(format("brings the keys and values to more than {}", Handed::kMaxValues));
    auto key = read(table + 1, depth + 1);
    if (!key) return key.error();
    const std::size_t path_before = path.size();
    enter(*key);
    auto value = read(table + 2, depth + 1);
    if (!value) return value.error();
    path.resize(path_before);
    out.entries_.emplace_back(std::move(key).value(), std::move(value).value());
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return {};
}

Result<Handed> Handed::take(lua_State* L, int index) {
  const int top = lua_gettop(L);
  if (index < 0) index += top + 1;
  HandedReader reader{L, "", 0, 0};
  auto out = reader.read(index, 0);
  lua_settop(L, top);
  return out;
}

void Handed::push(lua_State* L) const {
  switch (kind_) {
    case Kind::nil:
      lua_pushnil(L);
      break;
    case Kind::boolean:
      lua_pushboolean(L, boolean_ ? 1 : 0);
      break;
    case Kind::number:
      lua_pushnumber(L, number_);
      break;
    case Kind::text:
      lua_pushlstring(L, text_.data(), text_.size());
      break;
    case Kind::table:
      if (lua_checkstack(L, 4) == 0) {
        lua_pushnil(L);
        break;
      }
      lua_newtable(L);
      for (const auto& [key, value] : entries_) {
        key.push(L);
        value.push(L);
        lua_rawset(L, -3);
      }
  }
}

// A table is an object of one member that says what it is:
//   {"list":[...]}  {"map":{"name":...}}  {"pairs":[[key,value],...]}
// and so is what JSON has no form for: {"bytes":"00ff"}, {"number":"NaN"}.
struct HandedJson {
  static void write(const Handed& value, json::Writer& out);
  static void write_table(const Handed& value, json::Writer& out);
  static std::optional<Handed> read(const json::Value& value, int depth);
  static bool read_tagged(const std::string& tag, const json::Value& content, int depth,
                          Handed& out);
  static bool read_entries(const std::string& tag, const json::Value& content, int depth,
                           Handed& out);

  static Handed number(double n) {
    Handed out;
    out.kind_ = Handed::Kind::number;
    out.number_ = n;
    return out;
  }
  static Handed text(const std::string& t) {
    Handed out;
    out.kind_ = Handed::Kind::text;
    out.text_ = t;
    return out;
  }
  static bool is_list(const Handed& table) {
    double next = 1;
    for (const auto& [key, value] : table.entries_)
      if (key.kind_ != Handed::Kind::number || key.number_ != next++) return false;
    return true;
  }
  static bool is_map(const Handed& table) {
    for (const auto& [key, value] : table.entries_)
      if (key.kind_ != Handed::Kind::text || to_utf8(key.text_) != key.text_) return false;
    return true;
  }
};

void HandedJson::write(const Handed& value, json::Writer& out) {
  const auto tagged = [&](const char* tag, std::string_view text) {
    out.begin_object();
    out.key(tag);
    out.string(text);
    out.end_object();
  };
  switch (value.kind_) {
    case Handed::Kind::nil:
      out.null();
      break;
    case Handed::Kind::boolean:
      out.boolean(value.boolean_);
      break;
    case Handed::Kind::number:
      if (std::isfinite(value.number_))
        out.number(value.number_);
      else
        tagged("number", std::isnan(value.number_) ? "NaN" : value.number_ > 0 ? "inf" : "-inf");
      break;
    case Handed::Kind::text:
      if (to_utf8(value.text_) == value.text_) {
        out.string(value.text_);
      } else {
        std::string hex;
        for (const char c : value.text_) hex += format("{:02x}", static_cast<unsigned char>(c));
        tagged("bytes", hex);
      }
      break;
    case Handed::Kind::table:
      write_table(value, out);
  }
}

void HandedJson::write_table(const Handed& value, json::Writer& out) {
  out.begin_object();
  if (is_list(value)) {
    out.key("list");
    out.begin_array();
    for (const auto& [key, item] : value.entries_) write(item, out);
    out.end_array();
  } else if (is_map(value)) {
    out.key("map");
    out.begin_object();
    for (const auto& [key, item] : value.entries_) {
      out.key(key.text_);
      write(item, out);
    }
    out.end_object();
  } else {
    out.key("pairs");
    out.begin_array();
    for (const auto& [key, item] : value.entries_) {
      out.begin_array();
      write(key, out);
      write(item, out);
      out.end_array();
    }
    out.end_array();
  }
  out.end_object();
}

std::optional<Handed> HandedJson::read(const json::Value& value, int depth) {
  Handed out;
  switch (value.kind) {
    case json::Kind::null:
      return out;
    case json::Kind::boolean:
      out.kind_ = Handed::Kind::boolean;
      out.boolean_ = value.boolean;
      return out;
    case json::Kind::number:
      return number(value.number);
    case json::Kind::string:
      return text(value.text);
    case json::Kind::object:
      if (value.keys.size() != 1 || depth > Handed::kMaxDepth) return std::nullopt;
      if (!read_tagged(value.keys[0], value.items[0], depth, out)) return std::nullopt;
      return out;
    default:
      return std::nullopt;
  }
}

bool HandedJson::read_tagged(const std::string& tag, const json::Value& content, int depth,
                             Handed& out) {
  if (tag == "number" && content.kind == json::Kind::string) {
    const bool nan = content.text == "NaN";
    out = number(nan ? std::nan("") : content.text == "inf" ? HUGE_VAL : -HUGE_VAL);
    return nan || content.text == "inf" || content.text == "-inf";
  }
  if (tag == "bytes" && content.kind == json::Kind::string) {
    if (content.text.size() % 2 != 0) return false;
    out.kind_ = Handed::Kind::text;
    const auto digit = [](char c) {
      return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    };
    for (std::size_t i = 0; i < content.text.size(); i += 2) {
      const int high = digit(content.text[i]);
      const int low = digit(content.text[i + 1]);
      if (high < 0 || low < 0) return false;
      out.text_ += static_cast<char>(high * 16 + low);
    }
    return true;
  }
  out.kind_ = Handed::Kind::table;
  return read_entries(tag, content, depth, out);
}

bool HandedJson::read_entries(const std::string& tag, const json::Value& content, int depth,
                              Handed& out) {
  const bool map = tag == "map" && content.kind == json::Kind::object;
  const bool list = tag == "list" && content.kind == json::Kind::array;
  const bool pairs = tag == "pairs" && content.kind == json::Kind::array;
  if (!map && !list && !pairs) return false;
  for (std::size_t i = 0; i < content.items.size(); ++i) {
    const json::Value& item = content.items[i];
    if (pairs && (item.kind != json::Kind::array || item.items.size() != 2)) return false;
    auto key = pairs ? read(item.items[0], depth + 1)
               : map ? text(content.keys[i])
                     : number(static_cast<double>(i + 1));
    auto value = read(pairs ? item.items[1] : item, depth + 1);
    // As a key of a Lua table neither can be.
    if (!key || !value || key->nil() || std::isnan(key->number_)) return false;
    out.entries_.emplace_back(std::move(*key), std::move(*value));
  }
  return true;
}

std::string Handed::to_json() const {
  std::string out;
  json::Writer writer(out);
  HandedJson::write(*this, writer);
  return out;
}

Result<Handed> Handed::from_json(std::string_view text) {
  const auto value = json::parse(text, {.depth = kJsonDepth, .values = 4 * kMaxValues});
  if (!value) return value.error();
  auto out = HandedJson::read(*value, 0);
  if (!out) return Error{Errc::invalid, "is not what a check has handed over"};
  return std::move(*out);
}

}  // namespace virgo::script
