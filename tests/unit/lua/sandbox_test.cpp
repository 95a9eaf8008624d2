// What a plugin state's script can reach, and cannot change.
#include "lua/sandbox.hpp"

#include "lua_states.hpp"

namespace virgo::lua {
namespace {

class SandboxTest : public testing::Test {
 protected:
  std::unique_ptr<State> state_ = make_state({.kind = StateKind::plugin,
                                              .name = "",
                                              .memory = 4u << 20,
                                              .budget = {},
                                              .watchdog = nullptr});
  lua_State* L = state_->raw();

  void expect_done(const std::string& source) {
    EXPECT_EQ(run(*state_, source), Exit::done) << source << "\n" << state_->failure().sentence();
  }
  void expect_error(const std::string& source, const std::string& text) {
    EXPECT_EQ(run(*state_, source), Exit::error) << source;
    EXPECT_NE(state_->failure().message.find(text), std::string::npos) << source << "\n"
                                                                       << state_->failure().message;
  }
};

TEST_F(SandboxTest, DangerousNamesAreNotThere) {
  for (const char* name :
       {"io",         "debug",        "ffi",        "jit",       "package",   "require",
        "module",     "newproxy",     "dofile",     "loadfile",  "gcinfo",    "getfenv",
        "setfenv",    "os.execute",   "os.exit",    "os.getenv", "os.remove", "os.rename",
        "os.tmpname", "os.setlocale", "string.dump"}) {
    ASSERT_EQ(run(*state_, std::string("return ") + name, 1), Exit::done);
    EXPECT_TRUE(lua_isnil(L, -1)) << name;
    lua_pop(L, 1);
  }
}

TEST_F(SandboxTest, WhatIsLeftWorks) {
  expect_done(R"lua(
    assert(("x"):rep(3) == "xxx" and math.floor(1.5) == 1 and bit.band(6, 3) == 2)
    assert(table.concat({1, 2}, ",") == "1,2" and type(os.time()) == "number")
    assert(load("return ...", "=x")(5) == 5 and loadstring("return 6")() == 6)
    assert(load("return y", "=x", "t", {y = 9})() == 9)
    assert(collectgarbage("count") > 1)
    assert(not pcall(collectgarbage, "stop"))
    assert(_G.math == math and _G.nothing == nil)
    assert(not pcall(function() return nothing.x end))
  )lua");
}

TEST_F(SandboxTest, GlobalsCannotBeWritten) {
  expect_error("\nanswer = 42",
               "test.lua:2: global 'answer' cannot be written; write local answer");
  expect_error("string = nil", "global 'string' cannot be written");
  expect_error("function helper() end", "global 'helper' cannot be written");
  expect_error("_G.answer = 42", "global 'answer' cannot be written");
  expect_error("_G[1] = 42", "_G is read-only");
  expect_error("local function deep() return function() tostring = 1 end end deep()()",
               "global 'tostring' cannot be written");
  expect_error("assert(load('x = 1'))()", "global 'x' cannot be written");
  expect_error("assert(load('x = 1', '=x', 't', _G))()", "global 'x' cannot be written");
  expect_error("coroutine.wrap(function() y = 1 end)()", "global 'y' cannot be written");
  // In such a chunk too the globals can be read, those that are opened late included.
  expect_done(
      "local f = function() x = 1 end assert(not pcall(f)) assert(x == nil and math.floor(2.5) == "
      "2 "
      "and bit.band(3, 2) == 2 and _G.math == math)");
}

TEST_F(SandboxTest, AnEnvironmentOfTheScriptsOwnCanBeWritten) {
  expect_done(
      "local env = { n = 1 } assert(load('n = n + 1', '=x', 't', env))() assert(env.n == 2)");
  expect_error("load('x = 1', '=x', 't', string)", "table expected");
}

TEST_F(SandboxTest, LibraryTablesCannotBeWritten) {
  for (const char* name : {"string", "table", "math", "bit", "coroutine", "os", "_G"}) {
    const std::string n = name;
    expect_done("assert(getmetatable(" + n + ") == false)");
    for (const std::string& source :
         {n + ".find = nil", n + ".new = 1", "rawset(" + n + ", 'find', 1)",
          "setmetatable(" + n + ", {})", "table.insert(" + n + ", 1)", "table.sort(" + n + ")",
          "table.remove(" + n + ")", "next(" + n + ")"})
      EXPECT_EQ(run(*state_, source), Exit::error) << source;
  }
  expect_error("\nstring.find = nil",
               "test.lua:2: string.find cannot be written: string is read-only");
  expect_done("assert(('x'):find('x') == 1 and string.find('x', 'x') == 1 and math.new == nil)");
}

TEST_F(SandboxTest, TheMetatableOfStringsIsHidden) {
  expect_done("assert(getmetatable('') == false and not pcall(setmetatable, '', {}))");
  expect_error("getmetatable('').__index = 1", "attempt to index");
}

// What the host adds, whenever, is as it is for the host, and a view for scripts.
TEST_F(SandboxTest, TheHostsGlobalsAreReadOnlyToo) {
  ASSERT_TRUE(state_
                  ->protect(
                      [](lua_State* l) {
                        EXPECT_EQ(
                            luaL_dostring(l,
                                          "return { one = function() return 1 end, log = { "
                                          "warn = print, info = type }, list = { 1, 2, {} } }"),
                            0);
                        lua_setglobal(l, "host");
                        add_lazy_global(l, "late", [](lua_State* s) {
                          lua_newtable(s);
                          lua_pushboolean(s, 1);
                          lua_setfield(s, -2, "opened");
                          return 1;
                        });
                        return 0;
                      },
                      nullptr)
                  .ok());
  expect_done("assert(host.one() == 1 and late.opened and #host.list == 3)");
  expect_error("host.one = nil", "host.one cannot be written: host is read-only");
  expect_error("host.log.info = nil", "host.log.info cannot be written");
  expect_error("late.opened = nil", "late.opened cannot be written");
  expect_error("late = nil", "global 'late' cannot be written");
  expect_done("host.list[3] = 5 assert(host.list[3] == 5)");  // data, not a library
  lua_pushinteger(L, 7);
  lua_setglobal(L, "seven");
  expect_done("assert(seven == 7)");
}

TEST_F(SandboxTest, NumbersOfFfiAreRefused) {
  for (const char* number : {"1LL", "2ULL", "3i"}) {
    const auto loaded = state_->load(L, std::string("local x = ") + number, "@test.lua");
    ASSERT_FALSE(loaded.ok()) << number;
    EXPECT_NE(loaded.error().message.find("LL"), std::string::npos);
    expect_done(std::string("assert(not pcall(load, 'return ") + number + "'))");
  }
}

// Compiling is one call into C, and some sources take it long.
TEST_F(SandboxTest, SourcesHaveALimit) {
  const std::string longest = "return " + std::string(State::kMaxSource - 8, ' ') + "1";
  ASSERT_EQ(longest.size(), State::kMaxSource);
  EXPECT_TRUE(state_->load(L, longest, "@test.lua").ok());
  const auto loaded = state_->load(L, longest + " ", "@test.lua");
  ASSERT_FALSE(loaded.ok());
  EXPECT_NE(loaded.error().message.find("test.lua: 262145B of Lua in one file, at most 256KiB"),
            std::string::npos)
      << loaded.error().message;
  expect_done(
      "assert(load('return 1' .. (' '):rep(65536 - 8))() == 1) "
      "local f, why = load('return 1' .. (' '):rep(65536 - 7)) "
      "assert(not f and why == 'the text is too long: 65537 bytes, at most 65536', why)");
}

TEST_F(SandboxTest, TableSort) {
  expect_done(R"lua(
    local function check(t, less)
      local n = #t
      table.sort(t, less)
      less = less or function(a, b) return a < b end
      assert(#t == n)
      for i = 2, n do assert(not less(t[i], t[i - 1])) end
    end
    check {} check { 1 } check { 2, 1 } check { 3, 3, 3 } check { "b", "a", "" }
    for n = 1, 300, 7 do
      local t, u = {}, {}
      for i = 1, n do t[i] = math.random(n) u[i] = "k" .. t[i] end
      check(t) check(u)
      check(t, function(a, b) return a > b end)
    end
    -- An order that is none: some order, no error, no element lost.
    local t, sum = {}, 0
    for i = 1, 100 do t[i] = i end
    table.sort(t, function() return true end)
    for i = 1, 100 do sum = sum + t[i] end
    assert(sum == 5050)
    -- With a metatable it is sorted as it is, past __index and __newindex.
    local m = setmetatable({ 3, 1, 2 }, { __index = error, __newindex = error, __metatable = false })
    table.sort(m)
    assert(rawget(m, 1) == 1 and rawget(m, 3) == 3)
    local lt = { __lt = function(a, b) return a.v < b.v end }
    local o = { setmetatable({ v = 2 }, lt), setmetatable({ v = 1 }, lt) }
    table.sort(o)
    assert(o[1].v == 1)
  )lua");
  expect_error("table.sort()", "test.lua:1: bad argument #1 to 'sort' (table expected, got nil)");
  expect_error("table.sort({}, 1)", "bad argument #2 to 'sort' (function expected, got number)");
  expect_error("table.sort{2, 'x'}", "test.lua:1: attempt to compare number with string");
  expect_error("table.sort{true, false}", "attempt to compare boolean with boolean");
  expect_error("table.sort({2, 1}, function() error('mine') end)", "test.lua:1: mine");
}

TEST_F(SandboxTest, TableInsert) {
  expect_done(R"lua(
    local t = {}
    table.insert(t, "b") table.insert(t, 1, "a") table.insert(t, #t + 1, "d") table.insert(t, "3", "c")
    assert(table.concat(t) == "abcd" and table.remove(t, 1) == "a" and table.remove(t) == "d")
    for _, bad in ipairs { 0, -1, -2 ^ 31, 2 ^ 31, 1e300, 0 / 0 } do
      local ok, why = pcall(table.insert, t, bad, "x")
      assert(not ok and why:find("position out of bounds"), why)
    end
  )lua");
  expect_error("table.insert(nil, 1)", "test.lua:1: bad argument #1 to 'insert' (table expected");
  expect_error("table.insert({}, 1, 2, 3)", "wrong number of arguments to 'insert'");
  expect_error("table.insert({}, {}, 2)", "test.lua:1: bad argument #2");
}

TEST_F(SandboxTest, ABareStateIsSmall) {
  lua_gc(L, LUA_GCCOLLECT, 0);
  std::printf("a bare plugin state: %zu bytes\n", state_->memory());
  EXPECT_LT(state_->memory(), 24u * 1024);
}

TEST(TrustedTest, TrustedStatesHaveEverything) {
  const auto state = make_state(
      {.kind = StateKind::trusted, .name = "", .memory = 0, .budget = {}, .watchdog = nullptr});
  EXPECT_EQ(run(*state, "assert(io and debug and jit and require('ffi') and os.execute) x = 1"),
            Exit::done)
      << state->failure().sentence();
}

}  // namespace
}  // namespace virgo::lua
