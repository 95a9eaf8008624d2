// tests/lua/api/level-N.txt name everything a plugin of that level can rely on. A name of a
// released level may neither go nor change its kind; a new one needs a level.
#include <cctype>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include <lua.hpp>

#include "binding/bindings.hpp"
#include "lua_checks.hpp"
#include "script/lua_check_type.hpp"
#include "script/lua_file.hpp"

namespace virgo::script {
namespace {

// Full name and kind: "virgo.tcp.connect" is a "function".
using Names = std::map<std::string, std::string>;

constexpr const char* kNames = "test.names";  // registry: where walk_all() puts them

void walk(lua_State* L, const std::string& name, Names& out);

// The members of the table on top.
void walk_members(lua_State* L, const std::string& name, Names& out) {
  const int table = lua_gettop(L);
  for (lua_pushnil(L); lua_next(L, table) != 0; lua_pop(L, 1))
    if (lua_type(L, -2) == LUA_TSTRING) walk(L, name + "." + lua_tostring(L, -2), out);
}

// What the value on top has behind its metatable: a read-only view's table, and members
// that are made when they are first used. False if there is neither.
bool walk_behind(lua_State* L, const std::string& name, Names& out) {
  const int value = lua_gettop(L);
  if (lua_getmetatable(L, value) == 0) return false;
  lua_getfield(L, -1, "__index");
  bool any = false;
  if (lua_istable(L, -1)) {
    if (lua_getmetatable(L, -1) != 0) {
      lua_pop(L, 1);
      any = walk_behind(L, name, out);
    }
    walk_members(L, name, out);
    any = true;
  } else if (lua_iscfunction(L, -1) != 0 && lua_getupvalue(L, -1, 1) != nullptr) {
    const auto* member = static_cast<const binding::LazyMember*>(lua_touserdata(L, -1));
    for (; member != nullptr && member->name != nullptr; ++member) {
      lua_getfield(L, value, member->name);
      walk(L, name + "." + member->name, out);
      lua_pop(L, 1);
    }
    any = true;
  }
  lua_settop(L, value);
  return any;
}

void walk(lua_State* L, const std::string& name, Names& out) {
  if (lua_isfunction(L, -1)) {
    out[name] = "function";
    return;
  }
  const bool behind = walk_behind(L, name, out);
  if (lua_istable(L, -1))
    walk_members(L, name, out);
  else if (!behind)
    out[name] = "field";
}

// The methods of the objects that plugins get, by the name of their metatable.
void walk_classes(lua_State* L, Names& out) {
  static const std::map<std::string, std::string> kClasses{{"virgo.socket", "virgo.Socket"},
                                                           {"virgo.datagrams", "virgo.UdpSocket"},
                                                           {"virgo.run", "virgo.Run"}};
  for (const auto& [metatable, name] : kClasses) {
    luaL_getmetatable(L, metatable.c_str());
    ASSERT_TRUE(lua_istable(L, -1)) << metatable;
    lua_getfield(L, -1, "__index");
    if (lua_isfunction(L, -1)) lua_getupvalue(L, -1, 1);
    ASSERT_TRUE(lua_istable(L, -1)) << metatable;
    for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1))
      out[name + ":" + lua_tostring(L, -2)] = "method";
    lua_settop(L, 0);
  }
}

int walk_all(lua_State* L) {
  lua_getfield(L, LUA_REGISTRYINDEX, kNames);
  auto& out = *static_cast<Names*>(lua_touserdata(L, -1));
  lua_getglobal(L, "virgo");
  walk(L, "virgo", out);
  lua_settop(L, 0);
  walk_classes(L, out);
  return 0;
}

// The lines of the level files: name, kind, and for what is called the arity.
Names released() {
  Names out;
  for (int level = 1; level <= kApiLevel; ++level) {
    const std::string path =
        std::string(VIRGO_SOURCE_DIR) + "/tests/lua/api/level-" + std::to_string(level) + ".txt";
    std::ifstream file(path);
    EXPECT_TRUE(file.good()) << path;
    std::string line;
    while (std::getline(file, line)) {
      std::istringstream words(line);
      std::string name;
      std::string kind;
      if (words >> name >> kind && name[0] != '#') out[name] = kind;
    }
  }
  return out;
}

// Of what the host makes; tables that plugins write, and results, are described only.
bool is_made_by_host(const std::string& name, const std::string& kind) {
  return kind == "method" || (name.starts_with("virgo.") && std::islower(name[6]) != 0);
}

struct ApiLevel : LuaCheckTest {};

TEST_F(ApiLevel, TheStateHasWhatTheLevelsSay) {
  const std::string path = folder_ + "/api.lua";
  std::ofstream(path) << "local check = virgo.check { name = 'test.api', undeclared = true }\n"
                         "function check:collect(run) end\n";
  auto file = LuaFile::load(path, services());
  ASSERT_TRUE(file.ok()) << file.error().message;
  Names found;
  {
    LuaCheckType type(*file, 0, std::move((*file)->declarations()[0]));
    config::CheckSpec spec;
    config::Problems problems;
    const auto check = type.create(spec, problems);
    ASSERT_NE(check, nullptr);
    RecordedRun run(1, TimePoint::max());
    check->start(run);
    ASSERT_TRUE(run.finished());
    lua::State& state = *(*file)->live_state();
    lua_State* L = state.raw();
    lua_pushlightuserdata(L, &found);
    lua_setfield(L, LUA_REGISTRYINDEX, kNames);
    const auto walked = state.protect(walk_all, nullptr);
    ASSERT_TRUE(walked.ok()) << walked.error().message;
  }
  EXPECT_GT(found.size(), 40u);
  const Names levels = released();
  for (const auto& [name, kind] : levels) {
    if (!is_made_by_host(name, kind)) continue;
    const auto at = found.find(name);
    EXPECT_NE(at, found.end()) << name << " is gone: plugins of that level rely on it";
    if (at != found.end()) {
      EXPECT_EQ(at->second, kind) << name;
    }
  }
  for (const auto& [name, kind] : found)
    EXPECT_EQ(levels.count(name), 1u)
        << name << " (" << kind << ") is in no level: document it in "
        << "lua-plugins/annotations/virgo.lua, and add it to tests/lua/api with the level";
}

}  // namespace
}  // namespace virgo::script
