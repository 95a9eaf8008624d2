#include "net/deadlines.hpp"

#include <memory>
#include <vector>

#include "unit/loop_fixture.hpp"

namespace virgo::net {
namespace {

using namespace std::chrono_literals;

class DeadlinesTest : public virgo::testing::LoopTest {
 protected:
  std::vector<std::size_t> expired;
};

TEST_F(DeadlinesTest, EndInOrderAndOnlyOnce) {
  Deadlines deadlines(loop, {30ms, 10ms, 20ms, 0ms, 0ms},
                      [&](Deadlines::Entry& entry, std::size_t kind) {
                        EXPECT_EQ(entry.kind(), Deadlines::kNone);
                        expired.push_back(kind);
                      });
  Deadlines::Entry a;
  Deadlines::Entry b;
  Deadlines::Entry c;
  Deadlines::Entry never;
  EXPECT_EQ(a.kind(), Deadlines::kNone);
  deadlines.start(a, 0);
  deadlines.start(b, 1);
  deadlines.start(c, 2);
  deadlines.start(never, 3);
  EXPECT_EQ(a.kind(), 0u);
  EXPECT_EQ(never.kind(), Deadlines::kNone);
  run_until([&] { return expired.size() == 3; });
  EXPECT_EQ(expired, (std::vector<std::size_t>{1, 2, 0}));
  turn();
  EXPECT_EQ(expired.size(), 3u);
}

TEST_F(DeadlinesTest, StoppedAndDestroyedOnesDoNotEnd) {
  Deadlines deadlines(loop, {10ms, 10ms, 30ms, 0ms, 0ms},
                      [&](Deadlines::Entry&, std::size_t kind) { expired.push_back(kind); });
  Deadlines::Entry stopped;
  Deadlines::Entry last;
  auto gone = std::make_unique<Deadlines::Entry>();
  deadlines.start(stopped, 0);
  deadlines.start(*gone, 1);
  deadlines.start(last, 0);
  deadlines.start(last, 2);  // moved to another kind
  deadlines.stop(stopped);
  gone.reset();
  run_until([&] { return !expired.empty(); });
  EXPECT_EQ(expired, (std::vector<std::size_t>{2}));
}

TEST_F(DeadlinesTest, AnEndMayStartAndDestroyOthers) {
  auto other = std::make_unique<Deadlines::Entry>();
  Deadlines* all = nullptr;
  Deadlines deadlines(loop, {5ms, 5ms, 0ms, 0ms, 0ms},
                      [&](Deadlines::Entry& entry, std::size_t kind) {
                        expired.push_back(kind);
                        other.reset();
                        if (expired.size() < 3) all->start(entry, 1);
                      });
  all = &deadlines;
  Deadlines::Entry entry;
  deadlines.start(entry, 0);
  deadlines.start(*other, 0);
  run_until([&] { return expired.size() == 3; });
  EXPECT_EQ(expired, (std::vector<std::size_t>{0, 1, 1}));
}

// They do not keep the loop going by themselves.
TEST_F(DeadlinesTest, DoNotHoldTheLoop) {
  Deadlines deadlines(loop, {1h, 0ms, 0ms, 0ms, 0ms}, [](Deadlines::Entry&, std::size_t) {});
  Deadlines::Entry entry;
  deadlines.start(entry, 0);
  loop.run();
}

}  // namespace
}  // namespace virgo::net
