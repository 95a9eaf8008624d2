// The matcher of plugin states against LuaJIT's own, which trusted states have.
#include <random>

#include "lua_states.hpp"

namespace virgo::lua {
namespace {

// Calls one of the functions and writes down all it returns, or its error.
constexpr const char* kDriver = R"lua(
local function describe(...)
  local out = {}
  for i = 1, select("#", ...) do out[i] = tostring((select(i, ...))) end
  return table.concat(out, "|")
end
local replacements = {
  "<%0>", "%1%1", "%%x", "", 7,
  function(...) if (...) == "a" then return nil end return describe(...) end,
  setmetatable({ a = "A", b = false, [1] = "one" }, { __index = function(_, k) return "?" .. k end }),
  { ab = {} },
}
local functions = {
  find = string.find, match = string.match,
  gmatch = function(subject, pattern)
    local out = {}
    for a, b, c in string.gmatch(subject, pattern) do out[#out + 1] = describe(a, b, c) end
    return table.concat(out, ";")
  end,
  gsub = function(subject, pattern, n, limit)
    return string.gsub(subject, pattern, replacements[n % #replacements + 1], limit)
  end,
}
return function(name, ...) return describe(pcall(functions[name], ...)) end
)lua";

class PatternTest : public testing::Test {
 protected:
  PatternTest() {
    for (State* state : {ours_.get(), theirs_.get()}) {
      EXPECT_EQ(run(*state, kDriver, 1), Exit::done) << state->failure().sentence();
    }
  }

  // What `name` gives for these arguments; a number is negative infinity to be left out.
  static std::string answer(State& state, const char* name, const std::string& subject,
                            const std::string& pattern, const std::vector<double>& more) {
    lua_State* L = state.raw();
    lua_pushvalue(L, 1);
    lua_pushstring(L, name);
    lua_pushlstring(L, subject.data(), subject.size());
    lua_pushlstring(L, pattern.data(), pattern.size());
    for (const double n : more) lua_pushnumber(L, n);
    EXPECT_EQ(state.call(L, 3 + static_cast<int>(more.size()), 1), Exit::done)
        << state.failure().sentence();
    std::size_t size = 0;
    const char* text = lua_tolstring(L, -1, &size);
    std::string out(text == nullptr ? "" : text, size);
    lua_pop(L, 1);
    return out;
  }

  void compare(const char* name, const std::string& subject, const std::string& pattern,
               const std::vector<double>& more = {}) {
    std::string ours = answer(*ours_, name, subject, pattern, more);
    const std::string theirs = answer(*theirs_, name, subject, pattern, more);
    const std::string clearer = "malformed pattern (missing arguments to '%b')";
    if (const std::size_t at = ours.find(clearer); at != std::string::npos)
      ours.replace(at, clearer.size(), "unbalanced pattern");
    EXPECT_EQ(ours, theirs) << name << " of " << testing::PrintToString(subject) << " and "
                            << testing::PrintToString(pattern) << " "
                            << testing::PrintToString(more);
  }

  void compare_all(const std::string& subject, const std::string& pattern) {
    const double size = static_cast<double>(subject.size());
    compare("find", subject, pattern);
    compare("match", subject, pattern);
    compare("gmatch", subject, pattern);
    for (const double init : {-size - 1, -2.0, 0.0, 2.0, size + 1, size + 9})
      compare("find", subject, pattern, {init});
    compare("match", subject, pattern, {3});
    compare("match", subject, pattern, {-3});
    compare("find", subject, pattern, {1, 1});  // plain
    for (int n = 0; n < 8; ++n) compare("gsub", subject, pattern, {static_cast<double>(n)});
    compare("gsub", subject, pattern, {0, 2});
    compare("gsub", subject, pattern, {0, 0});
    compare("gsub", subject, pattern, {0, -1});
  }

  std::unique_ptr<State> ours_ = make_state(
      {.kind = StateKind::plugin, .name = "", .memory = 0, .budget = {}, .watchdog = nullptr});
  std::unique_ptr<State> theirs_ = make_state(
      {.kind = StateKind::trusted, .name = "", .memory = 0, .budget = {}, .watchdog = nullptr});
};

TEST_F(PatternTest, WhatTheManualDescribes) {
  const std::pair<const char*, const char*> cases[] = {
      {"hello world from Lua", "%a+"},
      {"key = value, x=1", "(%w+)%s*=%s*(%w+)"},
      {"THE (quick) fox", "%((%a+)%)"},
      {"THE (quick (very)) fox", "%b()"},
      {"THE (quick) fox", "%f[%a]%a+"},
      {"THE (quick) fox", "()%a+()"},
      {"  trim  ", "^%s*(.-)%s*$"},
      {"say \"hi\" and 'bye'", "([\"'])(.-)%1"},
      {"2026-11-23 18:50:46", "(%d+)-(%d+)-(%d+) (%d+):(%d+):(%d+)"},
      {"a.b-c", "[%.%-]"},
      {"a]b^c-d", "[]^-]"},
      {"x^y", "[x^]+"},
      {"aaab", "a-b"},
      {"aaab", ".-"},
      {"aaa", "a?a?a?a?b?"},
      {"abc", "b$"},
      {"a$c", "a$c"},
      {"ab", "^b"},
      {"", ""},
      {"", "^$"},
      {"", ".*"},
      {"abc", "(((a)b)c)"},
      {"abcabc", "(abc)%1"},
      {"abc", "()%1"},
      {"x\0y\0", "%z"},
      {"x\0y", "[^%z]+"},
      {"\xff\x80z", "[\x80-\xff]+"},
  };
  for (const auto& [subject, pattern] : cases) {
    compare_all(subject, pattern);
    compare_all(std::string(subject) + std::string("\0(b", 3), pattern);
  }
}

TEST_F(PatternTest, MalformedPatterns) {
  for (const char* pattern : {"%",    "a%",  "[",  "[a",  "[]",   "[^]",   "[%",     "[%]",   "[a-",
                              "[a-%", "(",   "(a", "a)",  ")",    "%1",    "(a%1)",  "(a)%2", "%0",
                              "%b",   "%bx", "%f", "%fa", "%f[",  "((a)",  "(()",    "x[",    "b(",
                              "*",    "+a",  "^*", "a**", "(a)*", "%b()*", "%f[a]*", "()%1+"})
    for (const char* subject : {"", "a", "abx", "a*b+", "aaa"}) compare_all(subject, pattern);
  std::string many;
  for (int i = 0; i < 32; ++i) many += "()";
  compare_all("abc", many);
  compare_all("abc", many + "()");
  compare_all("abc", many + "x()");
}

// Thousands of patterns and subjects, the same in every run.
TEST_F(PatternTest, GeneratedPatterns) {
  const std::vector<std::string> pieces = {
      "a",     "b",     "c",    "1",     " ",     ".",      "%a",     "%d",     "%s",    "%w",
      "%x",    "%p",    "%c",   "%l",    "%u",    "%g",     "%z",     "%A",     "%S",    "%W",
      "%D",    "[abc]", "[^a]", "[a-c]", "[%d_]", "[]]",    "[^]]",   "[a-]",   "[^%w]", "[%a-z]",
      "[b-a]", "%.",    "%%",   "%-",    "%(",    "(",      ")",      "()",     "(",     ")",
      "%1",    "%2",    "%b()", "%baa",  "%bab",  "%f[%w]", "%f[^a]", "%f[%z]", "^",     "$",
      "[",     "%",     "]",    "\x80",  "\xff",  "-",      "*",      "+",      "?",     "(a)",
      "(.-)",  "(%w*)", "ab",   "aab",   "[%",    "%y",     "_"};
  const std::string letters = std::string("aaabbbccc()()x1 _.-\n%^$]A\xff\x80") + '\0';
  const std::string repeats = "*+-?";
  std::mt19937 random(51);
  const auto below = [&](std::size_t n) { return random() % n; };
  for (int round = 0; round < 2500 && !HasFailure(); ++round) {
    std::string pattern = below(6) == 0 ? "^" : "";
    for (std::size_t n = 1 + below(7); n > 0; --n) {
      pattern += pieces[below(pieces.size())];
      if (below(3) == 0) pattern += repeats[below(4)];
    }
    if (below(8) == 0) pattern += "$";
    std::string subject;
    for (std::size_t n = below(20); n > 0; --n) subject += letters[below(letters.size())];
    compare_all(subject, pattern);
  }
}

TEST_F(PatternTest, LongSubjectsAndResults) {
  const std::string longer(500, 'a');  // beyond what the result has on the C stack
  for (const char* pattern : {"a", "a*", "a-$", ".-b", "(a+)(a+)", "b*", "%w", "(a)%1"}) {
    compare_all(longer, pattern);
    compare_all(longer + "b" + longer, pattern);
  }
}

TEST_F(PatternTest, ANulInAPatternStandsForItself) {
  EXPECT_EQ(run(*ours_, R"lua(
    assert(("a\0b.c"):find("\0.%.") == 2 and ("a\0b"):match("[\0]b") == "\0b")
    assert(("a\0b"):gsub("%z*\0", "-") == "a-b")
  )lua"),
            Exit::done)
      << ours_->failure().sentence();
}

TEST_F(PatternTest, ItsOwnErrors) {
  EXPECT_EQ(run(*ours_, R"lua(
    local function fails(text, f, ...)
      local ok, why = pcall(f, ...)
      assert(not ok and why:find(text, 1, true), why)
    end
    fails("invalid replacement (ends with '%')", string.gsub, "a", "a", "%")
    fails("pattern too complex", string.find, "a", ("a?"):rep(201))
    assert(("a"):find(("a?"):rep(200)) == 1)
    fails("pattern too complex", string.find, "a", ("[a]?"):rep(49))
    assert(("a"):find(("[a]?"):rep(48)) == 1)
    fails("string/function/table expected", string.gsub, "a", "a", nil)
    fails("string expected", string.find, nil, "a")
    fails("string expected", string.gmatch, "a")
    fails("number expected", string.match, "a", "b", {})
    fails("from the callback", string.gsub, "abc", ".", function() error("from the callback") end)
    assert(("x"):find(("y"):rep(100000)) == nil and ("%-"):rep(100000):find(("%%%-"):rep(99)) == 1)
    -- Another gsub of the same pattern inside does not disturb the outer one.
    local function double(x) return (x .. x):gsub("(b)(.?)", "%2%1") end
    assert(("abcb"):gsub("(.)(b)", double) == "aacc", (("abcb"):gsub("(.)(b)", double)))
  )lua"),
            Exit::done)
      << ours_->failure().sentence();
}

}  // namespace
}  // namespace virgo::lua
