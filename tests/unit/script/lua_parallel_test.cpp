// virgo.parallel, and what a check may reach.
#include "lua_checks.hpp"

namespace virgo::script {
namespace {

class LuaParallelTest : public LuaCheckTest {};

TEST_F(LuaParallelTest, RunsFunctionsAtOnceAndGivesTheirResultsInOrder) {
  const auto& run = run_body(R"(
    local order = {}
    local r = virgo.parallel {
      function() virgo.sleep(0.02); order[#order + 1] = 1; return 'slow' end,
      function() order[#order + 1] = 2; return 2 end,
      function() virgo.sleep(0.01) end,
      function() error('bad') end,
      function() return nil, 'worse' end,
      function() error { message = 'away', status = 'unreachable' } end,
      function() return false end,
    }
    assert(#r == 7 and order[1] == 2 and order[2] == 1)
    assert(r[1].ok and r[1].value == 'slow' and r[2].value == 2)
    assert(r[3].ok and r[3].value == nil)
    assert(not r[4].ok and tostring(r[4].error):find('bad') and r[4].error.status == 'failed')
    assert(not r[5].ok and r[5].error == 'worse')
    assert(r[6].error.status == 'unreachable')
    assert(r[7].ok and r[7].value == false)
    assert(#virgo.parallel {} == 0)
    local inner = virgo.parallel { function()
      return virgo.parallel({ function() virgo.sleep(0.001); return 'deep' end })[1].value
    end }
    assert(inner[1].value == 'deep')
    run:emit('v', 1))");
  EXPECT_EQ(run.status(), Status::ok) << run.text();
  EXPECT_EQ(run.samples().size(), 1u);
}

TEST_F(LuaParallelTest, TheCommonDeadlineEndsWhatIsNotDone) {
  const auto& run = run_body(R"(
    local r = virgo.parallel({
      function() return 1 end,
      function() virgo.sleep(60) end,
    }, { timeout = 0.02 })
    assert(r[1].ok and not r[2].ok and r[2].error.status == 'timeout', 'one')
    assert(tostring(r[2].error):find('was waiting in virgo.sleep', 1, true), tostring(r[2].error)))");
  EXPECT_EQ(run.status(), Status::ok) << run.text();
}

TEST_F(LuaParallelTest, TheRunsDeadlineEndsAllOfThem) {
  const auto& run =
      run_body("virgo.parallel { function() virgo.sleep(60) end, function() virgo.sleep(60) end }",
               milliseconds(20));
  EXPECT_EQ(run.status(), Status::timeout);
  EXPECT_NE(run.text().find("was waiting in virgo.parallel of 2 functions"), std::string::npos);
}

TEST_F(LuaParallelTest, ALimitMetInOneOfThemEndsTheRun) {
  const auto& run = run_body(
      "virgo.parallel { function() virgo.sleep(60) end, function() while true do end end }");
  EXPECT_EQ(run.status(), Status::limit) << run.text();
  EXPECT_EQ(run_body("run:emit('v', 1)").status(), Status::ok);
}

TEST_F(LuaParallelTest, SamplesMayBeEmittedFromWithin) {
  const auto& run = run_body("virgo.parallel { function() virgo.sleep(0); run:emit('v', 3) end }");
  EXPECT_EQ(run.status(), Status::ok) << run.text();
  EXPECT_EQ(run.samples().size(), 1u);
}

TEST_F(LuaParallelTest, WhatIsNotAListOfFunctionsIsRefused) {
  EXPECT_NE(run_body("virgo.parallel { 1 }").text().find("number 1 of the list is a number"),
            std::string::npos);
  EXPECT_NE(run_body("local l = {} for i = 1, 65 do l[i] = print end virgo.parallel(l)")
                .text()
                .find("at most 64 functions, not 65"),
            std::string::npos);
}

TEST_F(LuaParallelTest, AnUndeclaredNeedIsNamed) {
  ASSERT_TRUE(load(R"(
    local check = virgo.check { name = "modest", metrics = { { name = "v" } },
      params = { path = { type = "text", default = "/proc/uptime" }, more = { type = "list" } },
      needs = { read = { "$path", "$more", "/proc/self/" } } }
    function check:collect(run)
      assert(virgo.fs.read(self.path))
      assert(virgo.fs.read("/proc/self/stat"))
      if self.more then assert(virgo.fs.read(self.more[2])) end
      local ok, why = pcall(virgo.fs.read, "/etc/hostname")
      assert(not ok)
      run:explain(why)
      ok, why = pcall(virgo.tcp.connect, "127.0.0.1", 1)
      assert(why:find('tcp is not among the needs of this check; add needs = { net = {"tcp"} }', 1, true), why)
    end)")
                  .empty());
  EXPECT_EQ(collect(*make("modest")).status(), Status::ok) << runs_.back()->text();
  EXPECT_NE(runs_.back()->text().find(
                "virgo.fs.read: /etc/hostname is not among the needs of this check; add needs = { "
                "read = {\"/etc/hostname\"} } to virgo.check"),
            std::string::npos)
      << runs_.back()->text();
}

TEST_F(LuaParallelTest, BadDeclarationsAreNamed) {
  const auto problem = [this](const std::string& fields) {
    const auto errors = load("local c = virgo.check { name = 'x', metrics = { { name = 'v' } }, " +
                             fields + " }\nfunction c:collect() end");
    return errors.empty() ? std::string() : errors[0].message;
  };
  const std::pair<const char*, const char*> cases[] = {
      {"needs = 1", "'needs' must be a table"},
      {"needs = { nett = {} }", "unknown field 'nett', did you mean 'net'?"},
      {"needs = { net = 'tcp' }", "needs.net must be a list of texts"},
      {"needs = { net = { 'tpc' } }", "needs.net[1]: unknown kind 'tpc', did you mean 'tcp'?"},
      {"needs = { read = { 'x' } }", "needs.read[1]: 'x' is neither an absolute path nor"},
      {"needs = { exec = { '$nothing' } }", "needs: '$nothing': there is no such parameter"},
      {"api = 2", "is written for level 2 of the plugin API; this agent has level 1"},
      {"api = 'x'", "'api' is the level"},
      {"interval = '1ms'", "interval: must be from 100ms to 24h"},
      {"interval = 'soon'", "interval: "},
      {"params = { p = { items = 'text' } }", "params.p: 'items' is for type = \"list\" and"},
      {"params = { p = { type = 'list', items = 'list' } }", "unknown items 'list', one of bool"},
      {"params = { p = { type = 'list', items = 'text', default = { 'a', 1 } } }",
       "params.p: default: has a number in it, and 'items' says text"},
      {"params = { p = { type = 'map', items = 'int', default = { a = 1.5 } } }",
       "params.p: default: has a fraction in it, and 'items' says int"},
  };
  for (const auto& [fields, expected] : cases)
    EXPECT_NE(problem(fields).find(expected), std::string::npos)
        << fields << ": " << problem(fields);
}

TEST_F(LuaParallelTest, MetricsFoundAtRunTimeCarryTheirDescription) {
  ASSERT_TRUE(load(R"(
    local check = virgo.check { name = "finder", undeclared = true }
    function check:collect(run)
      run:emit("a.b", "18446744073709551615", { x = 1 }, { unit = "By", kind = "counter", type = "u64" })
      run:emit("c", 1.5)
      run:emit("d", "text")
      run:emit("e", "-9223372036854775808", nil, { type = "i64" })
      assert(not pcall(run.emit, run, "", 1))
      assert(not pcall(run.emit, run, ("x"):rep(257), 1))
      run:emit(("x"):rep(256), 1)
      run:emit("f64", "12", nil, { type = "f64" })
      local ok, why = pcall(run.emit, run, "f", 1, nil, { kind = "strange" })
      assert(why:find("'strange' is no kind of a metric"), why)
      ok, why = pcall(run.emit, run, "f", "18446744073709551616", nil, { type = "u64" })
      assert(not ok and why:find("2^53, and greater ones as text", 1, true), why)
      run:state("warn", "so so")
      ok, why = pcall(run.state, run, "bad")
      assert(why:find("'bad' is no state", 1, true), why)
    end)")
                  .empty());
  const auto& run = collect(*make("finder"));
  ASSERT_EQ(run.status(), Status::ok) << run.text();
  const auto& samples = run.samples();
  ASSERT_EQ(samples.size(), 6u);
  EXPECT_EQ(samples.value(5).f64, 12);
  EXPECT_EQ(samples.value(0).u64, UINT64_MAX);
  EXPECT_EQ(samples.metric(0).unit, "By");
  EXPECT_EQ(samples.metric(0).kind, metric::Kind::counter);
  EXPECT_EQ(samples.value(1).f64, 1.5);
  EXPECT_EQ(samples.value(2).text, "text");
  EXPECT_EQ(samples.value(3).i64, INT64_MIN);
  EXPECT_EQ(run.health(), metric::Health::warn);
  EXPECT_EQ(run.reason(), "so so");
}

}  // namespace
}  // namespace virgo::script
