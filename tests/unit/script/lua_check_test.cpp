// What a Lua check can say and do, and how its runs end.
#include "lua_checks.hpp"

namespace virgo::script {
namespace {

TEST_F(LuaCheckTest, EmitsWhatItDeclared) {
  ASSERT_TRUE(load(R"(
    local check = virgo.check {
      name = "acme.queue", summary = "Length of a queue",
      params = { size = { type = "size", default = "2KiB", help = "of a message" } },
      metrics = {
        { name = "acme.length", unit = "{message}", kind = "gauge", type = "i64" },
        { name = "acme.done", unit = "1", kind = "counter", type = "u64" },
        { name = "acme.mode", kind = "state", type = "text", help = "what it is doing" },
      },
    }
    function check:collect(run)
      run:emit("acme.length", 3, { queue = "in", n = 7, urgent = true })
      run:emit("acme.done", 12)
      run:emit("acme.mode", "idle")
      run:explain("all is well, run " .. run.number)
      assert(self.size == 2048 and run:time_left() > 1)
    end
    return check)")
                  .empty());
  const auto* type = registry_.find("acme.queue");
  ASSERT_NE(type, nullptr);
  EXPECT_STREQ(type->runtime(), "lua");
  EXPECT_EQ(type->summary(), "Length of a queue");
  EXPECT_EQ(type->origin(), folder_ + "/test.lua");
  ASSERT_EQ(type->params().size(), 1u);
  EXPECT_EQ(type->params()[0].fallback, "2KiB");
  ASSERT_EQ(type->metrics().size(), 3u);
  EXPECT_EQ(type->metrics()[1].kind, metric::Kind::counter);

  const auto& run = collect(*make("acme.queue"));
  EXPECT_EQ(run.status(), Status::ok) << run.text();
  EXPECT_EQ(run.text(), "all is well, run 1");
  ASSERT_EQ(run.samples().size(), 3u);
  EXPECT_EQ(run.samples().value(0).i64, 3);
  ASSERT_EQ(run.samples().label_count(0), 3u);
  EXPECT_EQ(run.samples().label(0, 0).key, "n");
  EXPECT_EQ(run.samples().label(0, 0).value, "7");
  EXPECT_EQ(run.samples().label(0, 1).value, "in");
  EXPECT_EQ(run.samples().label(0, 2).value, "true");
  EXPECT_EQ(run.samples().value(1).u64, 12u);
  EXPECT_EQ(run.samples().value(2).text, "idle");
}

TEST_F(LuaCheckTest, ParametersArriveTyped) {
  ASSERT_TRUE(load(R"(
    local check = virgo.check {
      name = "typed", metrics = { { name = "v" } },
      params = {
        flag = { type = "bool", default = false }, count = { type = "int" },
        ratio = { type = "number", default = 0.5 }, word = { type = "text", default = "x y" },
        wait = { type = "duration", default = "1m" }, brief = { type = "duration", default = 0.25 },
        room = { type = "size" }, names = { type = "list", default = { "a", "b" } },
        map = { type = "map", default = {} }, nothing = { type = "text" },
      },
    }
    function check:collect()
      assert(self.flag == true and self.count == 16 and self.ratio == 0.5 and self.word == "x y")
      assert(self.wait == 1.5 and self.brief == 0.25 and self.room == 65536 and self.nothing == nil)
      assert(#self.names == 2 and self.names[2] == "b" and next(self.map) == nil)
      self.names[3] = "mine"
    end)")
                  .empty());
  check::Check* first = make("typed", {{"flag", scalar("true")},
                                       {"count", scalar("0x10")},
                                       {"wait", scalar("1500ms")},
                                       {"room", scalar("64KiB")}});
  check::Check* second = make("typed", {{"flag", scalar("true")},
                                        {"count", scalar("16")},
                                        {"wait", scalar("1.5s")},
                                        {"room", scalar("65536")}});
  ASSERT_TRUE(first != nullptr && second != nullptr);
  EXPECT_EQ(collect(*first).status(), Status::ok) << runs_.back()->text();
  // A default that is a table is not shared between instances.
  EXPECT_EQ(collect(*second).status(), Status::ok) << runs_.back()->text();
}

TEST_F(LuaCheckTest, ItemsArriveTyped) {
  ASSERT_TRUE(load(R"(
    local check = virgo.check {
      name = "items", metrics = { { name = "v" } },
      params = { words = { type = "list", items = "text" }, free = { type = "list" },
                 flags = { type = "map", items = "bool", default = { a = true } },
                 numbers = { type = "list", items = "int", default = { 1, 2 } } },
    }
    function check:collect()
      local w = self.words
      assert(#w == 3 and w[1] == "5" and w[2] == "true" and w[3] == "1e3")
      assert(self.free[1] == 5 and self.free[2] == true and self.free[3] == 1000)
      assert(self.flags.a == true and self.numbers[2] == 2)
    end)")
                  .empty());
  config::Node list;
  list.kind = config::NodeKind::sequence;
  list.items = {scalar("5"), scalar("true"), scalar("1e3")};
  check::Check* check = make("items", {{"words", list}, {"free", list}});
  ASSERT_NE(check, nullptr);
  EXPECT_EQ(collect(*check).status(), Status::ok) << runs_.back()->text();
  EXPECT_EQ(make("items", {{"numbers", list}}), nullptr);
}

TEST_F(LuaCheckTest, ConfigureRefusesAParameterWhereItStands) {
  ASSERT_TRUE(load(R"(
    local check = virgo.check {
      name = "picky", params = { port = { type = "int" } }, metrics = { { name = "v" } },
    }
    function check:configure()
      if self.port == 1 then error { param = "port", message = "must not be 1" } end
      if self.port == 2 then error("two") end
      if self.port == 3 then return nil, "three" end
    end
    function check:collect() end)")
                  .empty());
  EXPECT_EQ(make("picky", {{"port", scalar("1", 9)}}), nullptr);
  ASSERT_EQ(problems_.size(), 1u);
  EXPECT_EQ(config::to_string(problems_[0]),
            "agent.yaml:9:3: checks[0].params.port: must not be 1");
  EXPECT_EQ(make("picky", {{"port", scalar("2")}}), nullptr);
  EXPECT_EQ(config::to_string(problems_[0]), "agent.yaml:1:3: checks[0].params: test.lua:7: two");
  EXPECT_EQ(make("picky", {{"port", scalar("3")}}), nullptr);
  EXPECT_EQ(problems_[0].text, "three");
  EXPECT_NE(make("picky", {{"port", scalar("4")}}), nullptr);
}

TEST_F(LuaCheckTest, ErrorsAreFailedRunsWithTheirLine) {
  EXPECT_EQ(run_body("\nerror('no luck')").text(), "body1.lua:4: no luck");
  EXPECT_EQ(runs_.back()->status(), Status::failed);
  EXPECT_EQ(run_body("error('bare', 0)").text(), "body2.lua:3: bare");
  EXPECT_EQ(run_body("local x = nil\nreturn x.y").text(),
            "body3.lua:4: attempt to index local 'x' (a nil value)");
  EXPECT_EQ(run_body("return nil, 'said so'").text(), "said so");
  EXPECT_EQ(runs_.back()->status(), Status::failed);
}

TEST_F(LuaCheckTest, AnErrorTableChoosesTheStatus) {
  const std::pair<const char*, Status> cases[] = {
      {"failed", Status::failed},           {"invalid", Status::invalid},
      {"unsupported", Status::unsupported}, {"unreachable", Status::unreachable},
      {"timeout", Status::timeout},         {"ok", Status::failed},
      {"quarantined", Status::failed}};
  for (const auto& [word, status] : cases) {
    const auto& run =
        run_body("error { status = '" + std::string(word) + "', message = 'because' }");
    EXPECT_EQ(run.status(), status) << word;
    EXPECT_EQ(run.text(), "because");
  }
  EXPECT_EQ(run_body("return false, { status = 'unreachable', message = 'm' }").status(),
            Status::unreachable);
}

TEST_F(LuaCheckTest, MisuseOfEmitIsAnErrorThatSaysWhat) {
  const std::pair<const char*, const char*> cases[] = {
      {"run:emit('w', 1)", "metric 'w' is not declared"},
      {"run:emit('v')", "number expected, got no value"},
      {"run:emit('v', {})", "number expected, got table"},
      {"run:emit('v', 1, 'x')", "table expected, got string"},
      {"run:emit('v', 1, { 'x' })", "the keys of labels are texts"},
      {"run:emit('v', 1, { x = {} })", "label 'x' is a table"},
      {"run.emit('v', 1)", "write it with a colon"},
      {"run:emmit('v', 1)", "run has no 'emmit'"},
      {"run:explain()", "string expected, got no value"},
      {"virgo.tcp.connect('h', 0)", "a port is a whole number"},
      {"virgo.tcp.connect('h', 1.5)", "a port is a whole number"},
      {"virgo.sleep(-1)", "seconds, from 0 to 86400"},
      {"virgo.sleep('soon')", "number expected, got string"},
      {"virgo.fs.read('/x', 0)", "a quarter of limits.lua_memory"},
      {"virgo.fs.read('/x', 1e9)", "a quarter of limits.lua_memory"},
  };
  for (const auto& [body, message] : cases) {
    const auto& run = run_body(body);
    EXPECT_EQ(run.status(), Status::failed) << body;
    EXPECT_NE(run.text().find(message), std::string::npos) << body << " -> " << run.text();
    EXPECT_NE(run.text().find(".lua:3: "), std::string::npos) << run.text();
  }
}

TEST_F(LuaCheckTest, WholeNumbersAreHeldToTheirType) {
  ASSERT_TRUE(load(R"(
    local check = virgo.check { name = "whole", params = { v = { type = "number" } },
      metrics = { { name = "u", type = "u64" }, { name = "i", type = "i64" } } }
    function check:collect(run) run:emit("u", self.v) run:emit("i", self.v) end)")
                  .empty());
  for (const char* bad : {"-1", "0.5", "1e300", ".nan", ".inf"}) {
    const auto& run = collect(*make("whole", {{"v", scalar(bad)}}));
    EXPECT_EQ(run.status(), Status::failed) << bad;
    EXPECT_NE(run.text().find("'u' is declared as u64"), std::string::npos) << run.text();
  }
  EXPECT_EQ(collect(*make("whole", {{"v", scalar("9007199254740992")}})).status(), Status::ok);
}

TEST_F(LuaCheckTest, SleepsWithoutHoldingTheLoop) {
  ASSERT_TRUE(load(R"(
    local check = virgo.check { name = "sleeper", metrics = { { name = "v" } } }
    function check:collect(run)
      local begun = virgo.now()
      virgo.sleep(0.03)
      run:emit("v", virgo.now() - begun)
    end)")
                  .empty());
  std::vector<RecordedRun*> runs;
  for (int i = 0; i < 20; ++i) runs.push_back(&start(*make("sleeper")));
  for (std::size_t i = 0; i < runs.size(); ++i) {
    settle(*checks_[i], *runs[i]);
    EXPECT_EQ(runs[i]->status(), Status::ok) << runs[i]->text();
    EXPECT_GE(runs[i]->samples().value(0).f64, 0.029);
  }
}

TEST_F(LuaCheckTest, TheDeadlineSaysWhatItWaitedIn) {
  const auto& run = run_body("run:emit('v', 1)\nvirgo.sleep(60)", milliseconds(20));
  EXPECT_EQ(run.status(), Status::timeout);
  EXPECT_EQ(run.text(), "no answer by the deadline; was waiting in virgo.sleep(60) at body1.lua:4");
  EXPECT_EQ(run.samples().size(), 1u);
  const auto& nested =
      run_body("coroutine.wrap(function()\n virgo.sleep(60) end)()", milliseconds(20));
  EXPECT_NE(nested.text().find("at body2.lua:4"), std::string::npos) << nested.text();
}

TEST_F(LuaCheckTest, ARunCanBeStoppedBeforeItsDeadlineAndAbandoned) {
  ASSERT_TRUE(load("local check = virgo.check { name = 'slow', metrics = { { name = 'v' } } }\n"
                   "function check:collect() virgo.sleep(60) end")
                  .empty());
  check::Check* check = make("slow");
  RecordedRun& stopped = start(*check);
  check->cancel(stopped);
  EXPECT_EQ(stopped.status(), Status::cancelled);
  EXPECT_NE(stopped.text().find("stopped by the agent"), std::string::npos);
  RecordedRun& abandoned = start(*check);
  check->abandon(abandoned);
  EXPECT_FALSE(abandoned.finished());
  EXPECT_EQ(collect(*check, milliseconds(10)).status(), Status::timeout);
}

TEST_F(LuaCheckTest, StateBetweenRunsBelongsToTheInstance) {
  ASSERT_TRUE(load(R"(
    local check = virgo.check { name = "counting", metrics = { { name = "v" } } }
    function check:collect(run) self.n = (self.n or 0) + 1 run:emit("v", self.n) end)")
                  .empty());
  check::Check* one = make("counting");
  check::Check* two = make("counting");
  collect(*one);
  EXPECT_EQ(collect(*one).samples().value(0).f64, 2);
  EXPECT_EQ(collect(*two).samples().value(0).f64, 1);
}

TEST_F(LuaCheckTest, LogsUnderItsNameAndNotTooMuch) {
  run_body("virgo.log.warn('look') print('a', 1, nil) virgo.log.debug('not now')");
  ASSERT_EQ(log_.size(), 2u);
  EXPECT_EQ(log_[0], "check 'body1_instance': look");
  EXPECT_EQ(log_[1], "check 'body1_instance': a\t1\tnil");
  log_.clear();
  limits_.lua_log_lines = 20;
  run_body("for i = 1, 1000 do virgo.log.error('line ' .. i) end");
  EXPECT_GE(log_.size(), 10u);
  EXPECT_LE(log_.size(), 25u);
}

TEST_F(LuaCheckTest, JsonIsThere) {
  const auto& run = run_body("run:emit('v', virgo.json.decode('{\"a\": [1, 2.5]}').a[2])");
  EXPECT_EQ(run.status(), Status::ok) << run.text();
  EXPECT_EQ(run.samples().value(0).f64, 2.5);
}

}  // namespace
}  // namespace virgo::script
