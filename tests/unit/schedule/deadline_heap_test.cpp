#include "schedule/deadline_heap.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>

namespace virgo::schedule {
namespace {

TimePoint at(std::int64_t n) {
  return TimePoint(Duration(n));
}

TEST(DeadlineHeap, GivesTheEarliestFirst) {
  DeadlineHeap heap;
  std::vector<HeapItem> items(5);
  const int order[] = {3, 1, 4, 0, 2};
  for (int i = 0; i < 5; ++i) {
    items[static_cast<std::size_t>(i)].wake = at(order[i]);
    heap.push(items[static_cast<std::size_t>(i)]);
  }
  for (int n = 0; n < 5; ++n) {
    EXPECT_EQ(heap.top().wake, at(n));
    heap.remove(heap.top());
  }
  EXPECT_TRUE(heap.empty());
}

TEST(DeadlineHeap, AgainstAModel) {
  std::mt19937 random(10);
  DeadlineHeap heap;
  std::vector<std::unique_ptr<HeapItem>> live;
  for (int step = 0; step < 50'000; ++step) {
    const unsigned what = random() % 4;
    if (live.empty() || (what == 0 && live.size() < 300)) {
      live.push_back(std::make_unique<HeapItem>());
      live.back()->wake = at(random() % 1000);
      heap.push(*live.back());
    } else if (what == 1) {
      const std::size_t i = random() % live.size();
      heap.remove(*live[i]);
      live.erase(live.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      HeapItem& item = *live[random() % live.size()];
      item.wake = at(random() % 1000);
      heap.update(item);
    }
    ASSERT_EQ(heap.size(), live.size());
    if (live.empty()) continue;
    const auto least = std::min_element(
        live.begin(), live.end(), [](const auto& a, const auto& b) { return a->wake < b->wake; });
    ASSERT_EQ(heap.top().wake, (*least)->wake);
  }
}

}  // namespace
}  // namespace virgo::schedule
