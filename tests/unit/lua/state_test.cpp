// State: the gate's errors, the memory cap, the sandbox.
#include "lua_states.hpp"

namespace virgo::lua {
namespace {

using testing::Test;

constexpr std::uint64_t kCap = 2u << 20;

std::unique_ptr<State> plugin(std::uint64_t memory = kCap) {
  return make_state(
      {.kind = StateKind::plugin, .name = "", .memory = memory, .budget = {}, .watchdog = nullptr});
}

TEST(GateTest, AnErrorSaysWhere) {
  const auto state = plugin();
  EXPECT_EQ(run(*state, "local function inner()\n error('broken') end\n inner()"), Exit::error);
  EXPECT_EQ(state->failure().message, "test.lua:2: broken");
  EXPECT_EQ(state->failure().where, "test.lua:2");
  EXPECT_EQ(state->failure().sentence(), "test.lua:2: broken");
  EXPECT_NE(state->failure().traceback.find("test.lua:3: in the file's main part"),
            std::string::npos)
      << state->failure().traceback;
  EXPECT_EQ(lua_gettop(state->raw()), 0);
  EXPECT_FALSE(state->spent());
}

TEST(GateTest, AnErrorWithoutPositionGetsOne) {
  const auto state = plugin();
  EXPECT_EQ(run(*state, "\nerror('broken', 0)"), Exit::error);
  EXPECT_EQ(state->failure().message, "broken");
  EXPECT_EQ(state->failure().sentence(), "test.lua:2: broken");
}

TEST(GateTest, ATableIsAStructuredError) {
  const auto state = plugin();
  EXPECT_EQ(run(*state, "error{status = 'unreachable', message = 'no route', param = 'host'}"),
            Exit::error);
  EXPECT_EQ(state->failure().message, "no route");
  EXPECT_EQ(state->failure().status, "unreachable");
  EXPECT_EQ(state->failure().param, "host");
}

TEST(GateTest, AnyOtherValueIsDescribed) {
  const auto state = plugin();
  for (const char* source : {"error()", "error({})", "error(print)", "error(true)",
                             "error(setmetatable({}, {__tostring = function() error('x') end}))"}) {
    EXPECT_EQ(run(*state, source), Exit::error) << source;
    EXPECT_NE(state->failure().message.find("raised an error that is a "), std::string::npos)
        << state->failure().message;
  }
  EXPECT_EQ(run(*state, "error(42)"), Exit::error);
  EXPECT_EQ(state->failure().message, "test.lua:1: 42");
}

TEST(GateTest, SyntaxErrorsHaveTheLine) {
  const auto state = plugin();
  const auto loaded = state->load(state->raw(), "local a = 1\nlocal = 2", "@bad.lua");
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.error().message.rfind("bad.lua:2:", 0), 0u) << loaded.error().message;
  EXPECT_EQ(lua_gettop(state->raw()), 0);
}

TEST(GateTest, BytecodeIsRefused) {
  const auto state = plugin();
  EXPECT_FALSE(state->load(state->raw(), "\x1bLJ\x02", "@code.lua").ok());
  EXPECT_EQ(run(*state, "local f, why = load('\\27LJ\\2') assert(f == nil and why)"), Exit::done)
      << state->failure().sentence();
}

TEST(GateTest, ResultsAreCountedAndArgumentsPopped) {
  const auto state = plugin();
  lua_State* L = state->raw();
  ASSERT_TRUE(state->load(L, "return select('#', ...), ...", "@t").ok());
  lua_pushinteger(L, 7);
  lua_pushinteger(L, 8);
  ASSERT_EQ(state->call(L, 2, LUA_MULTRET), Exit::done);
  ASSERT_EQ(lua_gettop(L), 3);
  EXPECT_EQ(lua_tointeger(L, 1), 2);
  EXPECT_EQ(lua_tointeger(L, 3), 8);
}

TEST(StateTest, RunsNothingOnceItIsSpent) {
  const auto state = make_state({.kind = StateKind::plugin, .name = "", .memory = 2u << 20});
  lua_State* L = state->raw();
  ASSERT_EQ(run(*state,
                "local count = { ran = 0 } "
                "local function again() count.ran = count.ran + 1 end again() return count, again",
                2),
            Exit::done);
  lua_setglobal(L, "again");
  lua_setglobal(L, "count");
  ASSERT_EQ(run(*state, "local t = {} while true do t[#t + 1] = {} end"), Exit::over_memory);
  ASSERT_TRUE(state->spent());

  const int top = lua_gettop(L);
  EXPECT_EQ(run(*state, "again()"), Exit::error);
  EXPECT_EQ(state->failure().sentence(), "not run: the script was stopped before");
  EXPECT_EQ(lua_gettop(L), top);
  lua_State* coroutine = lua_newthread(L);
  lua_getglobal(coroutine, "again");
  EXPECT_EQ(state->resume(coroutine, 0), Exit::error);
  lua_getglobal(L, "count");
  lua_getfield(L, -1, "ran");
  EXPECT_EQ(lua_tointeger(L, -1), 1);
}

struct Bomb {
  const char* name;
  const char* source;
};
void PrintTo(const Bomb& bomb, std::ostream* out) {
  *out << bomb.name;
}

class MemoryTest : public testing::TestWithParam<Bomb> {};

TEST_P(MemoryTest, EveryWayOfAllocatingEndsAtTheCap) {
  const auto state = plugin();
  const std::string source = GetParam().source;
  EXPECT_EQ(run(*state, source), Exit::over_memory) << state->failure().sentence();
  EXPECT_LE(state->memory(), kCap + 4096);
  EXPECT_EQ(state->failure().message, "reached its memory cap of 2MiB (limits.lua_memory)");
  EXPECT_TRUE(state->spent());
  // Caught by the script again and again, it comes to the same.
  const auto stubborn = plugin();
  EXPECT_EQ(
      run(*stubborn, "local function bomb() " + source + " end\nwhile true do pcall(bomb) end"),
      Exit::over_memory);
  EXPECT_EQ(stubborn->failure().where.rfind("test.lua:", 0), 0u) << stubborn->failure().where;
}

INSTANTIATE_TEST_SUITE_P(
    Bombs, MemoryTest,
    testing::Values(
        Bomb{"table", "local t = {} for i = 1, 1e9 do t[i] = i end"},
        Bomb{"hash", "local t = {} for i = 1, 1e9 do t['k' .. i] = i end"},
        Bomb{"nested", "local t = {} while true do t = {t} end"},
        Bomb{"string_rep", "local s = string.rep('x', 1024 * 1024 * 1024)"},
        Bomb{"doubling", "local s = 'x' while true do s = s .. s end"},
        Bomb{"closures", "local t = {} while true do t = {t, function() return t end} end"},
        Bomb{"coroutines",
             "local t = {} while true do t[#t + 1] = coroutine.create(function() end) end"},
        Bomb{"load", "local t = {} for i = 1, 1e9 do t[i] = load('return ' .. i) end"},
        Bomb{"concat",
             "local t = {} for i = 1, 1000 do t[i] = string.rep('x', 10000) end "
             "table.concat(t)"}),
    [](const auto& bomb) { return bomb.param.name; });

TEST(MemoryTest, TheCapIsMetWithGarbageAround) {
  const auto state = plugin();
  // 1.2 MB alive and much garbage, under 2 MiB.
  EXPECT_EQ(run(*state,
                "local keep = {} for i = 1, 12 do keep[i] = string.rep(tostring(i), 50000) end "
                "for i = 1, 200000 do local s = {i} end"),
            Exit::done)
      << state->failure().sentence();
}

TEST(MemoryTest, OneCaughtDenialIsTheScriptsOwnMatter) {
  const auto state = plugin();
  EXPECT_EQ(run(*state, "assert(not pcall(string.rep, 'x', 1e8)) return 1"), Exit::done)
      << state->failure().sentence();
  EXPECT_FALSE(state->spent());
}

// Each of these ends in an error, not in an overflow of the C stack.
class RecursionTest : public testing::TestWithParam<Bomb> {};
TEST_P(RecursionTest, EndsInAnError) {
  const auto state = plugin(64u << 20);
  EXPECT_EQ(run(*state, GetParam().source), Exit::error) << state->failure().sentence();
  EXPECT_NE(state->failure().message.find("stack overflow"), std::string::npos)
      << state->failure().message;
}
INSTANTIATE_TEST_SUITE_P(
    Kinds, RecursionTest,
    testing::Values(
        Bomb{"plain", "local function f() return 1 + f() end f()"},
        Bomb{"coroutines", "local function f() return coroutine.wrap(f)() end f()"},
        Bomb{"resume",
             "local function f() return assert(coroutine.resume(coroutine.create(f))) end f()"},
        Bomb{"gsub", "local function f() return (string.gsub('a', 'a', f)) end f()"},
        Bomb{"gsub_method", "local function f() return (('a'):gsub('a', f)) end f()"},
        Bomb{"gsub_index",
             "local function f() ('a'):gsub('a', setmetatable({}, {__index = f})) end f()"},
        Bomb{"gsub_in_coroutines",
             "local function f() coroutine.wrap(function() ('a'):gsub('a', f) end)() end f()"},
        Bomb{"sort", "local function f() table.sort({3, 2, 1}, f) end f()"},
        Bomb{"tostring",
             "local t = setmetatable({}, {__tostring = function(t) return ('%s'):format(t) end}) "
             "tostring(t)"}),
    [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace virgo::lua
