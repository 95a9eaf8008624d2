// run:emit, the one function of the plugin API that is called for every sample.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <lua.hpp>
#include <span>
#include <utility>

#include "base/format.hpp"
#include "script/check_bindings.hpp"
#include "script/lua_check.hpp"
#include "script/lua_run.hpp"

namespace virgo::script {
namespace {

using metric::Kind;
using metric::Label;
using metric::MetricInfo;
using metric::Type;
using metric::Value;

constexpr std::size_t kMaxLabels = 64;  // what the buffer accepts is its own matter
constexpr std::size_t kMaxName = 256;
constexpr double kMaxTime = 9e9;  // seconds since 1970 that fit in nanoseconds
constexpr double kTwoTo53 = 9007199254740992.0;

// A decimal whole number as text, which may be beyond what a double holds exactly.
bool read_exactly(lua_State* L, Value& v) {
  std::size_t size = 0;
  const char* text = lua_tolstring(L, 3, &size);
  const auto fits = [&](auto& number) {
    const auto read = std::from_chars(text, text + size, number);
    return read.ec == std::errc() && read.ptr == text + size;
  };
  return v.type == Type::i64 ? fits(v.i64) : fits(v.u64);
}

// Raises an error if the value at 3 does not fit the metric.
Value value_of(lua_State* L, const char* name, Type type) {
  Value v;
  v.type = type;
  if (type == Type::text) {
    std::size_t size = 0;
    const char* text = luaL_checklstring(L, 3, &size);
    v.text = {text, size};
    return v;
  }
  if (type != Type::f64 && lua_type(L, 3) == LUA_TSTRING && read_exactly(L, v)) return v;
  const double n = luaL_checknumber(L, 3);
  if (type == Type::f64) {
    v.f64 = n;
    return v;
  }
  const bool is_signed = type == Type::i64;
  if (n != std::floor(n) || n > kTwoTo53 || n < (is_signed ? -kTwoTo53 : 0.0))
    luaL_error(L,
               "run:emit: '%s' is declared as %s: it takes whole numbers from %s to 2^53, and "
               "greater ones as text",
               name, metric::type_name(type), is_signed ? "-2^53" : "0");
  if (is_signed)
    v.i64 = static_cast<std::int64_t>(n);
  else
    v.u64 = static_cast<std::uint64_t>(n);
  return v;
}

// The table at 4, by key, so that a series always has the same order. The texts
// stay on the stack. Raises an error if it holds anything but names and values.
std::size_t read_labels(lua_State* L, std::array<Label, kMaxLabels>& labels) {
  if (lua_isnoneornil(L, 4)) return 0;
  luaL_checktype(L, 4, LUA_TTABLE);
  luaL_checkstack(L, static_cast<int>(kMaxLabels) + 4, "labels");
  std::size_t count = 0;
  lua_pushnil(L);
  while (lua_next(L, 4) != 0) {  // ... key value
    if (lua_type(L, -2) != LUA_TSTRING)
      luaL_error(L, "run:emit: the keys of labels are texts, this one is a %s",
                 luaL_typename(L, -2));
    if (lua_isboolean(L, -1)) {
      const bool set = lua_toboolean(L, -1) != 0;
      lua_pop(L, 1);
      lua_pushstring(L, set ? "true" : "false");
    }
    if (lua_type(L, -1) != LUA_TSTRING && lua_type(L, -1) != LUA_TNUMBER)
      luaL_error(L, "run:emit: label '%s' is a %s; it must be a text, a number or a boolean",
                 lua_tostring(L, -2), luaL_typename(L, -1));
    if (count == kMaxLabels)
      luaL_error(L, "run:emit: more than %d labels", static_cast<int>(kMaxLabels));
    Label& label = labels[count++];
    std::size_t size = 0;
    const char* text = lua_tolstring(L, -2, &size);
    label.key = {text, size};
    text = lua_tolstring(L, -1, &size);
    label.value = {text, size};
    lua_insert(L, -2);  // the value stays below, the key goes to lua_next
  }
  std::sort(labels.begin(), labels.begin() + static_cast<std::ptrdiff_t>(count),
            [](const Label& a, const Label& b) { return a.key < b.key; });
  return count;
}

constexpr std::array<std::pair<const char*, Kind>, 3> kKinds{
    {{"gauge", Kind::gauge}, {"counter", Kind::counter}, {"state", Kind::state}}};
constexpr std::array<std::pair<const char*, Type>, 4> kTypes{
    {{"i64", Type::i64}, {"u64", Type::u64}, {"f64", Type::f64}, {"text", Type::text}}};

// Field `name` of the table at 5 as one of `words`; `fallback` without it.
template <class T, std::size_t N>
T word_at(lua_State* L, const char* name, const std::array<std::pair<const char*, T>, N>& words,
          T fallback) {
  lua_getfield(L, 5, name);
  if (lua_isnil(L, -1)) return fallback;
  const char* given = lua_tostring(L, -1);
  for (const auto& [word, value] : words)
    if (given != nullptr && std::strcmp(word, given) == 0) return value;
  luaL_error(L, "run:emit: '%s' is no %s of a metric", given == nullptr ? "?" : given, name);
  return fallback;
}

struct Undeclared {
  const char* name;
  const char* unit = "";
  Kind kind = Kind::gauge;
  Type type = Type::f64;
  std::int64_t unix_ns = 0;  // 0 = when the run started
};

// What a sample of its own metric says of it, in the table at 5.
Undeclared read_undeclared(lua_State* L, const char* name) {
  Undeclared out{name};
  if (name[0] == '\0' || std::strlen(name) > kMaxName)
    luaL_error(L, "run:emit: a metric's name has 1 to %d bytes", static_cast<int>(kMaxName));
  if (lua_isnoneornil(L, 5)) {
    if (lua_type(L, 3) == LUA_TSTRING) {
      out.kind = Kind::state;
      out.type = Type::text;
    }
    return out;
  }
  luaL_checktype(L, 5, LUA_TTABLE);
  out.kind = word_at(L, "kind", kKinds, Kind::gauge);
  out.type = word_at(L, "type", kTypes, Type::f64);
  lua_getfield(L, 5, "time");
  const double time = luaL_optnumber(L, -1, 0);
  if (!(time >= 0 && time <= kMaxTime))
    luaL_error(L, "run:emit: time is seconds since 1970, not %f", time);
  out.unix_ns = std::llround(time * 1e6) * 1000;
  lua_getfield(L, 5, "unit");
  out.unit = luaL_optstring(L, -1, "");
  return out;
}

void add_undeclared(LuaRun& run, const Undeclared& metric, const Value& value,
                    std::span<const Label> labels) {
  MetricInfo info;
  info.name = metric.name;
  info.unit = metric.unit;
  info.kind = metric.kind;
  info.type = metric.type;
  run.run().samples().add_undeclared(info, value, labels, metric.unix_ns);
}

// False if it would be one series too many; the run ends as "limit" then.
bool admit(LuaRun& run, std::string_view name, std::span<const Label> labels) {
  SeriesMeter& series = run.check().series();
  if (series.admit(name, labels)) return true;
  if (run.exceeded().limit == nullptr)
    run.exceed("limits.lua_series", format("{}", series.max()),
               format("reported more than {} different series (limits.lua_series)", series.max()));
  return false;
}

// Never returns normally.
int unknown_metric(lua_State* L, LuaRun& run, const char* name) {
  const std::string& text = run.check().unknown_metric(name);
  return luaL_error(L, "%s", text.c_str());
}

}  // namespace

// run:emit(name, value [, labels [, {unit =, kind =, type =, time =}]])
int run_emit(lua_State* L) {
  LuaRun& run = check_run(L, "run:emit");
  const char* name = luaL_checkstring(L, 2);
  const MetricInfo* metric = run.check().metric(name);
  std::array<Label, kMaxLabels> labels;
  // What is refused is counted there, and makes the run end as "limit".
  if (metric != nullptr) {
    const Value value = value_of(L, name, metric->type);
    const std::size_t count = read_labels(L, labels);
    if (admit(run, metric->name, {labels.data(), count}))
      run.run().samples().add(*metric, value, {labels.data(), count});
    return 0;
  }
  if (!run.check().takes_undeclared()) return unknown_metric(L, run, name);
  const Undeclared found = read_undeclared(L, name);
  const Value value = value_of(L, name, found.type);
  const std::size_t count = read_labels(L, labels);
  if (admit(run, found.name, {labels.data(), count}))
    add_undeclared(run, found, value, {labels.data(), count});
  return 0;
}

}  // namespace virgo::script
