// The `run` that collect(run) gets: emit, explain, time_left, number.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <lua.hpp>

#include "base/format.hpp"
#include "base/text.hpp"
#include "binding/bindings.hpp"
#include "script/check_bindings.hpp"
#include "script/lua_check.hpp"
#include "script/lua_file.hpp"
#include "script/lua_run.hpp"

namespace virgo::script {
namespace {

using metric::AddResult;
using metric::Label;
using metric::MetricInfo;
using metric::Type;
using metric::Value;

constexpr const char* kRun = "virgo.run";
constexpr std::size_t kMaxLabels = 64;  // what the buffer accepts is its own matter
constexpr double kTwoTo53 = 9007199254740992.0;

struct RunRef {
  std::uint64_t id;
};

// Argument 1 as the run that is executing; a run that is over, or another
// instance's, raises an error.
LuaRun& self(lua_State* L, const char* method) {
  const auto* ref = static_cast<RunRef*>(binding::check_self(L, kRun, method));
  LuaRun* run = LuaFile::of(L).current_run();
  if (run == nullptr || run->id() != ref->id)
    luaL_error(L, "%s: this run is over; use the one that collect(run) was given", method);
  return *run;
}

// Raises an error if the value at 3 does not fit the metric.
Value value_of(lua_State* L, const MetricInfo& metric) {
  Value v;
  v.type = metric.type;
  if (metric.type == Type::text) {
    std::size_t size = 0;
    const char* text = luaL_checklstring(L, 3, &size);
    v.text = {text, size};
    return v;
  }
  const double n = luaL_checknumber(L, 3);
  if (metric.type == Type::f64) {
    v.f64 = n;
    return v;
  }
  const bool is_signed = metric.type == Type::i64;
  if (n != std::floor(n) || n > kTwoTo53 || n < (is_signed ? -kTwoTo53 : 0.0))
    luaL_error(L, "run:emit: '%s' is declared as %s: it takes whole numbers from %s to 2^53",
               metric.name.c_str(), metric::type_name(metric.type), is_signed ? "-2^53" : "0");
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

// Never returns normally.
int unknown_metric(lua_State* L, LuaRun& run, const char* name) {
  const std::string& text = run.check().unknown_metric(name);
  return luaL_error(L, "%s", text.c_str());
}

// run:emit(name, value [, labels])
int emit(lua_State* L) {
  LuaRun& run = self(L, "run:emit");
  const char* name = luaL_checkstring(L, 2);
  const MetricInfo* metric = run.check().metric(name);
  if (metric == nullptr) return unknown_metric(L, run, name);
  const Value value = value_of(L, *metric);
  std::array<Label, kMaxLabels> labels;
  const std::size_t count = read_labels(L, labels);
  // What is refused is counted there, and makes the run end as "limit".
  run.run().samples().add(*metric, value, {labels.data(), count});
  return 0;
}

// run:explain(text)
int explain(lua_State* L) {
  LuaRun& run = self(L, "run:explain");
  std::size_t size = 0;
  const char* text = luaL_checklstring(L, 2, &size);
  run.run().explain({text, std::min<std::size_t>(size, 1024)});
  return 0;
}

// run:time_left() -> seconds until the deadline
int time_left(lua_State* L) {
  LuaRun& run = self(L, "run:time_left");
  const Duration left = run.run().deadline() - run.check().services().clock.now();
  lua_pushnumber(L, std::max(0.0, std::chrono::duration<double>(left).count()));
  return 1;
}

// Upvalue 1: the methods.
int index(lua_State* L) {
  lua_pushvalue(L, 2);
  lua_rawget(L, lua_upvalueindex(1));
  if (!lua_isnil(L, -1)) return 1;
  const char* key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
  if (std::strcmp(key, "number") == 0) {
    lua_pushnumber(L, static_cast<double>(self(L, "run.number").run().number()));
    return 1;
  }
  return luaL_error(L, "run has no '%s'; it has emit, explain, time_left and number", key);
}

void push_run_metatable(lua_State* L) {
  static constexpr binding::Method kMethods[] = {
      {"emit", emit}, {"explain", explain}, {"time_left", time_left}, {nullptr, nullptr}};
  luaL_getmetatable(L, kRun);
  if (!lua_isnil(L, -1)) return;
  lua_pop(L, 1);
  binding::push_metatable(L, kRun, kMethods);  // meta
  lua_getfield(L, -1, "__index");
  lua_pushcclosure(L, index, 1);
  lua_setfield(L, -2, "__index");
}

}  // namespace

void push_run(lua_State* L, std::uint64_t id) {
  auto* ref = static_cast<RunRef*>(lua_newuserdata(L, sizeof(RunRef)));
  ref->id = id;
  push_run_metatable(L);
  lua_setmetatable(L, -2);
}

}  // namespace virgo::script
