#include "binding/json_binding.hpp"

#include <lua.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lua/state.hpp"

namespace virgo::binding {
namespace {

struct Json : ::testing::Test {
  std::unique_ptr<lua::State> state;
  void SetUp() override { SetUp(0); }
  void SetUp(std::uint64_t memory) {
    auto made = lua::State::create({.kind = lua::StateKind::trusted,
                                    .name = "json",
                                    .memory = memory,
                                    .budget = {},
                                    .watchdog = nullptr});
    ASSERT_TRUE(made.ok());
    state = std::move(made).value();
    ASSERT_TRUE(state
                    ->protect(
                        [](lua_State* L) {
                          open_json(L);
                          lua_setglobal(L, "json");
                          return 0;
                        },
                        nullptr)
                    .ok());
  }
  // What `return EXPRESSION` gives as text, or "error: ...".
  std::string eval(const std::string& expression) {
    lua_State* L = state->raw();
    EXPECT_TRUE(state->load(L, "return tostring(" + expression + ")", "=test").ok()) << expression;
    if (state->call(L, 0, 1) != lua::Exit::done) return "error: " + state->failure().message;
    std::string text = lua_tostring(L, -1);
    lua_pop(L, 1);
    return text;
  }
};

TEST_F(Json, EncodesWhatLuaHas) {
  EXPECT_EQ(eval("json.encode({1, 2.5, 'a\\n', true, json.null})"), R"([1,2.5,"a\n",true,null])");
  EXPECT_EQ(eval("json.encode({})"), "{}");
  EXPECT_EQ(eval("json.encode(json.array {})"), "[]");
  EXPECT_EQ(eval("json.encode({a = {b = 'c'}})"), R"({"a":{"b":"c"}})");
  EXPECT_EQ(eval("json.encode({[3] = 'x'})"), R"({"3":"x"})");
  EXPECT_EQ(eval("json.encode(9007199254740992)"), "9007199254740992");
  EXPECT_EQ(eval("json.encode(0.1)"), "0.1");
  EXPECT_EQ(eval("json.encode('bad \\255 byte')"), "\"bad \xef\xbf\xbd byte\"");
}

TEST_F(Json, RefusesWhatJsonHasNot) {
  EXPECT_NE(eval("json.encode({f = print})").find("a function cannot be encoded"),
            std::string::npos);
  EXPECT_NE(
      eval("(function() local t = {} t.t = t return json.encode(t) end)()").find("contains itself"),
      std::string::npos);
  EXPECT_NE(eval("json.encode({[true] = 1})").find("a key of type boolean"), std::string::npos);
}

TEST_F(Json, DecodesAndRemembersArrays) {
  EXPECT_EQ(eval("json.decode('{\"a\":[1,{\"b\":null}]}').a[2].b == json.null"), "true");
  EXPECT_EQ(eval("json.encode(json.decode('{\"a\":[]}'))"), R"({"a":[]})");
  EXPECT_EQ(eval("select(2, json.decode('{\"a\":'))").substr(0, 8), "not JSON");
  EXPECT_EQ(eval("json.decode('')"), "nil");
}

TEST_F(Json, WhatIsWrittenIsHeldToTheMemoryOfTheState) {
  SetUp(4 << 20);
  const std::string too_long = "json: the text would have more than 4194304 bytes";
  // Checked before each value: the last may go beyond.
  const std::string texts = "(function() local s, t = ('x'):rep(2^20 - 3), {} ";
  EXPECT_THAT(eval(texts + "for i = 1, 6 do t[i] = s end return json.encode(t) end)()"),
              testing::HasSubstr(too_long));
  lua_gc(state->raw(), LUA_GCCOLLECT, 0);
  EXPECT_EQ(eval("#json.encode{('x'):rep(2^20)}"), "1048580");
  EXPECT_THAT(eval("(function() local t = {} for _ = 1, 30 do t = {t, t} end "
                   "return json.encode(t) end)()"),
              testing::HasSubstr(too_long));
  EXPECT_EQ(eval("json.encode({{}, {}})"), "[{},{}]");
}

}  // namespace
}  // namespace virgo::binding
