#include "binding/json_binding.hpp"

#include <lua.hpp>

#include <gtest/gtest.h>

#include "lua/state.hpp"

namespace virgo::binding {
namespace {

struct Json : ::testing::Test {
  std::unique_ptr<lua::State> state;
  void SetUp() override {
    auto made = lua::State::create({.kind = lua::StateKind::trusted,
                                    .name = "json",
                                    .memory = 0,
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

}  // namespace
}  // namespace virgo::binding
