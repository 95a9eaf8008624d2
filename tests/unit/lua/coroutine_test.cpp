// Scripts that wait, and the wrapped coroutine library.
#include "lua/coroutine.hpp"

#include "lua_states.hpp"

namespace virgo::lua {
namespace {

class CoroutineTest : public testing::Test {
 protected:
  CoroutineTest()
      : state_(make_state({.kind = StateKind::plugin,
                           .name = "",
                           .memory = 4u << 20,
                           .budget = {},
                           .watchdog = nullptr})) {
    const auto ready = state_->protect(
        [](lua_State* L) {
          lua_pushcfunction(L, [](lua_State* l) {
            check_can_wait(l, "ask");
            return wait(l);
          });
          lua_setglobal(L, "ask");
          return 0;
        },
        nullptr);
    EXPECT_TRUE(ready.ok());
  }

  // Runs `source` in a coroutine and answers each ask() with 1, 2, 3...
  Exit drive(Coroutine& co, const std::string& source) {
    EXPECT_TRUE(state_->load(co.raw(), source, "@test.lua").ok());
    Exit exit = co.resume(0);
    while (exit == Exit::yielded) {
      if (!take_wait(co.raw())) return exit;
      EXPECT_EQ(lua_gettop(co.raw()), 0);
      lua_pushinteger(co.raw(), ++answers_);
      exit = co.resume(1);
    }
    return exit;
  }

  std::unique_ptr<State> state_;
  int answers_ = 0;
};

TEST_F(CoroutineTest, WaitsInStraightLine) {
  Coroutine co(*state_);
  ASSERT_EQ(drive(co, "local a, b = ask(), ask() return a + b"), Exit::done)
      << state_->failure().sentence();
  EXPECT_EQ(lua_tointeger(co.raw(), -1), 3);
  lua_settop(co.raw(), 0);
  // The thread can be used again.
  ASSERT_EQ(drive(co, "return ask()"), Exit::done);
  EXPECT_EQ(lua_tointeger(co.raw(), -1), 3);
}

TEST_F(CoroutineTest, WaitsBelowPcallMetamethodsAndIterators) {
  Coroutine co(*state_);
  EXPECT_EQ(drive(co, R"(
    local ok, v = pcall(ask) assert(ok and v == 1)
    local t = setmetatable({}, {__index = function() return ask() end, __add = function() return ask() end})
    assert(t.x == 2 and t + 1 == 3)
    for v in function() return ask() end do if v == 6 then break end end
    assert(select(2, xpcall(ask, tostring)) == 7)
  )"),
            Exit::done)
      << state_->failure().sentence();
  EXPECT_EQ(answers_, 7);
}

TEST_F(CoroutineTest, AWaitPassesThroughTheScriptsOwnCoroutines) {
  Coroutine co(*state_);
  EXPECT_EQ(drive(co, R"(
    local inner = coroutine.wrap(function(x)
      local y = coroutine.yield(x + ask())
      local deeper = coroutine.create(function() coroutine.yield("mine") return ask() end)
      assert(select(2, coroutine.resume(deeper)) == "mine")
      local ok, v = coroutine.resume(deeper)
      assert(ok and v == 2 and coroutine.status(deeper) == "dead")
      return y + v
    end)
    assert(inner(10) == 11)
    assert(inner(100) == 102)
    assert(not pcall(inner))
    local e = coroutine.wrap(function() ask() error("inside") end)
    local ok, why = pcall(e)
    assert(not ok and why:find("inside"), why)
    local last for v in coroutine.wrap(function() for i = 1, 3 do coroutine.yield(ask()) end end) do last = v end
    assert(last == 6)
  )"),
            Exit::done)
      << state_->failure().sentence();
}

TEST_F(CoroutineTest, AYieldOfTheScriptsOwnIsToldFromAWait) {
  Coroutine co(*state_);
  EXPECT_EQ(drive(co, "coroutine.yield(1)"), Exit::yielded);
}

TEST_F(CoroutineTest, WaitsInAComparison) {
  Coroutine co(*state_);
  EXPECT_EQ(drive(co,
                  "local t = {3, 1, 2} table.sort(t, function(a, b) ask() return a < b end) "
                  "assert(t[1] == 1 and t[3] == 3)"),
            Exit::done)
      << state_->failure().sentence();
  EXPECT_GT(answers_, 1);
}

TEST_F(CoroutineTest, WhereItCannotWaitIsAnErrorBeforeAnythingStarts) {
  Coroutine co(*state_);
  EXPECT_EQ(drive(co, "\n('abc'):gsub('.', function() local v = ask() return v end)"), Exit::error);
  EXPECT_EQ(state_->failure().message.rfind("test.lua:2: ask cannot wait here", 0), 0u)
      << state_->failure().message;
  EXPECT_EQ(run(*state_, "ask()"), Exit::error);
}

TEST_F(CoroutineTest, ErrorsHaveTheCoroutinesTraceback) {
  Coroutine co(*state_);
  EXPECT_EQ(drive(co, "local function f()\n ask()\n error('late') end\nf()"), Exit::error);
  EXPECT_EQ(state_->failure().sentence(), "test.lua:3: late");
  EXPECT_NE(state_->failure().traceback.find("test.lua:4:"), std::string::npos);
}

TEST_F(CoroutineTest, ADroppedCoroutineIsCollected) {
  const std::size_t before = (lua_gc(state_->raw(), LUA_GCCOLLECT, 0), state_->memory());
  for (int i = 0; i < 100; ++i) {
    Coroutine co(*state_);
    ASSERT_TRUE(state_->load(co.raw(), "ask()", "@test.lua").ok());
    ASSERT_EQ(co.resume(0), Exit::yielded);
  }
  lua_gc(state_->raw(), LUA_GCCOLLECT, 0);
  EXPECT_LT(state_->memory(), before + 8192);
}

}  // namespace
}  // namespace virgo::lua
