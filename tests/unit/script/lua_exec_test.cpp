// virgo.exec in Lua checks, with real programs.
#include <gmock/gmock.h>
#include <signal.h>

#include <filesystem>
#include <fstream>

#include "children.hpp"
#include "lua_checks.hpp"
#include "unit/plugins/dead_mount.hpp"
#include "uv/process_spawn.hpp"

namespace virgo::script {
namespace {

class LuaExecTest : public LuaCheckTest {
 protected:
  void TearDown() override {
    checks_.clear();
    run_until_at_most(0);
    EXPECT_EQ(uv::live_children(), 0u);
    EXPECT_TRUE(proc::children_of(getpid()).empty());
    LuaCheckTest::TearDown();
  }
  // As long as more children live.
  void run_until_at_most(std::size_t children) {
    const TimePoint late = system_clock().now() + std::chrono::seconds(20);
    uv::Timer pulse(loop_, [] {});
    pulse.start(milliseconds(1), milliseconds(1));
    while ((uv::live_children() > children || uv::spawn_in_progress()) &&
           system_clock().now() < late)
      loop_.run_once(true);
  }
  void expect_ok(const std::string& body) {
    const auto& run = run_body(body);
    EXPECT_EQ(run.status(), Status::ok) << run.text() << "\n" << body;
  }
  // "STATUS text" of a run with this body.
  std::string verdict(const std::string& body, Duration timeout = std::chrono::seconds(10)) {
    const auto& run = run_body(body, timeout);
    return std::string(metric::status_name(run.status())) + " " + run.text();
  }
};

TEST_F(LuaExecTest, GivesWhatAProgramLeavesBehind) {
  expect_ok(R"(
    local r = assert(virgo.exec{"/bin/sh", "-c", "echo out; echo err >&2; exit 3"})
    assert(r.code == 3 and r.signal == nil, r.code)
    assert(r.stdout == "out\n" and r.stderr == "err\n")
    assert(r.truncated == false and r.left_behind == false)
    assert(r.seconds > 0 and r.seconds < 60))");
  expect_ok(R"(
    local r = assert(virgo.exec{"/bin/sh", "-c", "kill -9 $$"})
    assert(r.code == nil and r.signal == "SIGKILL"))");
  expect_ok(R"(
    local r = assert(virgo.exec{"/usr/bin/printf", "%s|", "a b", 12, "$HOME"})
    assert(r.stdout == "a b|12|$HOME|", r.stdout))");
}

TEST_F(LuaExecTest, TakesItsOptions) {
  expect_ok(R"(
    local r = assert(virgo.exec{"/bin/cat", stdin = "in\0put"})
    assert(r.stdout == "in\0put"))");
  expect_ok(R"(
    local r = assert(virgo.exec{"/bin/pwd", cwd = "/usr"})
    assert(r.stdout == "/usr\n"))");
  expect_ok(R"(
    local r = assert(virgo.exec{"/bin/sh", "-c", "echo 12345; echo 1234 >&2", max_output = 4})
    assert(r.stdout == "1234" and r.stderr == "1234" and r.truncated))");
  expect_ok(R"(
    local r = assert(virgo.exec{"/bin/sh", "-c", "printf 1234", max_output = 4})
    assert(r.stdout == "1234" and not r.truncated))");
}

TEST_F(LuaExecTest, TheEnvironmentIsItsOwn) {
  setenv("VIRGO_TEST_SECRET", "x", 1);
  setenv("TZ", "UTC", 1);
  expect_ok(R"(
    local r = assert(virgo.exec{"/usr/bin/env", env = {A = "1", TMPDIR = "/nowhere", N = 5}})
    assert(not r.stdout:find("SECRET"), r.stdout)
    assert(r.stdout:find("LC_ALL=C.UTF-8\n", 1, true), r.stdout)
    assert(r.stdout:find("TZ=UTC\n", 1, true))
    assert(r.stdout:find("A=1\n", 1, true) and r.stdout:find("N=5\n", 1, true))
    assert(select(2, r.stdout:gsub("TMPDIR=", "")) == 1)
    assert(r.stdout:find("TMPDIR=/nowhere\n", 1, true)))");
  unsetenv("VIRGO_TEST_SECRET");
}

TEST_F(LuaExecTest, WhatCannotBeStartedIsAFailureThatSaysWhy) {
  EXPECT_EQ(verdict("return virgo.exec{'/nowhere/x'}"),
            "failed /nowhere/x: No such file or directory");
  EXPECT_EQ(verdict("return virgo.exec{'/usr'}"), "failed /usr is a folder, not a program");
  EXPECT_EQ(verdict("return virgo.exec{'/bin/true', 'a\\0b'}"),
            "failed /bin/true: an argument with a NUL byte in it");
  expect_ok(
      "local r, err = virgo.exec{'/nowhere/x'}; assert(not r and err.status == 'failed' and "
      "err.code == 'not_found')");
}

TEST_F(LuaExecTest, MisuseIsAnErrorOfTheScript) {
  const std::pair<const char*, const char*> kCases[] = {
      {"virgo.exec{}", "virgo.exec: no program"},
      {"virgo.exec('/bin/true')", "table expected"},
      {"virgo.exec{'/bin/true', true}", "argument 1 is a boolean, not a text"},
      {"virgo.exec{'/bin/true', [-1] = 'x'}", "without gaps"},
      {"virgo.exec{'/bin/true', tiemout = 1}", "no option 'tiemout'"},
      {"virgo.exec{'/bin/true', timeout = 0}", "timeout is a number from 0.001 to 86400"},
      {"virgo.exec{'/bin/true', max_output = 2^40}", "max_output is a number from 0 to"},
      {"virgo.exec{'/bin/true', env = 'A=1'}", "env is a table of names and texts"},
      {"virgo.exec{'/bin/true', env = {'A=1'}}", "env is a table of names and texts"},
      {"virgo.exec{'/bin/true', env = {['A=B'] = {}}}", "env is a table of names and texts"},
      {"virgo.exec{'/bin/true', stdin = {}}", "stdin is a text"},
      {"virgo.exec{'bin/true'}", "not a plain absolute path"},
      {"virgo.exec{'/bin/../bin/true'}", "not a plain absolute path"},
      {"('x'):gsub('x', function() virgo.exec{'/bin/true'} end)", "virgo.exec"},
  };
  for (const auto& [body, part] : kCases)
    EXPECT_THAT(verdict(body), ::testing::HasSubstr(part)) << body;
}

TEST_F(LuaExecTest, WhatIsNotDeclaredIsRefused) {
  load(R"(local c = virgo.check { name = "none", metrics = {{ name = 'v' }} }
          function c:collect(run) virgo.exec{"/bin/true"} end
          local d = virgo.check { name = "param", metrics = {{ name = 'v' }}, params = { command = { type = "list" } },
                                  needs = { exec = {"$command"} } }
          function d:collect(run)
            assert(virgo.exec(self.command).code == 0)
            virgo.exec{"/bin/false"}
          end)");
  check::Check* check = make("none");
  ASSERT_NE(check, nullptr);
  EXPECT_THAT(collect(*check).text(),
              ::testing::HasSubstr("/bin/true is not among the needs of this check; add needs = { "
                                   "exec = {\"/bin/true\"} } to virgo.check"));
  config::Node command = scalar("");
  command.kind = config::NodeKind::sequence;
  command.items = {scalar("/bin/true"), scalar("/bin/false")};
  check = make("param", {{"command", command}});
  ASSERT_NE(check, nullptr);
  EXPECT_THAT(collect(*check).text(), ::testing::HasSubstr("/bin/false is not among the needs"));
}

TEST_F(LuaExecTest, AtItsTimeoutTheProgramIsStopped) {
  expect_ok(R"(
    local r, err = virgo.exec{"/bin/sleep", "1000", timeout = 0.5}
    assert(r == nil and err.status == "timeout")
    assert(err.message == "/bin/sleep: still ran after 500ms", err.message))");
}

TEST_F(LuaExecTest, AtTheDeadlineOfTheRunItIsStopped) {
  const auto& run = run_body("virgo.exec{'/bin/sleep', '1000'}", milliseconds(200));
  EXPECT_EQ(run.status(), Status::timeout);
  EXPECT_THAT(run.text(), ::testing::HasSubstr("was waiting in virgo.exec of /bin/sleep at body1"));
}

TEST_F(LuaExecTest, SeveralRunAtOnce) {
  expect_ok(R"(
    local begun = virgo.now()
    local all = {}
    for i = 1, 16 do
      all[i] = function() return virgo.exec{"/bin/sh", "-c", "echo " .. i} end
    end
    for i, r in ipairs(virgo.parallel(all)) do
      assert(r.ok, r.error)
      assert(r.value.stdout == i .. "\n")
    end)");
}

TEST_F(LuaExecTest, AFloodOfProgramsIsRefused) {
  expect_ok(R"(
    local all = {}
    for i = 1, 60 do all[i] = function() return virgo.exec{"/bin/sleep", "1000"} end end
    local refused = 0
    for _, r in ipairs(virgo.parallel(all, {timeout = 0.3})) do
      if not r.ok and tostring(r.error):find("16 programs that this file has started still run") then
        refused = refused + 1
      end
    end
    assert(refused == 60 - 16, refused))");
}

// They count until they are gone, also when the run that started them is over.
TEST_F(LuaExecTest, WhoDoesNotEndKeepsItsPlace) {
  load(
      "local c = virgo.check { name = 'deaf', metrics = {{ name = 'v' }}, "
      "needs = { exec = {'/bin/sh'} } }\n"
      "function c:collect(run)\n"
      "  local script = [[trap '' TERM; : > " +
      folder_ +
      "/up.$$; while :; do sleep 1; done]]\n"
      "  local all = {}\n"
      "  for i = 1, 16 do all[i] = function() virgo.exec{'/bin/sh', '-c', script} end end\n"
      "  virgo.parallel(all)\n"
      "end\n"
      "local d = virgo.check { name = 'next', metrics = {{ name = 'v' }}, "
      "needs = { exec = {'/bin/true'} } }\n"
      "function d:collect(run) assert(virgo.exec{'/bin/true'}) end");
  check::Check* deaf = make("deaf");
  check::Check* next = make("next");
  ASSERT_TRUE(deaf != nullptr && next != nullptr);
  RecordedRun& run = start(*deaf);
  const auto up = [this] {
    std::size_t n = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_))
      n += entry.path().filename().string().starts_with("up.") ? 1 : 0;
    return n;
  };
  const TimePoint late = system_clock().now() + std::chrono::seconds(20);
  {
    uv::Timer pulse(loop_, [] {});
    pulse.start(milliseconds(1), milliseconds(1));
    while (up() < 16 && system_clock().now() < late) loop_.run_once(true);
  }
  deaf->cancel(run);
  EXPECT_TRUE(run.finished());
  // That a program was started may be heard only now.
  std::string refusal;
  do {
    loop_.run_once(false);
    refusal = collect(*next).text();
  } while (refusal.find("could not be started") != std::string::npos &&
           system_clock().now() < late);
  EXPECT_THAT(refusal, ::testing::HasSubstr("16 programs that this file has started still run"));
  run_until_at_most(15);
  EXPECT_EQ(collect(*next).status(), Status::ok);
}

TEST_F(LuaExecTest, AllFilesTogetherHaveALimit) {
  const std::string body =
      "function c:collect(run)\n"
      "  local all = {}\n"
      "  for i = 1, 16 do\n"
      "    all[i] = function() assert(virgo.exec{'/bin/sleep', '1000'}) end\n"
      "  end\n"
      "  virgo.parallel(all)\nend";
  std::vector<std::pair<check::Check*, RecordedRun*>> open;
  for (int i = 0; i < 8; ++i) {
    const std::string name = "crowd" + std::to_string(i);
    load("local c = virgo.check { name = '" + name +
             "', metrics = {{ name = 'v' }}, needs = { exec = {'/bin/sleep'} } }\n" + body,
         name + ".lua");
    check::Check* check = make(name);
    ASSERT_NE(check, nullptr);
    open.emplace_back(check, &start(*check));
  }
  {
    uv::Timer pulse(loop_, [] {});
    pulse.start(milliseconds(1), milliseconds(1));
    while (uv::live_children() < 128) loop_.run_once(true);
  }
  EXPECT_THAT(verdict("virgo.exec{'/bin/true'}"),
              ::testing::HasSubstr("128 programs of the agent's checks still run"));
  open[0].first->cancel(*open[0].second);
  run_until_at_most(127);
  EXPECT_THAT(verdict("virgo.exec{'/bin/true'}"), ::testing::StartsWith("ok"));
  for (std::size_t i = 1; i < open.size(); ++i) open[i].first->cancel(*open[i].second);
}

// The file of the program cannot be reached: neither the loop nor the next run hangs.
TEST_F(LuaExecTest, AProgramOnADeadMountHoldsNothingUp) {
  if (const std::string why = native::own_mounts(); !why.empty()) GTEST_SKIP() << why;
  native::DeadMount dead(folder_ + "/dead");
  if (!dead.problem().empty()) GTEST_SKIP() << dead.problem();
  load(
      "local c = virgo.check { name = 'dead', metrics = {{ name = 'v' }}, "
      "needs = { exec = {'/'} } }\n"
      "function c:collect(run)\n"
      "  if run.number > 1 then assert(virgo.exec{'/bin/true'}) end\n"
      "  assert(virgo.exec{'" +
      folder_ + "/dead/x', timeout = run.number > 1 and 0.1 or nil})\nend");
  check::Check* check = make("dead");
  ASSERT_NE(check, nullptr);
  EXPECT_EQ(collect(*check, milliseconds(200)).status(), Status::timeout);
  for (int i = 0; i < 3; ++i)
    EXPECT_THAT(collect(*check).text(), ::testing::HasSubstr("could not even be started after"));
  EXPECT_THAT(collect(*check).text(),
              ::testing::HasSubstr("are their files on a mount that hangs?"));
  dead.hang_up();
  const auto& run = [&]() -> RecordedRun& {
    for (;;) {
      RecordedRun& last = collect(*check);
      if (last.text().find("mount that hangs") == std::string::npos) return last;
      loop_.run_once(true);
    }
  }();
  EXPECT_THAT(run.text(), ::testing::HasSubstr("Transport endpoint is not connected"));
}

TEST_F(LuaExecTest, HostileProgramsAreBoundedAndNamed) {
  // Floods its output.
  expect_ok(R"(
    local r, err = virgo.exec{"/usr/bin/yes", timeout = 0.2, max_output = 1000}
    assert(err.message == "/usr/bin/yes: still ran after 200ms", err.message))");
  // Ends and leaves a daemon that holds its output.
  expect_ok(R"(
    local r = assert(virgo.exec{"/bin/sh", "-c", "setsid sleep 3 & exit 0"})
    assert(r.code == 0 and r.left_behind))");
  // Closes its output and hangs.
  expect_ok(R"(
    local r, err = virgo.exec{"/bin/sh", "-c", "exec >&- 2>&-; exec sleep 1000", timeout = 0.2}
    assert(err.status == "timeout"))");
  // Forks until it cannot any more, all in its group.
  expect_ok(R"(
    local r, err = virgo.exec{"/bin/sh", "-c",
      "ulimit -u 50 2>/dev/null; i=0; while [ $i -lt 40 ]; do sleep 1000 & i=$((i+1)); done; wait",
      timeout = 0.5}
    assert(err.status == "timeout"))");
}

TEST_F(LuaExecTest, AStateThatBreaksItsBudgetTakesItsProgramsWithIt) {
  const auto& run = run_body(R"(
    virgo.parallel{
      function() virgo.exec{"/bin/sleep", "1000"} end,
      function() virgo.sleep(0.05); while true do end end,
    })");
  EXPECT_EQ(run.status(), Status::limit);
}

TEST_F(LuaExecTest, HundredsOfRunsLeaveNoZombie) {
  const auto errors = load(
      R"(local c = virgo.check { name = "many", metrics = {{ name = 'v' }}, needs = { exec = {"/bin/sh", "/nowhere/x"} } }
          function c:collect(run)
            local script = ({"exit 0", "kill -9 $$", "sleep 1000 & exit 1", "exec sleep 1000",
                             "trap '' TERM; sleep 1000; sleep 1000"})[run.number % 5 + 1]
            virgo.exec{"/nowhere/x"}
            virgo.exec{"/bin/sh", "-c", script, timeout = run.number % 2 == 0 and 0.01 or nil}
          end)");
  ASSERT_TRUE(errors.empty()) << errors.front().message;
  check::Check* check = make("many");
  ASSERT_NE(check, nullptr);
  std::size_t refused = 0;
  for (int i = 0; i < 200; ++i) {
    const auto& run = collect(*check, milliseconds(15));
    if (run.text().find("16 programs") != std::string::npos) {
      ++refused;  // those that do not listen have a second each
      run_until_at_most(8);
    }
  }
  EXPECT_LT(refused, 100u);
}

}  // namespace
}  // namespace virgo::script
