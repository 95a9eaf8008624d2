// luv on our loop: errors stay inside, and states close in order.
#include "lua/luv.hpp"

#include "lua_states.hpp"
#include "uv/timer.hpp"

namespace virgo::lua {
namespace {

class LuvTest : public testing::Test {
 protected:
  void TearDown() override {
    if (state_) {
      EXPECT_TRUE(close_luv(*state_, loop_));
    }
    state_.reset();
    EXPECT_TRUE(loop_.close().empty());
  }
  void open() {
    state_ = make_state(
        {.kind = StateKind::trusted, .name = "", .memory = 0, .budget = {}, .watchdog = nullptr});
    const auto opened = open_luv(*state_, loop_, [this](const Failure& f) { failure_ = f; });
    ASSERT_TRUE(opened.ok()) << opened.error().message;
  }

  uv::Loop loop_;
  std::unique_ptr<State> state_;
  Failure failure_;
};

TEST_F(LuvTest, RunsOnOurLoop) {
  open();
  ASSERT_EQ(run(*state_,
                "assert(require('uv') == uv)\n"
                "local t = uv.new_timer()\n"
                "t:start(1, 0, function() fired = true t:close() end)"),
            Exit::done)
      << state_->failure().sentence();
  loop_.run();
  EXPECT_EQ(run(*state_, "assert(fired)"), Exit::done);
}

TEST_F(LuvTest, AnErrorInACallbackIsHandedOverAndTheLoopGoesOn) {
  open();
  ASSERT_EQ(run(*state_,
                "local t, n = uv.new_timer(), 0\n"
                "t:start(1, 1, function()\n"
                "  n = n + 1 count = n\n"
                "  if n == 3 then t:close() end\n"
                "  error('in a callback') end)"),
            Exit::done);
  loop_.run();
  EXPECT_EQ(failure_.sentence(), "test.lua:5: in a callback");
  EXPECT_EQ(run(*state_, "assert(count == 3)"), Exit::done);
}

TEST_F(LuvTest, AStateThatIsBeingClosedIsNotCalledBack) {
  open();
  ASSERT_EQ(run(*state_,
                "local t, p = uv.new_timer(), uv.new_pipe()\n"
                "t:start(0, 0, function() called = true end)\n"
                "p:close(function() called = true error('late') end)"),
            Exit::done);
  EXPECT_TRUE(close_luv(*state_, loop_));
  EXPECT_EQ(failure_.message, "");
  EXPECT_EQ(run(*state_, "assert(not called)"), Exit::done);
}

TEST_F(LuvTest, WalkShowsOwnHandlesOnly) {
  open();
  uv::Timer ours(loop_, [] {});
  ours.start(std::chrono::hours(1));
  ASSERT_EQ(run(*state_,
                "local mine = {[uv.new_timer()] = true, [uv.new_tcp()] = true}\n"
                "local seen = 0\n"
                "uv.walk(function(h) assert(mine[h]) seen = seen + 1 end)\n"
                "assert(seen == 2, seen)"),
            Exit::done)
      << state_->failure().sentence();
}

TEST_F(LuvTest, ClosesOpenHandlesAndPendingRequestsInOrder) {
  open();
  ASSERT_EQ(run(*state_,
                "uv.new_timer():start(3600000, 0, function() end)\n"
                "local s = uv.new_tcp() s:bind('127.0.0.1', 0)\n"
                "s:listen(8, function() end)\n"
                "uv.new_tcp():connect('127.0.0.1', s:getsockname().port, function() end)\n"
                "for i = 1, 8 do uv.getaddrinfo('localhost', nil, {}, function() end) end\n"
                "uv.fs_stat('/', function() end)"),
            Exit::done)
      << state_->failure().sentence();
}

TEST_F(LuvTest, TwoStatesOnOneLoop) {
  open();
  auto other = make_state(
      {.kind = StateKind::trusted, .name = "", .memory = 0, .budget = {}, .watchdog = nullptr});
  ASSERT_TRUE(open_luv(*other, loop_).ok());
  const char* source = "t = uv.new_timer() t:start(1, 1, function() n = (n or 0) + 1 end)";
  ASSERT_EQ(run(*state_, source), Exit::done);
  ASSERT_EQ(run(*other, source), Exit::done);
  for (int i = 0; i < 3; ++i) loop_.run_once(true);
  EXPECT_TRUE(close_luv(*other, loop_));
  other.reset();
  for (int i = 0; i < 3; ++i) loop_.run_once(true);
  EXPECT_EQ(run(*state_, "assert(n > 0)"), Exit::done);
}

TEST_F(LuvTest, AThreadKeepsWhatItRuns) {
  open();
  ASSERT_EQ(
      run(*state_,
          "threads = {}\n"
          "for i = 1, 8 do\n"
          "  local t = uv.new_thread(function(text) assert(#text == 1000) end, ('x'):rep(1000))\n"
          "  t = nil collectgarbage() collectgarbage()\n"
          "  threads[i] = uv.new_thread(function() end)\n"
          "end\n"
          "for i = 1, 8 do assert(threads[i]:join()) end\n"
          "assert(uv.thread_join(uv.new_thread(function() end)))"),
      Exit::done)
      << state_->failure().sentence();
}

}  // namespace
}  // namespace virgo::lua
