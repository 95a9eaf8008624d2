// Lua that does not come back is stopped, with the JIT on. Under ThreadSanitizer
// signals arrive too late for this.
#include <array>
#include <ostream>
#include <random>

#include "base/clock.hpp"
#include "lua_states.hpp"

#if defined(__SANITIZE_THREAD__)
#define SKIP_UNDER_TSAN() GTEST_SKIP() << "delivers signals late"
#else
#define SKIP_UNDER_TSAN() (void)0
#endif

namespace virgo::lua {
namespace {

using std::chrono::milliseconds;

struct Runaway {
  const char* name;
  const char* source;
  bool compiled;  // whether its loop ends up in a trace
};
void PrintTo(const Runaway& runaway, std::ostream* out) {
  *out << runaway.name;
}

constexpr std::array kRunaways{
    Runaway{"empty_loop", "while true do end", true},
    Runaway{"numeric_loop", "local x = 0 for i = 1, 1e18 do x = x + i % 7 end", true},
    Runaway{"repeat_until", "local i = 0 repeat i = i + 1 until i < 0", true},
    Runaway{"goto_loop", "::again:: goto again", true},
    Runaway{"pcall_swallows", "while true do pcall(function() while true do end end) end", true},
    Runaway{"pcall_error", "while true do pcall(error, 'x') end", false},
    Runaway{"xpcall_looping_handler",
            "while true do xpcall(function() error('x') end, function() while true do end end) end",
            true},
    Runaway{"xpcall_loop_and_handler",
            "xpcall(function() while true do end end, function() while true do end end)", true},
    Runaway{"coroutine", "coroutine.wrap(function() while true do end end)()", true},
    Runaway{"coroutine_pcall",
            "while true do pcall(coroutine.wrap(function() while true do end end)) end", true},
    Runaway{"resumes",
            "local co = coroutine.wrap(function() while true do coroutine.yield(1) end end) "
            "while true do co() end",
            false},
    Runaway{"many_coroutines",
            "while true do local co = coroutine.create(function() return 1 end) "
            "coroutine.resume(co) end",
            false},
    Runaway{"metamethods",
            "local t = setmetatable({}, {__index = function(_, k) return k end}) "
            "local x = 0 while true do x = x + t[1] end",
            true},
    Runaway{"gsub", "while true do string.gsub('hello world', '%w+', '%0 %0') end", false},
    Runaway{"gsub_callback",
            "while true do string.gsub('aaaa', 'a', function(c) return c .. c end) end", false},
    Runaway{"sort",
            "local t = {} for i = 1, 500 do t[i] = -i end "
            "while true do table.sort(t, function(a, b) return a < b end) end",
            false},
    Runaway{"recursion",
            "local function f(n) if n > 0 then return f(n - 1) end end "
            "while true do f(1000) end",
            true},
    Runaway{"deep_recursion", "local function f() return 1 + f() end while true do pcall(f) end",
            false},
    Runaway{"table_growth", "while true do local t = {} for i = 1, 1000 do t[i] = i end end", true},
    Runaway{"strings", "local i = 0 while true do i = i + 1 local s = 'x' .. i end", true},
    Runaway{"pairs", "local t = {a = 1, b = 2} while true do for k in pairs(t) do end end", false},
    Runaway{"load", "while true do load('return 1', '=test.lua')() end", false},
};

class BudgetTest : public testing::Test {
 protected:
  Watchdog watchdog_;
  std::unique_ptr<State> make(Duration budget, StateKind kind = StateKind::plugin) {
    return make_state(
        {.kind = kind, .name = "", .memory = 8u << 20, .budget = budget, .watchdog = &watchdog_});
  }
};

class RunawayTest : public BudgetTest, public testing::WithParamInterface<Runaway> {};

TEST_P(RunawayTest, IsStoppedWithCompiledTraces) {
  SKIP_UNDER_TSAN();
  const Runaway& runaway = GetParam();
  for (const StateKind kind : {StateKind::plugin, StateKind::trusted}) {
    const auto state = make(milliseconds(30), kind);
    watch_traces(*state);
    const TimePoint begun = system_clock().now();
    EXPECT_EQ(run(*state, runaway.source), Exit::over_budget) << state->failure().sentence();
    EXPECT_GE(system_clock().now() - begun, milliseconds(30));
    EXPECT_TRUE(state->spent());
    EXPECT_NE(state->failure().sentence().find("stopped after 30ms"), std::string::npos)
        << state->failure().sentence();
    EXPECT_EQ(state->failure().where, "test.lua:1");
    EXPECT_EQ(lua_gettop(state->raw()), 0);
    if (runaway.compiled) {
      EXPECT_NE(traces(*state), "");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, RunawayTest, testing::ValuesIn(kRunaways),
                         [](const auto& kind) { return kind.param.name; });

// Each would hold the thread for minutes or hours in one call of a library function.
constexpr std::array kLongCalls{
    Runaway{"find", "string.find(('a'):rep(30), ('a*'):rep(25) .. 'b')", false},
    Runaway{"match", "local r = ('x'):rep(4e5):match('(.-)y')", false},
    Runaway{"gmatch", "for x in ('x'):rep(4e5):gmatch('.-.-y') do end", false},
    Runaway{"gsub", "local r = ('a'):rep(1e5):gsub('a+a+a+b', 'x')", false},
    Runaway{"gsub_callback", "local r = ('a'):rep(1e5):gsub('(a*)(a*)(a*)%1b', function() end)",
            false},
    Runaway{"gsub_of_nothing", "local r = ('x'):rep(1e5):gsub('', ('%0'):rep(1e5))", false},
    Runaway{"balance", "local r = ('('):rep(1e6):find('%b()')", false},
    Runaway{"back_reference", "local r = ('ab'):rep(1e5):find('(.+)%1c')", false},
    Runaway{"frontier", "local r = ('ab '):rep(1e5):find('%f[%w].-%f[%W].-z')", false},
    Runaway{
        "in_a_coroutine",
        "while true do pcall(coroutine.wrap(function() return ('x'):rep(4e5):match('(.-)y') end)) "
        "end",
        false},
    Runaway{"swallowed", "while true do pcall(string.match, ('x'):rep(4e5), '(.-)y') end", false},
    Runaway{"sort_long_texts",
            "local long, t = ('x'):rep(1e6), {} for i = 1, 1e5 do t[i] = long end table.sort(t)",
            false},
    Runaway{"sort_by_chaos",
            "local t = {} for i = 1, 2e5 do t[i] = i end "
            "while true do table.sort(t, function() return true end) end",
            false},
    Runaway{"move", "table.move({}, 1, 2^52, 2)", false},
    Runaway{"insert_in_front", "local t = {} while true do table.insert(t, 1, #t < 1e5 or nil) end",
            false},
};

class LongCallTest : public BudgetTest, public testing::WithParamInterface<Runaway> {};

TEST_P(LongCallTest, IsStopped) {
  SKIP_UNDER_TSAN();
  for (int round = 0; round < 2; ++round) {
    const auto state = make(milliseconds(30));
    EXPECT_EQ(run(*state, GetParam().source), Exit::over_budget) << state->failure().sentence();
    EXPECT_TRUE(state->spent());
    EXPECT_EQ(state->failure().where, "test.lua:1");
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, LongCallTest, testing::ValuesIn(kLongCalls),
                         [](const auto& kind) { return kind.param.name; });

TEST_F(BudgetTest, HundredsOfStopsInOneProcess) {
  SKIP_UNDER_TSAN();
  std::mt19937 random(20240607);
  for (int round = 0; round < 400; ++round) {
    const Runaway& runaway = kRunaways[random() % kRunaways.size()];
    SCOPED_TRACE(runaway.name);
    const auto state = make(std::chrono::microseconds(200 + random() % 5000));
    ASSERT_EQ(run(*state, runaway.source), Exit::over_budget) << state->failure().sentence();
  }
}

TEST_F(BudgetTest, AWaitingCoroutineGetsAFreshBudgetEachTime) {
  SKIP_UNDER_TSAN();
  const auto state = make(milliseconds(50));
  const char* spin =
      "return function(seconds) local t = os.clock() "
      "repeat until os.clock() - t > seconds end";
  ASSERT_EQ(run(*state, spin, 1), Exit::done);
  for (int i = 0; i < 4; ++i) {
    lua_pushvalue(state->raw(), 1);
    lua_pushnumber(state->raw(), 0.02);
    EXPECT_EQ(state->call(state->raw(), 1, 0), Exit::done);
  }
  lua_pushvalue(state->raw(), 1);
  lua_pushnumber(state->raw(), 0.2);
  EXPECT_EQ(state->call(state->raw(), 1, 0), Exit::over_budget);
}

// A call into another state, made from a binding, has a budget of its own, and
// its time is not the outer one's.
TEST_F(BudgetTest, NestedCallsOfTwoStates) {
  SKIP_UNDER_TSAN();
  const auto outer = make(milliseconds(40));
  static State* inner;
  static Exit inner_exit;
  const auto inner_owner = make(milliseconds(60));
  inner = inner_owner.get();
  const lua_CFunction call_inner = [](lua_State*) {
    inner_exit = run(*inner, "while true do end");
    return 0;
  };
  lua_pushcfunction(outer->raw(), call_inner);
  lua_setglobal(outer->raw(), "call_inner");
  EXPECT_EQ(run(*outer, "call_inner()"), Exit::done) << outer->failure().sentence();
  EXPECT_EQ(inner_exit, Exit::over_budget);
  EXPECT_FALSE(outer->spent());
  // And the outer one can still be stopped.
  EXPECT_EQ(run(*outer, "while true do end"), Exit::over_budget);
}

TEST_F(BudgetTest, OtherStatesGoOnAfterAStop) {
  SKIP_UNDER_TSAN();
  const auto good = make(milliseconds(500));
  watch_traces(*good);
  const char* work = "local s = 0 for i = 1, 1e5 do s = s + i end return s";
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(run(*make(milliseconds(2)), "while true do end"), Exit::over_budget);
    ASSERT_EQ(run(*good, work, 1), Exit::done);
    EXPECT_EQ(lua_tonumber(good->raw(), -1), 5000050000.0);
    lua_pop(good->raw(), 1);
  }
  EXPECT_NE(traces(*good), "");
}

TEST_F(BudgetTest, AStrayProfilerSignalHarmsNobody) {
  const auto state = make(milliseconds(500));
  for (int i = 0; i < 3; ++i) {
    raise(SIGPROF);
    EXPECT_EQ(run(*state, "for i = 1, 1000 do end"), Exit::done);
  }
}

TEST(WatchdogDeathTest, ThereIsOnlyOne) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(
      {
        Watchdog first;
        Watchdog second;
      },
      "second watchdog");
}

}  // namespace
}  // namespace virgo::lua
