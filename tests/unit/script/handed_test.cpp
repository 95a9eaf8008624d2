// Handed: values between states, and through JSON.
#include "script/handed.hpp"

#include <gtest/gtest.h>

#include <lua.hpp>

#include "lua/state.hpp"

namespace virgo::script {
namespace {

struct HandedTest : ::testing::Test {
  std::unique_ptr<lua::State> from = make();
  std::unique_ptr<lua::State> to = make();

  static std::unique_ptr<lua::State> make() {
    auto state = lua::State::create({.kind = lua::StateKind::trusted, .name = "test"});
    return state.ok() ? std::move(state).value() : nullptr;
  }
  // The value of an expression.
  Result<Handed> take(const std::string& expression) {
    lua_State* L = from->raw();
    const int top = lua_gettop(L);
    EXPECT_TRUE(from->load(L, expression, "=test").ok());
    EXPECT_EQ(from->call(L, 0, 1), lua::Exit::done);
    auto out = Handed::take(L, -1);
    lua_pop(L, 1);
    EXPECT_EQ(lua_gettop(L), top);
    return out;
  }
  std::string refusal(const std::string& expression) {
    const auto out = take(expression);
    return out.ok() ? "taken" : out.error().message;
  }
  // Whether `test`, a function's body of `v`, holds for the value in the other state.
  bool holds(const Handed& value, const std::string& test) {
    lua_State* L = to->raw();
    EXPECT_TRUE(to->load(L, "local v = ... " + test, "=test").ok());
    value.push(L);
    EXPECT_EQ(to->call(L, 1, 1), lua::Exit::done) << to->failure().sentence();
    const bool out = lua_toboolean(L, -1) != 0;
    lua_pop(L, 1);
    return out;
  }
  // The same, directly and by way of JSON.
  void survives(const std::string& expression, const std::string& test) {
    const auto value = take(expression);
    ASSERT_TRUE(value.ok()) << value.error().message;
    EXPECT_TRUE(holds(*value, test)) << expression;
    const auto read = Handed::from_json(value->to_json());
    ASSERT_TRUE(read.ok()) << value->to_json();
    EXPECT_TRUE(holds(*read, test)) << value->to_json();
  }
};

TEST_F(HandedTest, EveryPlainValueSurvives) {
  survives("return nil", "return v == nil");
  survives("return true", "return v == true");
  survives("return 2^53 - 1", "return v == 2^53 - 1");
  survives("return 0.1", "return v == 0.1");
  survives("return 0/0", "return v ~= v");
  survives("return -1/0", "return v == -1/0");
  survives("return 'text'", "return v == 'text'");
  survives("return '\\255\\0x'", "return v == '\\255\\0x'");
  survives("return {}", "return next(v) == nil");
  survives("return {1, 'two', {3}}", "return #v == 3 and v[2] == 'two' and v[3][1] == 3");
  survives("return {offset = 17, name = '/var/log/x'}",
           "return v.offset == 17 and v.name == '/var/log/x'");
  survives("return {[7] = 'seven', x = 1, [true] = {}, ['\\255'] = 2, [0.5] = 3}",
           "return v[7] == 'seven' and v.x == 1 and next(v[true]) == nil and v['\\255'] == 2 and "
           "v[0.5] == 3");
  // Names that the JSON gives a meaning.
  survives("return {list = {map = {pairs = {bytes = 'zz'}}}}",
           "return v.list.map.pairs.bytes == 'zz'");
}

TEST_F(HandedTest, WhatIsNotPlainIsRefusedAndSaysWhere) {
  EXPECT_NE(refusal("return print").find("the value is a function"), std::string::npos);
  EXPECT_NE(refusal("return {seen = {1, 2, print}}").find("handover: .seen[3] is a function"),
            std::string::npos);
  EXPECT_NE(refusal("return {['a b'] = coroutine.create(print)}").find("[\"a b\"] is a thread"),
            std::string::npos);
  EXPECT_NE(refusal("return {[print] = 1}").find("is a function"), std::string::npos);
  EXPECT_NE(refusal("local t = {} t.t = t return t").find("deeper than 16"), std::string::npos);
}

TEST_F(HandedTest, BoundsHoldAtTheirEdges) {
  const auto deep = [](int n) {
    return "local t = {} for i = 2, " + std::to_string(n) + " do t = {t} end return t";
  };
  EXPECT_EQ(refusal(deep(16)), "taken");
  EXPECT_NE(refusal(deep(17)), "taken");
  survives(deep(16), "return true");
  const auto many = [](int n) {
    return "local t = {} for i = 1, " + std::to_string(n) + " do t[i] = i end return t";
  };
  EXPECT_EQ(refusal(many(10000)), "taken");
  survives(many(10000), "return #v == 10000");
  EXPECT_NE(refusal(many(10001)).find("more than 20000"), std::string::npos);
  EXPECT_EQ(refusal("return ('x'):rep(1048576)"), "taken");
  EXPECT_NE(refusal("return ('x'):rep(1048577)").find("more than 1048576"), std::string::npos);
}

// An own __pairs or __index is not asked, and metatables stay behind.
TEST_F(HandedTest, TablesAreReadRaw) {
  survives("return setmetatable({a = 1}, {__index = function() error('asked') end})",
           "return v.a == 1 and getmetatable(v) == nil");
}

TEST_F(HandedTest, OtherJsonIsRefused) {
  for (const char* text : {"[1]", "{}", "{\"a\":1}", "{\"list\":1}", "{\"bytes\":\"0\"}",
                           "{\"bytes\":\"zz\"}", "{\"number\":\"7\"}", "{\"pairs\":[1]}",
                           "{\"pairs\":[[null,1]]}", "{\"pairs\":[[{\"number\":\"NaN\"},1]]}",
                           "{\"map\":[]}", "{\"list\":[], \"map\":{}}", "nonsense", ""})
    EXPECT_FALSE(Handed::from_json(text).ok()) << text;
}

}  // namespace
}  // namespace virgo::script
