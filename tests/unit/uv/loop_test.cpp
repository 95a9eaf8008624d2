#include "uv/loop.hpp"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "unit/loop_fixture.hpp"

namespace virgo::uv {
namespace {

using namespace std::chrono_literals;

class LoopPost : public testing::LoopTest {};

TEST_F(LoopPost, RunsTasksInOrderAndNeverAtOnce) {
  std::vector<int> order;
  loop.post([&] { order.push_back(1); });
  loop.post([&] {
    order.push_back(2);
    loop.post([&] { order.push_back(4); });
    order.push_back(3);
  });
  EXPECT_TRUE(order.empty());
  loop.run();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3, 4}));
}

TEST_F(LoopPost, RunDoesNotReturnBeforeWhatWasPosted) {
  // Nothing but a posted task: libuv would return without a look.
  bool ran = false;
  loop.post([&] { ran = true; });
  loop.run();
  EXPECT_TRUE(ran);
}

TEST_F(LoopPost, RunOnceDoesItToo) {
  bool ran = false;
  loop.post([&] { ran = true; });
  loop.run_once(false);
  EXPECT_TRUE(ran);
}

TEST_F(LoopPost, StopEndsRunAndLeavesTheRestForLater) {
  int ran = 0;
  loop.post([&] {
    ++ran;
    loop.post([&] { ++ran; });
    loop.stop();
  });
  Timer forever(loop, [] {});
  forever.start(1h);
  loop.run();
  EXPECT_EQ(ran, 1);
  loop.run_once(false);
  EXPECT_EQ(ran, 2);
}

TEST_F(LoopPost, StopBeforeRunIsNotLost) {
  Timer forever(loop, [] {});
  forever.start(1h);
  loop.stop();
  loop.run();  // returns
  loop.post([&] { loop.stop(); });
  loop.run();  // a stop counts once
}

TEST_F(LoopPost, FromManyThreadsNothingIsLost) {
  constexpr int kThreads = 4;
  constexpr int kEach = 2000;
  std::vector<std::vector<int>> seen(kThreads);
  std::vector<std::thread> threads;
  int total = 0;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i)
        loop.post([&, t, i] {
          seen[static_cast<std::size_t>(t)].push_back(i);
          ++total;
        });
    });
  run_until([&] { return total == kThreads * kEach; });
  for (auto& t : threads) t.join();
  for (const auto& numbers : seen)
    for (int i = 0; i < kEach; ++i) ASSERT_EQ(numbers[static_cast<std::size_t>(i)], i);
}

TEST_F(LoopPost, ATaskDiesBeforeTheNextRuns) {
  auto token = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = token;
  bool gone = false;
  loop.post([t = std::move(token)] {});
  loop.post([&] { gone = watch.expired(); });
  loop.run();
  EXPECT_TRUE(gone);
}

TEST(Loop, DestroysWaitingTasksWhenItCloses) {
  auto token = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = token;
  Loop loop;
  bool ran = false;
  loop.post([&ran, t = std::move(token)] { ran = true; });
  EXPECT_TRUE(loop.close().empty());
  EXPECT_FALSE(ran);
  EXPECT_TRUE(watch.expired());
  loop.post([&] { ran = true; });  // harmless, from any thread, for as long as the Loop lives
  EXPECT_FALSE(ran);
  EXPECT_TRUE(loop.close().empty());
}

TEST(Loop, AWaitingTaskMayOwnHandles) {
  Loop loop;
  auto timer = std::make_shared<Timer>(loop, [] {});
  timer->start(1h);
  loop.post([t = std::move(timer)] {});
  EXPECT_TRUE(loop.close().empty());
}

TEST(Loop, NamesTheHandlesThatAreOpen) {
  Loop loop;
  auto timer = std::make_unique<Timer>(loop, [] {});
  EXPECT_EQ(loop.close(), (std::vector<std::string>{"timer"}));
  timer.reset();
  EXPECT_TRUE(loop.close().empty());
}

TEST(LoopDeathTest, EndingWithAnOpenHandleAborts) {
  EXPECT_DEATH(
      {
        auto* loop = new Loop;
        auto* timer = new Timer(*loop, [] {});
        timer->start(1h);
        delete loop;
      },
      "open handle: timer");
}

TEST(Loop, CloseSeesManyHandlesOff) {
  Loop loop;
  for (int i = 0; i < 5000; ++i) Timer(loop, [] {}).start(1h);
  EXPECT_TRUE(loop.close().empty());
}

struct Owned {
  Owned(Loop& l, int& count) : loop(l), alive(count), timer(l, [] {}) {
    ++alive;
    timer.start(1h);
  }
  ~Owned() {
    --alive;
    loop.release(next);  // as a chain of owners would
  }
  Loop& loop;
  int& alive;
  Timer timer;
  std::uint64_t next = 0;
};

TEST(Loop, OwnsAdoptedObjectsUntilTheyAreReleased) {
  Loop loop;
  int alive = 0;
  const auto id = loop.adopt(std::make_shared<Owned>(loop, alive));
  EXPECT_NE(id, 0u);
  EXPECT_EQ(alive, 1);
  loop.release(id);
  EXPECT_EQ(alive, 0);
  loop.release(id);
  loop.release(0);
  EXPECT_TRUE(loop.close().empty());
}

TEST(Loop, CloseDestroysAdoptedObjects) {
  int alive = 0;
  Loop loop;
  auto first = std::make_shared<Owned>(loop, alive);
  first->next = loop.adopt(std::make_shared<Owned>(loop, alive));
  loop.adopt(std::move(first));
  EXPECT_EQ(alive, 2);
  EXPECT_TRUE(loop.close().empty());
  EXPECT_EQ(alive, 0);
}

TEST(Loop, APeerThatIsGoneDoesNotKillTheProcess) {
  const Loop loop;
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  EXPECT_EQ(::write(ends[1], "x", 1), -1);  // and not SIGPIPE
  EXPECT_EQ(errno, EPIPE);
  ::close(ends[1]);
}

}  // namespace
}  // namespace virgo::uv
