// What a configuration says about single Lua plugin files.
#include "config_world.hpp"

namespace virgo::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

TEST(LuaPlugins, AreReadByFileName) {
  const LoadedText run = load_text(
      "checks: []\nlua_plugins:\n  redis.lua:\n    allow: {net: [tcp, udp], exec: [], read: [/x, "
      "/y/]}\n"
      "    limits: {memory: 1MiB, cpu_per_run: 10ms, sockets: 1}\n  other.lua:\n");
  ASSERT_THAT(run.problems, IsEmpty());
  const auto& plugins = run.loaded.spec.lua_plugins;
  ASSERT_EQ(plugins.size(), 2u);
  EXPECT_EQ(plugins[0].file, "redis.lua");
  EXPECT_THAT(plugins[0].net.value(), ElementsAre("tcp", "udp"));
  EXPECT_THAT(plugins[0].exec.value(), IsEmpty());
  EXPECT_THAT(plugins[0].read.value(), ElementsAre("/x", "/y/"));
  EXPECT_EQ(plugins[0].limits.lua_memory, 1u << 20);
  EXPECT_EQ(plugins[0].limits.lua_cpu_per_run, 10ms);
  EXPECT_EQ(plugins[0].limits.lua_sockets, 1u);
  EXPECT_EQ(plugins[0].limits.lua_series, 0u);
  EXPECT_FALSE(plugins[1].net.has_value());
  EXPECT_EQ(run.loaded.spec.limits.lua_cpu_per_run, 500ms);
}

TEST(LuaPlugins, ProblemsHaveTheirPlace) {
  const LoadedText run = load_text(
      "checks: []\nlua_plugins:\n  redis: {}\n  a.lua:\n    alow: {}\n  b.lua:\n    allow:\n"
      "      net: [tpc]\n      read: [x]\n      exec: /bin/x\n    limits: {memory: 1KiB}\n");
  EXPECT_THAT(
      run.problems,
      ElementsAre(
          "a.yaml:3:3: lua_plugins: 'redis' is not the name of a plugin file, as redis.lua is",
          "a.yaml:5:5: lua_plugins.a.lua: unknown key 'alow', did you mean 'allow'?",
          HasSubstr("a.yaml:8:13: lua_plugins.b.lua.allow.net[0]: 'tpc' is not known"),
          "a.yaml:9:14: lua_plugins.b.lua.allow.read[0]: must be an absolute path",
          "a.yaml:10:13: lua_plugins.b.lua.allow.exec: expected a list, [] for nothing",
          HasSubstr("a.yaml:11:22: lua_plugins.b.lua.limits.memory: 1KiB is out of range")));
  EXPECT_THAT(
      load_text("checks: []\nlua_plugins: [a.lua]\n").problems,
      ElementsAre("a.yaml:2:14: lua_plugins: expected a map by file name, as in redis.lua: {...}"));
}

TEST(LuaPlugins, AreShownAsTheyWereGiven) {
  const LoadedText run = load_text(
      "checks: []\nlua_plugins:\n  redis.lua:\n    allow: {net: [], read: [/y/]}\n"
      "    limits: {sockets: 3}\n  plain.lua: {}\n");
  ASSERT_THAT(run.problems, IsEmpty());
  EXPECT_THAT(show(run.loaded.spec),
              HasSubstr("lua_plugins:\n  redis.lua:\n    allow:\n      net: []\n      read: [/y/]\n"
                        "    limits:\n      sockets: 3\n  plain.lua: {}\n"));
}

}  // namespace
}  // namespace virgo::config
