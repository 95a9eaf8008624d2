// The prompt of `virgo lua`, on a terminal of its own.
#include <sys/stat.h>

#include <fstream>

#include <gtest/gtest.h>

#include "functional/on_terminal.hpp"
#include "functional/world.hpp"

namespace virgo::functional {
namespace {

class Repl : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!have_terminals()) GTEST_SKIP() << "no pseudo-terminals here (/dev/pts)";
    start();
  }
  void start(const OnTerminal::Environment& more = {}) {
    OnTerminal::Environment environment{
        {"HOME", home_.path()}, {"XDG_STATE_HOME", ""}, {"NO_COLOR", "1"}};
    environment.insert(environment.end(), more.begin(), more.end());
    seen_ = 0;
    repl_ =
        std::make_unique<OnTerminal>(std::vector<std::string>{virgo_binary(), "lua"}, environment);
  }
  // What is shown from the end of what was waited for last up to `text`, with it.
  bool sees(const std::string& text) {
    const bool found = repl_->until([&] {
      const std::size_t at = repl_->screen().find(text, seen_);
      if (at == std::string::npos) return false;
      seen_ = at + text.size();
      return true;
    });
    EXPECT_TRUE(found) << "no '" << text << "' in:\n" << repl_->screen();
    return found;
  }
  bool prompt() { return sees("\x1b[?2004h\r> "); }
  // Types a line at the prompt, waits for a text and the next prompt.
  void line(const std::string& typed, const std::string& shown) {
    repl_->type(typed + "\r");
    ASSERT_TRUE(sees("\x1b[?2004l"));  // the line was taken
    ASSERT_TRUE(sees(shown));
    ASSERT_TRUE(prompt());
  }
  void leave() {
    repl_->type("\x04");
    EXPECT_EQ(repl_->wait(), 0) << repl_->screen();
  }
  std::string history() const { return read_file(home_.file(".virgo_lua_history")); }

  TempDir home_;
  std::unique_ptr<OnTerminal> repl_;
  std::size_t seen_ = 0;
};

TEST_F(Repl, ValuesArePrinted) {
  ASSERT_TRUE(prompt());
  line("1 + 1", "2");
  line("=_ * 21", "42");
  line("x, y = 3, 'a'", "");
  line("=x, y", "3, ");
  line("print(x)", "3");
  leave();
}

TEST_F(Repl, AProgramMayTakeSeveralLines) {
  ASSERT_TRUE(prompt());
  repl_->type("for i = 1, 2 do\r");
  ASSERT_TRUE(sees(">> "));
  repl_->type("print('round ' .. i)\r");
  ASSERT_TRUE(sees(">> "));
  line("end", "round 2");
  repl_->type("if true then\r");
  ASSERT_TRUE(sees(">> "));
  repl_->type("\x03");  // gives up what was begun
  ASSERT_TRUE(prompt());
  line("7 * 6", "42");
  leave();
}

TEST_F(Repl, ErrorsAreShownAndEndNothing) {
  ASSERT_TRUE(prompt());
  line("local function f() error('boom') end f()",
       "stack traceback:\r\n\t[C]: in function 'error'");
  line("x = = 1", "unexpected symbol near '='");
  line("uv.new_timer():start(0, 0, function() error('late') end)", "Uncaught: repl:1: late");
  leave();
}

TEST_F(Repl, WhatYieldsIsWaitedFor) {
  ASSERT_TRUE(prompt());
  line("t = uv.new_timer(); co = coroutine.running()", "");
  line(
      "co = coroutine.running(); t:start(20, 0, function() t:close() coroutine.resume(co, 'woken') "
      "end) return coroutine.yield()",
      "woken");
  leave();
}

TEST_F(Repl, CtrlCEndsWhatRuns) {
  ASSERT_TRUE(prompt());
  for (const char* endless : {"coroutine.yield()", "while true do end",
                              "while true do pcall(error) end", "repeat until false"}) {
    repl_->type(std::string(endless) + "\r");
    ASSERT_TRUE(sees("\x1b[?2004l"));
    ASSERT_TRUE(repl_->until([&] { return repl_->is_cooked(); }));
    repl_->type("\x03");
    ASSERT_TRUE(sees("interrupted")) << endless;
    ASSERT_TRUE(prompt()) << endless;
  }
  leave();
}

TEST_F(Repl, NamesAreCompleted) {
  ASSERT_TRUE(prompt());
  repl_->type("stri\t");
  ASSERT_TRUE(sees("> string"));
  repl_->type(".for\t");
  ASSERT_TRUE(sees("> string.format"));
  repl_->type("\x15require('readl\t");
  ASSERT_TRUE(sees("> require('readline"));
  repl_->type("\x15uv.new_ti\t():st\t");
  ASSERT_TRUE(sees("> uv.new_timer():st"));
  repl_->type("\x15s = 'text'\r");
  ASSERT_TRUE(prompt());
  repl_->type("s:forma\t");
  ASSERT_TRUE(sees("> s:format"));
  repl_->type("\x15");
  ASSERT_TRUE(sees("> "));
  leave();
}

TEST_F(Repl, TheHistoryIsKept) {
  ASSERT_TRUE(prompt());
  line("first = 1", "");
  line("second = 2", "");
  leave();
  EXPECT_EQ(history(), "first = 1\nsecond = 2\n");
  struct stat info {};
  ASSERT_EQ(stat(home_.file(".virgo_lua_history").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  start();
  ASSERT_TRUE(prompt());
  repl_->type("\x1b[A\x1b[A");
  ASSERT_TRUE(sees("> first = 1"));
  repl_->type("\r");
  ASSERT_TRUE(prompt());
  repl_->type("process:exit(3)\r");
  EXPECT_EQ(repl_->wait(), 3);
  // An exit that was typed keeps the history as well.
  EXPECT_EQ(history(), "first = 1\nsecond = 2\nfirst = 1\nprocess:exit(3)\n");
}

TEST_F(Repl, TheHistoryIsBounded) {
  ASSERT_TRUE(prompt());
  leave();
  std::ofstream file(home_.file(".virgo_lua_history"));
  for (int i = 0; i < 5000; ++i) file << "line " << i << "\n";
  file.close();
  start();
  ASSERT_TRUE(prompt());
  line("'last'", "last");
  leave();
  const std::string kept = history();
  EXPECT_EQ(std::count(kept.begin(), kept.end(), '\n'), 1000);
  EXPECT_TRUE(kept.ends_with("line 4999\n'last'\n"));
}

TEST_F(Repl, TheStateFolderIsRespected) {
  ASSERT_TRUE(prompt());
  leave();
  start({{"XDG_STATE_HOME", home_.file("state")}});
  ASSERT_TRUE(prompt());
  line("1", "1");
  leave();
  EXPECT_EQ(read_file(home_.file("state") + "/virgo/lua_history"), "1\n");
  EXPECT_EQ(history(), "");
}

// However it ends, the terminal is as it was.
TEST_F(Repl, TheTerminalIsGivenBack) {
  ASSERT_TRUE(prompt());
  EXPECT_FALSE(repl_->is_cooked());
  repl_->type("\x04");
  EXPECT_EQ(repl_->wait(), 0);
  EXPECT_TRUE(repl_->is_cooked());
  for (const char* end : {"process:exit(7)\r", "os.exit(7)\r"}) {
    start();
    ASSERT_TRUE(prompt());
    repl_->type(end);
    EXPECT_EQ(repl_->wait(), 7) << end;
    EXPECT_TRUE(repl_->is_cooked()) << end;
  }
  for (const int number : {SIGTERM, SIGHUP, SIGQUIT}) {
    start();
    ASSERT_TRUE(prompt());
    EXPECT_FALSE(repl_->is_cooked());
    kill(repl_->pid(), number);
    repl_->wait();
    EXPECT_EQ(repl_->signal(), number);
    EXPECT_TRUE(repl_->is_cooked()) << number;
    EXPECT_TRUE(repl_->screen().ends_with("\x1b[?2004l")) << number;
  }
}

TEST_F(Repl, WhatIsPastedIsOneProgram) {
  ASSERT_TRUE(prompt());
  repl_->type("\x1b[200~for i = 1, 3 do\n\tprint('pasted ' .. i)\nend\x1b[201~\r");
  ASSERT_TRUE(sees("pasted 3"));
  ASSERT_TRUE(prompt());
  leave();
}

TEST(ReplInput, WithoutATerminalTheInputIsTheProgram) {
  const TempDir dir;
  std::ofstream(dir.file("in")) << "#!/usr/bin/env virgo-lua\nprint(1 + 1)\n"
                                << "uv.new_timer():start(1, 0, function() os.exit(5) end)\n";
  Process lua({"/bin/sh", "-c", virgo_binary() + " lua <" + dir.file("in")}, dir.file("out"));
  EXPECT_EQ(lua.wait(), 5);
  EXPECT_EQ(lua.out(), "2\n");
  std::ofstream(dir.file("in")) << "x = = 1\n";
  Process broken({"/bin/sh", "-c", virgo_binary() + " lua <" + dir.file("in")}, dir.file("broken"));
  EXPECT_EQ(broken.wait(), 1);
  EXPECT_NE(broken.err().find("stdin:1: unexpected symbol"), std::string::npos) << broken.err();
}

}  // namespace
}  // namespace virgo::functional
