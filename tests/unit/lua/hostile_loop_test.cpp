// The loops of tests/lua/hostile run compiled, and are stopped so. What is stopped while
// it is interpreted proves nothing: hooks do that.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "lua_states.hpp"

namespace virgo::lua {
namespace {

// Loads the file with no more of virgo than check, and leaves collect and the check on
// the stack.
void load_check(State& state, const std::string& name) {
  const auto ready = state.protect(
      [](lua_State* L) {
        lua_newtable(L);
        lua_pushcfunction(L, [](lua_State* l) {
          lua_pushvalue(l, 1);
          lua_setfield(l, LUA_REGISTRYINDEX, "test.check");
          return 1;
        });
        lua_setfield(L, -2, "check");
        lua_setglobal(L, "virgo");
        return 0;
      },
      nullptr);
  ASSERT_TRUE(ready.ok());
  std::ifstream file(std::string(VIRGO_SOURCE_DIR) + "/tests/lua/hostile/" + name + ".lua");
  std::stringstream text;
  text << file.rdbuf();
  ASSERT_EQ(run(state, text.str()), Exit::done) << state.failure().sentence();
}

struct Loop {
  const char* file;
  const char* begins;  // where a trace does that holds its endless loop
};
void PrintTo(const Loop& loop, std::ostream* out) {
  *out << loop.file;
}

class HostileLoopTest : public testing::TestWithParam<Loop> {};

TEST_P(HostileLoopTest, IsStoppedAsCompiledCode) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "delivers signals late";
#endif
  Watchdog watchdog;
  const auto state = make_state({.kind = StateKind::plugin,
                                 .name = "",
                                 .memory = 8u << 20,
                                 .budget = std::chrono::milliseconds(50),
                                 .watchdog = &watchdog});
  watch_traces(*state);
  load_check(*state, GetParam().file);
  lua_State* L = state->raw();
  lua_getfield(L, LUA_REGISTRYINDEX, "test.check");
  lua_getfield(L, -1, "collect");
  lua_insert(L, -2);
  lua_newtable(L);
  EXPECT_EQ(state->call(L, 2, 0), Exit::over_budget) << state->failure().sentence();
  // Not any trace will do: some files have a loop before that prepares the endless one.
  EXPECT_NE(traces(*state).find(GetParam().begins + std::string("\n")), std::string::npos)
      << traces(*state);
}

INSTANTIATE_TEST_SUITE_P(
    Files, HostileLoopTest,
    testing::Values(Loop{"endless_coroutine", "test.lua:5"}, Loop{"endless_garbage", "test.lua:10"},
                    Loop{"endless_gsub", "test.lua:9"}, Loop{"endless_handler", "test.lua:4"},
                    Loop{"endless_metamethods", "test.lua:8"}, Loop{"endless_move", "builtin:move"},
                    Loop{"endless_numeric", "test.lua:9"}, Loop{"endless_pcall", "test.lua:5"},
                    Loop{"endless_tail_calls", "test.lua:8"}, Loop{"pathological_sort", "virgo:9"}),
    [](const auto& loop) { return std::string(loop.param.file); });

}  // namespace
}  // namespace virgo::lua
