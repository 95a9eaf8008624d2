#include "uv/signal.hpp"

#include <signal.h>

#include "unit/log_capture.hpp"
#include "unit/loop_fixture.hpp"

namespace virgo::uv {
namespace {

class SignalTest : public testing::LoopTest {};

TEST_F(SignalTest, Arrives) {
  int received = 0;
  Signal signal(loop, SIGUSR1, [&] { ++received; });
  ::raise(SIGUSR1);
  run_until([&] { return received == 1; });
}

TEST_F(SignalTest, MayBeDestroyedByItsCallback) {
  std::unique_ptr<Signal> signal;
  const std::string text = "captured by value, so that a destroyed function shows";
  std::string seen;
  signal = std::make_unique<Signal>(loop, SIGUSR1, [&signal, &seen, text] {
    signal.reset();
    seen = text;
  });
  ::raise(SIGUSR1);
  run_until([&] { return !seen.empty(); });
  EXPECT_EQ(seen, text);
}

TEST_F(SignalTest, DoesNotKeepTheLoopGoing) {
  const Signal signal(loop, SIGUSR1, [] {});
  loop.run();  // returns
}

TEST_F(SignalTest, OneThatCannotBeWatchedIsLogged) {
  const testing::LogCapture log;
  {
    const Signal signal(loop, SIGKILL, [] {});
  }
  EXPECT_EQ(log.count("cannot watch signal 9"), 1u);
}

}  // namespace
}  // namespace virgo::uv
