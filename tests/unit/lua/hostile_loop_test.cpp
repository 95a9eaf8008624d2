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
  lua_State* L = state.raw();
  ASSERT_EQ(run(state, text.str()), Exit::done) << state.failure().sentence();
}

class HostileLoopTest : public testing::TestWithParam<const char*> {};

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
  count_traces(*state);
  load_check(*state, GetParam());
  lua_State* L = state->raw();
  lua_getfield(L, LUA_REGISTRYINDEX, "test.check");
  lua_getfield(L, -1, "collect");
  lua_insert(L, -2);
  lua_newtable(L);
  EXPECT_EQ(state->call(L, 2, 0), Exit::over_budget) << state->failure().sentence();
  EXPECT_GT(traces(*state), 0);
}

INSTANTIATE_TEST_SUITE_P(Files, HostileLoopTest,
                         testing::Values("endless_coroutine", "endless_garbage", "endless_gsub",
                                         "endless_handler", "endless_metamethods", "endless_move",
                                         "endless_numeric", "endless_pcall", "endless_tail_calls",
                                         "pathological_sort"),
                         [](const auto& file) { return std::string(file.param); });

}  // namespace
}  // namespace virgo::lua
