#include "deliver/memory_queue.hpp"

#include <gtest/gtest.h>

#include "deliver/encode.hpp"
#include "deliver/recorder.hpp"
#include "unit/deliver/deliver_world.hpp"
#include "unit/log_capture.hpp"

namespace virgo::deliver {
namespace {

using testing::brief;
using testing::record;
using virgo::testing::LogCapture;

constexpr std::size_t kAll = std::size_t{1} << 40;

class MemoryQueueTest : public ::testing::Test {
 protected:
  // A queue that holds exactly `n` of the records that fill() makes.
  static MemoryQueue holding(std::size_t n) {
    MemoryQueue probe(kAll, 1);
    probe.append(record(kA, 1, 1));
    return MemoryQueue(n * probe.load().bytes, 7);
  }
  static void fill(Queue& queue, std::uint64_t from, std::uint64_t to,
                   const metric::CheckIdentity& check = kA) {
    for (std::uint64_t n = from; n <= to; ++n) queue.append(record(check, n, n));
  }
  static inline const metric::CheckIdentity kA{"a", "t", "native"};
  static inline const metric::CheckIdentity kB{"b", "t", "native"};
  const LogCapture log;
};

TEST_F(MemoryQueueTest, GivesRecordsInOrder) {
  MemoryQueue queue(kAll, 1234);
  EXPECT_EQ(queue.epoch(), 1234u);
  EXPECT_EQ(queue.next_seq(), 1u);
  fill(queue, 1, 3);
  EXPECT_EQ(queue.next_seq(), 4u);
  EXPECT_EQ(queue.load().records, 3u);
  EXPECT_EQ(brief(queue.take(kAll)), "1:a1 2:a2 3:a3");
  EXPECT_EQ(brief(queue.take(kAll)), "") << "taken once";
}

TEST_F(MemoryQueueTest, AnEmptyBatchSaysSo) {
  MemoryQueue queue(kAll, 1);
  const Batch batch = queue.take(kAll);
  EXPECT_EQ(batch.first, 0u);
  EXPECT_EQ(batch.last, 0u);
  EXPECT_EQ(batch.count, 0u);
  EXPECT_EQ(batch.records, "[]");
  queue.acknowledge(99);
  queue.rewind();
  EXPECT_EQ(queue.take(kAll).count, 0u);
}

TEST_F(MemoryQueueTest, BatchesKeepToTheirLimitButTakeAtLeastOne) {
  MemoryQueue queue(kAll, 1);
  for (std::uint64_t n = 1; n <= 50; ++n) queue.append(record(kA, n, n, n * 7 % 40));
  std::uint64_t seen = 0;
  for (;;) {
    const Batch batch = queue.take(600);
    if (batch.count == 0) break;
    EXPECT_LE(batch.records.size(), 600u);
    EXPECT_GT(batch.count, 3u);
    EXPECT_EQ(batch.first, seen + 1);
    seen = batch.last;
  }
  EXPECT_EQ(seen, 50u);
  queue.rewind();
  EXPECT_EQ(queue.take(0).count, 1u);
  EXPECT_EQ(queue.take(1).count, 1u);
}

TEST_F(MemoryQueueTest, AcknowledgedIsForgotten) {
  MemoryQueue queue(kAll, 1);
  fill(queue, 1, 5);
  (void)queue.take(kAll);
  queue.acknowledge(3);
  EXPECT_EQ(queue.load().records, 2u);
  queue.rewind();
  EXPECT_EQ(brief(queue.take(kAll)), "4:a4 5:a5");
  queue.acknowledge(5);
  EXPECT_EQ(queue.load().records, 0u);
  EXPECT_EQ(queue.load().bytes, 0u);
  EXPECT_EQ(queue.next_seq(), 6u);
}

TEST_F(MemoryQueueTest, OnlyWhatWasTakenCanBeAcknowledged) {
  MemoryQueue queue(kAll, 1);
  fill(queue, 1, 4);
  queue.acknowledge(4);  // nothing was taken
  EXPECT_EQ(queue.load().records, 4u);
  (void)queue.take(1);
  queue.acknowledge(UINT64_MAX);  // only the first was
  EXPECT_EQ(queue.load().records, 3u);
  EXPECT_EQ(brief(queue.take(kAll)), "2:a2 3:a3 4:a4");
  queue.acknowledge(1);  // again
  queue.acknowledge(0);
  EXPECT_EQ(queue.load().records, 3u);
  queue.rewind();
  EXPECT_EQ(brief(queue.take(kAll)), "2:a2 3:a3 4:a4");
}

TEST_F(MemoryQueueTest, AnAcknowledgementAfterRewindIsTooLate) {
  MemoryQueue queue(kAll, 1);
  fill(queue, 1, 2);
  (void)queue.take(kAll);
  queue.rewind();
  queue.acknowledge(2);  // of the connection before
  EXPECT_EQ(brief(queue.take(kAll)), "1:a1 2:a2");
}

TEST_F(MemoryQueueTest, TheLimitIsExact) {
  MemoryQueue queue = holding(4);
  fill(queue, 1, 4);
  EXPECT_EQ(queue.load().dropped, 0u);
  EXPECT_EQ(queue.load().records, 4u);
  fill(queue, 5, 5);
  EXPECT_EQ(queue.load().dropped, 1u);
  EXPECT_EQ(brief(queue.take(kAll)), "1:a1! 2:a2 3:a3 4:a4 5:a5");
}

TEST_F(MemoryQueueTest, DroppedRunsOfACheckAreOneGap) {
  MemoryQueue queue = holding(4);
  for (std::uint64_t n = 1; n <= 4; ++n) {
    fill(queue, n, n, kA);
    fill(queue, n, n, kB);
  }
  EXPECT_EQ(queue.load().dropped, 4u);
  EXPECT_EQ(brief(queue.take(kAll)), "3:a1-2! 4:b1-2! 5:a3 6:b3 7:a4 8:b4");
  queue.acknowledge(8);
  EXPECT_EQ(queue.load().records, 0u);
}

TEST_F(MemoryQueueTest, GapsAmongTheRecordsAreLostToo) {
  MemoryQueue queue = holding(2);
  queue.append(record(kA, 1, 1));
  queue.append(record(kA, 2, 7));  // a gap record of the scheduler
  fill(queue, 8, 9);
  EXPECT_EQ(brief(queue.take(kAll)), "2:a1-7! 3:a8 4:a9");
}

// A run that is still going when the next ticks are skipped is reported after
// the gap that tells of them.
TEST_F(MemoryQueueTest, RunsOutOfOrderAreJoinedWhenTheyMeet) {
  MemoryQueue queue = holding(3);
  queue.append(record(kA, 1, 1));
  queue.append(record(kA, 3, 3));
  queue.append(record(kA, 2, 2));
  queue.append(record(kA, 4, 4));
  queue.append(record(kA, 5, 5));
  // 1 and 3 are gone, 2 is still there: one gap from 1 to 3 would be a lie.
  EXPECT_EQ(queue.load().dropped, 2u);
  MemoryQueue& q = queue;
  const Batch batch = q.take(kAll);
  EXPECT_EQ(brief(batch), "1:a1! 2:a3! 3:a2 4:a4 5:a5");
  q.rewind();
  q.append(record(kA, 6, 6));
  EXPECT_EQ(brief(q.take(kAll)), "3:a1-3! 4:a4 5:a5 6:a6");
}

TEST_F(MemoryQueueTest, WhatIsOnItsWayIsNotDropped) {
  MemoryQueue queue = holding(4);
  fill(queue, 1, 4);
  (void)queue.take(1);  // seq 1
  (void)queue.take(1);  // seq 2
  fill(queue, 5, 8);
  EXPECT_EQ(brief(queue.take(kAll)), "6:a3-6! 7:a7 8:a8");
  queue.acknowledge(2);
  queue.acknowledge(8);
  EXPECT_EQ(queue.load().records, 0u);
}

TEST_F(MemoryQueueTest, WhenAllIsOnItsWayTheNewestIsDropped) {
  MemoryQueue queue = holding(2);
  fill(queue, 1, 2);
  (void)queue.take(kAll);
  fill(queue, 3, 5);
  EXPECT_EQ(queue.load().dropped, 3u);
  EXPECT_EQ(brief(queue.take(kAll)), "5:a3-5!");
}

// A gap that is on its way must not grow: its acknowledgement would swallow runs
// that the endpoint never heard of.
TEST_F(MemoryQueueTest, AGapOnItsWayStaysAsItIs) {
  MemoryQueue queue = holding(2);
  fill(queue, 1, 4);
  EXPECT_EQ(brief(queue.take(1)), "2:a1-2!");
  fill(queue, 5, 5);
  queue.acknowledge(2);
  EXPECT_EQ(brief(queue.take(kAll)), "3:a3! 4:a4 5:a5");
}

TEST_F(MemoryQueueTest, GapsBetweenRecordsOnTheirWayStayApart) {
  MemoryQueue queue = holding(3);
  fill(queue, 1, 3);
  (void)queue.take(kAll);  // 1 to 3 are on their way
  fill(queue, 4, 5);       // dropped
  queue.rewind();
  fill(queue, 6, 6);  // now 1 is the oldest
  // Not 1-5: 2 and 3 are still to be delivered.
  EXPECT_EQ(brief(queue.take(kAll)), "1:a1! 2:a2 3:a3 5:a4-5! 6:a6");
}

// What was sent and not acknowledged may have arrived, and whatever is not above
// the highest number the endpoint has seen it ignores. So a gap must never get a
// lower number than before.
TEST_F(MemoryQueueTest, AJoinedGapKeepsTheHighestNumber) {
  MemoryQueue queue = holding(1);
  fill(queue, 1, 1);
  (void)queue.take(kAll);
  fill(queue, 2, 3);  // dropped, under number 3
  queue.rewind();
  fill(queue, 4, 4);  // pushes 1 out, which joins 2 and 3
  EXPECT_EQ(brief(queue.take(kAll)), "3:a1-3! 4:a4");
}

TEST_F(MemoryQueueTest, GapsDoNotPileUpOverManyReconnects) {
  MemoryQueue queue = holding(8);
  std::uint64_t run = 0;
  for (int connection = 0; connection < 2000; ++connection) {
    (void)queue.take(300);
    for (int i = 0; i < 10; ++i) {
      ++run;
      queue.append(record(run % 2 == 0 ? kA : kB, (run + 1) / 2, (run + 1) / 2));
    }
    queue.rewind();
    ASSERT_LE(queue.load().records, 30u);
  }
}

TEST_F(MemoryQueueTest, AnythingLargerThanTheQueueIsAGapAtOnce) {
  MemoryQueue queue(1000, 1);
  queue.append(record(kA, 1, 1, 2000));
  EXPECT_EQ(queue.load().bytes, 0u);
  EXPECT_EQ(brief(queue.take(kAll)), "1:a1!");
}

TEST_F(MemoryQueueTest, AQueueOfNoBytesIsAllGaps) {
  MemoryQueue queue(0, 1);
  fill(queue, 1, 100);
  EXPECT_EQ(brief(queue.take(kAll)), "100:a1-100!");
}

TEST_F(MemoryQueueTest, RecordsMayOutliveTheirCheck) {
  MemoryQueue queue = holding(1);
  {
    const metric::CheckIdentity gone{"a-check-with-a-long-name-on-the-heap", "t", "native"};
    queue.append(record(gone, 1, 1));
  }
  fill(queue, 1, 2);
  const std::string text = brief(queue.take(kAll));
  EXPECT_EQ(text.rfind("1:a-check-with-a-long-name-on-the-heap1!", 0), 0u) << text;
}

TEST_F(MemoryQueueTest, TellsOfEachRecordAndBearsReentrancy) {
  MemoryQueue queue(kAll, 1);
  std::vector<std::string> taken;
  queue.on_ready([&] {
    taken.push_back(brief(queue.take(kAll)));
    queue.acknowledge(queue.next_seq());
    if (taken.size() == 2) queue.on_ready(nullptr);
  });
  fill(queue, 1, 3);
  EXPECT_EQ(taken, (std::vector<std::string>{"1:a1", "2:a2"}));
  EXPECT_EQ(queue.load().records, 1u);
}

TEST_F(MemoryQueueTest, LogsOncePerFullSpell) {
  MemoryQueue queue = holding(4);
  fill(queue, 1, 50);
  EXPECT_EQ(log.count("the queue is full"), 1u);
  (void)queue.take(kAll);
  queue.acknowledge(50);
  fill(queue, 51, 60);
  EXPECT_EQ(log.count("the queue is full"), 2u);
}

TEST_F(MemoryQueueTest, CountsBytesOfWhatItHolds) {
  MemoryQueue queue(kAll, 1);
  queue.append(record(kA, 1, 1, 100'000));
  EXPECT_GE(queue.load().bytes, 100'000u);
  EXPECT_LT(queue.load().bytes, 101'000u);
}

TEST(Recorder, PutsReportsAndGapsIntoTheQueue) {
  const metric::CheckIdentity check{"cpu", "virgo.cpu", "native"};
  MemoryQueue queue(kAll, 1);
  Recorder recorder(queue);
  metric::SampleBuffer samples;
  metric::Report report;
  report.check = &check;
  report.run = 1;
  report.samples = &samples;
  recorder.report(report);
  const metric::Gap gap{&check, 2, 5, metric::GapReason::late, 0};
  recorder.gap(gap);
  EXPECT_EQ(queue.take(kAll).records,
            "[{\"seq\":1," + encode(report) + "},{\"seq\":2," + encode(gap) + "}]");
}

TEST(Recorder, TheRunsOfAGapAreKnownWhenItIsDropped) {
  const LogCapture quiet;
  const metric::CheckIdentity check{"cpu", "virgo.cpu", "native"};
  MemoryQueue queue(0, 1);
  Recorder recorder(queue);
  recorder.gap({&check, 2, 5, metric::GapReason::late, 0});
  EXPECT_EQ(brief(queue.take(kAll)), "1:cpu2-5!");
}

}  // namespace
}  // namespace virgo::deliver
