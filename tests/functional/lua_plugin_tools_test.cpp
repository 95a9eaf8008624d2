// What authors of Lua plugins have in their hands: `virgo plugin new --lang lua`, `run`,
// `test`, `info` and `list`.
#include <signal.h>

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "functional/commands.hpp"

namespace virgo::functional {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

constexpr const char* kPlugin = R"(local check = virgo.check {
  name = "test.text",
  summary = "Says what it is told",
  params = { path = { type = "text", default = "/etc/test" } },
  needs = { read = { "$path", "/never/read" }, net = { "udp" } },
  metrics = { { name = "test.size", unit = "By", kind = "gauge", type = "i64" } },
}
function check:collect(run)
  local text = assert(virgo.fs.read(self.path))
  assert(virgo.fs.read(self.path))
  run:emit("test.size", #text, { text = text })
  run:state("warn", "as always")
  run:log("said")
end
)";

struct LuaPluginTools : Commands {};

TEST_F(LuaPluginTools, ANewOneRunsAndPassesItsTests) {
  const Ended made = plugin({"new", "acme-queue", "--lang", "lua", "--into", dir.path()});
  ASSERT_EQ(made.code, 0) << made.err;
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(dir.file("acme-queue")))
    names.push_back(file.path().filename());
  EXPECT_THAT(names,
              UnorderedElementsAre("acme_queue.lua", "acme_queue_test.lua", "acme_queue.yaml"));
  const std::string file = dir.file("acme-queue/acme_queue.lua");
  EXPECT_THAT(made.out, HasSubstr("  virgo plugin test " + file + "\n"));
  for (const std::string& name : names)
    EXPECT_THAT(read_file(dir.file("acme-queue/" + name)),
                Not(::testing::ContainsRegex("[Mm][Yy][^ ]?[Pp]lugin")));

  const Ended tested = plugin({"test", file});
  EXPECT_EQ(tested.code, 0) << tested.out << tested.err;
  EXPECT_THAT(tested.out, HasSubstr("\n4 passed, 0 failed\n"));
  const Ended ran = plugin({"run", file, "--once"});
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("acme.queue.load  minutes=15"));
  EXPECT_THAT(ran.out, HasSubstr("\nopened  file /proc/loadavg\nneeds   read /proc/loadavg\n"));

  // The example is a file of conf.d as it is.
  const std::string yaml = written(
      "agent.yaml", "plugins: {lua: [" + dir.file("acme-queue") + "]}\nconf_d: acme-queue\n");
  const Ended checked = virgo({"config", "check", yaml});
  EXPECT_EQ(checked.code, 0) << checked.err;
  EXPECT_EQ(checked.out, "ok: 1 check in 2 files\n");

  EXPECT_EQ(plugin({"new", "acme-disk", "--lang", "lua", "--id", "a.b"}).code, 2);
}

TEST_F(LuaPluginTools, RunShowsWhatItDid) {
  std::filesystem::create_directories(dir.file("over/etc"));
  write_file(dir.file("over/etc/test"), "hello");
  const std::string file = written("text.lua", kPlugin);
  const Ended ended = plugin({"run", file, "--once", "--overlay", dir.file("over")});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, MatchesRegex("run 1: ok, 1 sample in [0-9.]+ ms\n"
                                      "state warn: as always\n"
                                      "METRIC +LABELS +VALUE +UNIT +KIND\n"
                                      "test.size +text=hello +5 +By +gauge\n"
                                      "cpu     [0-9.]+ ms\n"
                                      "memory  [0-9]+ KiB of Lua\n"
                                      "opened  file /etc/test \\(2 times\\)\n"
                                      "needs   read /etc/test\n"
                                      "unused  net udp, read /never/read\n\n"));
  EXPECT_EQ(ended.err, "info: said\n");

  const Ended failed = plugin({"run", file, "--once", "--set", "path=/etc/../etc/passwd"});
  EXPECT_EQ(failed.code, 1);
  EXPECT_THAT(failed.out, HasSubstr("run 1: failed, 0 samples"));

  const Ended json = plugin({"run", file, "--once", "--json", "--overlay", dir.file("over")});
  const auto run = json::parse(json.out);
  ASSERT_TRUE(run.ok()) << json.out;
  EXPECT_EQ(run->find("state")->text, "warn");
  EXPECT_EQ(run->find("needs_unused")->items.size(), 2u);
  EXPECT_EQ(run->find("opened")->items.at(0).find("what")->text, "/etc/test");
  EXPECT_EQ(run->find("log")->items.at(0).find("text")->text, "said");
}

TEST_F(LuaPluginTools, ALookUpCountsAmongWhatIsNeeded) {
  for (const char* need : {"tcp", "dns"}) {
    const std::string file =
        written("look.lua", std::string("local c = virgo.check { name = 'look', summary = 'x', "
                                        "api = 1, undeclared = true, needs = { net = { '") +
                                need +
                                "' } } }\nfunction c:collect(run)\n  run:emit('found', "
                                "#assert(virgo.dns.lookup('127.0.0.1')))\nend\n");
    const Ended ended = plugin({"run", file, "--once"});
    EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
    EXPECT_THAT(ended.out, HasSubstr(std::string("\nneeds   net ") + need + "\n"));
    EXPECT_THAT(ended.out, Not(HasSubstr("unused")));
  }
}

TEST_F(LuaPluginTools, RunSaysWhatIsWrong) {
  const std::string file = written("text.lua", kPlugin);
  const struct {
    std::vector<std::string> arguments;
    std::string said;
  } cases[] = {
      {{"run", dir.file("none.lua")}, "none.lua"},
      {{"run", written("broken.lua", "local = 1\n")}, "broken.lua:1: "},
      {{"run", file, "--set", "pth=/x"}, "did you mean 'path'?"},
      {{"run", file, "--type", "test.txt"}, "did you mean 'test.text'?"},
      {{"run", file, "--step", "--interval", "1s"}, "--step"},
      {{"run", file, "--overlay", dir.file("none")}, "--overlay: there is no folder '"},
      {{"run", test_plugins() + "/test_good.so", "--watch"}, "--watch is for Lua plugins"},
  };
  for (const auto& c : cases) {
    const Ended ended = plugin(c.arguments);
    EXPECT_EQ(ended.code, 2) << ended.out;
    EXPECT_THAT(ended.err, HasSubstr(c.said));
  }
}

TEST_F(LuaPluginTools, ItemsOfAListAreWhatIsDeclared) {
  const std::string file = written("words.lua", R"(local check = virgo.check {
  name = "test.words",
  params = { args = { type = "list", items = "text", default = { "x" } },
             sizes = { type = "map", items = "int" } },
  metrics = { { name = "test.n", type = "i64" } },
}
function check:collect(run)
  for _, word in ipairs(self.args) do run:emit("test.n", #word, { word = word }) end
end
)");
  const Ended ran = plugin({"run", file, "--once", "--set", "args=[0x05, yes, true, 1.50, '7']"});
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  for (const char* word : {"word=0x05", "word=yes", "word=true", "word=1.50", "word=7"})
    EXPECT_THAT(ran.out, HasSubstr(word));
  EXPECT_THAT(plugin({"info", file}).out, HasSubstr("  args       list of text  [\"x\"]"));

  const std::string yaml =
      written("agent.yaml", "plugins: {lua: [" + dir.path() +
                                "]}\nconf_d: \"\"\nchecks:\n  - name: words\n    type: test.words\n"
                                "    params:\n      args: [a, [b]]\n      sizes: {a: 1, b: x}\n");
  const Ended checked = virgo({"config", "check", yaml});
  EXPECT_EQ(checked.code, 2);
  EXPECT_EQ(checked.err, yaml + ":7:17: checks[0].params.args[1]: expected text, found a list\n" +
                             yaml +
                             ":8:24: checks[0].params.sizes.b: expected a whole number, "
                             "found 'x'\n2 problems found\n");
}

TEST_F(LuaPluginTools, RunWatchesTheFile) {
  const auto version = [](const std::string& number) {
    return R"(local check = virgo.check { name = "test.v", metrics = { { name = "v" } } }
function check:collect(run) run:emit("v", )" +
           number + ") end\n";
  };
  const std::string file = written("v.lua", version("11"));
  Process process({virgo_binary(), "plugin", "run", file, "--once", "--watch"}, dir.file("watch"));
  const auto out_has = [&](const char* text) {
    return eventually([&] { return process.out().find(text) != std::string::npos; });
  };
  ASSERT_TRUE(out_has("11  ")) << process.out() << process.err();
  write_file(file, version("nothing("));
  ASSERT_TRUE(eventually([&] { return process.err().find("v.lua:2: ") != std::string::npos; }))
      << process.err();
  write_file(file, version("2222"));
  ASSERT_TRUE(out_has("2222  ")) << process.out() << process.err();
  EXPECT_THAT(process.out(), HasSubstr("--- " + file + " has changed\n"));
  process.signal(SIGINT);
  EXPECT_EQ(process.wait(), 0) << process.err();
}

TEST_F(LuaPluginTools, TestsAreRunAndFailuresHaveTheirPlace) {
  const Ended ended = plugin({"test", source_dir() + "/tests/lua/plugin_test/redis.lua"});
  EXPECT_EQ(ended.code, 1) << ended.err;
  for (const char* text :
       {"ok    counts clients (", "ok    keeps what an instance knows (",
        "ok    a script may be a function (", "ok    a server that says nothing (",
        "ok    is refused (", "skip  skipped (", "      there is no reason\n",
        "FAIL  FAILS: a wrong value (", "redis_test.lua:55: clients: expected 3, got 30\n",
        "        info: asked 127.0.0.1:",
        "redis_test.lua:59: tcp_server: exchange 1: expected \"PING\\r\\n\", got \"INFO "
        "clients\\r\\n\"\n",
        "redis_test.lua:64: --type: it has no check type 'test.radish', did you mean",
        "redis_test.lua:69: attempt to index local 'nothing'",
        "redis_test.lua:73: it was expected to be refused, and is not\n",
        "redis_test.lua:77: no server today\n", "\n5 passed, 6 failed, 1 skipped\n"})
    EXPECT_THAT(ended.out, HasSubstr(text));

  const Ended only =
      plugin({"test", source_dir() + "/tests/lua/plugin_test/redis.lua", "--only", "is refused"});
  EXPECT_EQ(only.code, 0) << only.out << only.err;
  EXPECT_THAT(only.out, HasSubstr("\n1 passed, 0 failed\n"));
}

TEST_F(LuaPluginTools, TestsThatCannotBeRun) {
  const std::string file = written("text.lua", kPlugin);
  const auto said = [&](std::vector<std::string> arguments) {
    const Ended ended = plugin(std::move(arguments));
    EXPECT_EQ(ended.code, 2) << ended.out;
    return ended.err;
  };
  EXPECT_THAT(said({"test", file}), HasSubstr("text_test.lua: No such file"));
  EXPECT_THAT(said({"test", dir.file("text_test.lua")}), HasSubstr("give the plugin's file"));
  written("text_test.lua", "local = 1\n");
  EXPECT_THAT(said({"test", file}), HasSubstr("text_test.lua:1: "));
  written("text_test.lua", "-- nothing\n");
  EXPECT_THAT(said({"test", file}), HasSubstr("has no test"));
  written("text_test.lua", "test('a', function() end)\n");
  EXPECT_THAT(said({"test", file, "--only", "b"}), HasSubstr("has no test with 'b' in its name"));
  EXPECT_THAT(said({"test", file, "--set", "a=b"}), HasSubstr("--set is for native plugins"));
  written("text_test.lua", "test('a')\n");
  EXPECT_THAT(said({"test", file}), HasSubstr("text_test.lua:1: write it as: test("));
}

TEST_F(LuaPluginTools, InfoAndListShowThem) {
  const std::string file = written("text.lua", kPlugin);
  const Ended info = plugin({"info", file});
  EXPECT_EQ(info.code, 0) << info.err;
  EXPECT_THAT(info.out, HasSubstr("\ntest.text: Says what it is told\n"
                                  "  Needs net udp, read $path, read /never/read.\n"));
  EXPECT_THAT(info.out, HasSubstr("\n  test.size  gauge  By    i64\n"));
  EXPECT_EQ(json::parse(plugin({"info", file, "--json"}).out)->find("types")->items.size(), 1u);

  written("text_test.lua", "this is no plugin");
  written("broken.lua", "local = 1\n");
  written("twice.lua", kPlugin);
  write_file(dir.file("agent.yaml"),
             "plugins: {native: [], lua: [" + dir.path() + "]}\nstate: \"\"\nconf_d: \"\"\n");
  const Ended list = plugin({"list", "-c", dir.file("agent.yaml")});
  EXPECT_EQ(list.code, 0) << list.err;
  EXPECT_THAT(list.out, HasSubstr("Lua  test.text  ok\n"));
  EXPECT_THAT(list.out, HasSubstr("refused: broken.lua:1: "));
  EXPECT_THAT(list.out, HasSubstr("'test.text' is already provided by " + file));
  EXPECT_THAT(list.out, Not(HasSubstr("text_test.lua")));
}

}  // namespace
}  // namespace virgo::functional
