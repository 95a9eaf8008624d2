#include "base/handle_table.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>

namespace virgo {
namespace {

TEST(HandleTable, FindsWhatWasInserted) {
  HandleTable<int> table;
  int a = 1;
  int b = 2;
  const auto ha = table.insert(&a);
  const auto hb = table.insert(&b);
  EXPECT_NE(ha, hb);
  EXPECT_EQ(table.get(ha), &a);
  EXPECT_EQ(table.get(hb), &b);
  EXPECT_EQ(table.size(), 2u);
}

TEST(HandleTable, ZeroAndNonsenseAreNobody) {
  HandleTable<int> table;
  EXPECT_EQ(table.get(0), nullptr);
  EXPECT_EQ(table.get(1), nullptr);
  EXPECT_EQ(table.get(~std::uint64_t{0}), nullptr);
  EXPECT_FALSE(table.erase(0));
  int a = 1;
  const auto handle = table.insert(&a);
  EXPECT_NE(handle, 0u);
  EXPECT_EQ(table.get(handle + 1), nullptr);                         // next slot
  EXPECT_EQ(table.get(handle & 0xffffffffu), nullptr);               // generation 0
  EXPECT_EQ(table.get(handle + (std::uint64_t{1} << 32)), nullptr);  // next generation
}

TEST(HandleTable, AStaleHandleStaysStaleWhenItsSlotIsReused) {
  HandleTable<int> table;
  int a = 1;
  int b = 2;
  const auto old = table.insert(&a);
  EXPECT_TRUE(table.erase(old));
  EXPECT_FALSE(table.erase(old));
  const auto fresh = table.insert(&b);
  EXPECT_EQ(static_cast<std::uint32_t>(fresh), static_cast<std::uint32_t>(old));
  EXPECT_EQ(table.get(old), nullptr);
  EXPECT_EQ(table.get(fresh), &b);
  EXPECT_FALSE(table.erase(old));
  EXPECT_EQ(table.size(), 1u);
}

TEST(HandleTable, AgainstAModel) {
  std::mt19937 random(1);
  HandleTable<int> table;
  std::vector<std::unique_ptr<int>> objects;
  std::map<std::uint64_t, int*> live;
  std::vector<std::uint64_t> dead;
  for (int step = 0; step < 20'000; ++step) {
    if (live.empty() || random() % 2 == 0) {
      objects.push_back(std::make_unique<int>(step));
      const auto handle = table.insert(objects.back().get());
      EXPECT_TRUE(live.emplace(handle, objects.back().get()).second);
    } else {
      auto it = live.begin();
      std::advance(it, random() % std::min<std::size_t>(live.size(), 8));
      EXPECT_TRUE(table.erase(it->first));
      dead.push_back(it->first);
      live.erase(it);
    }
    if (dead.empty()) continue;
    EXPECT_EQ(table.get(dead[random() % dead.size()]), nullptr);
  }
  for (const auto& [handle, object] : live) EXPECT_EQ(table.get(handle), object);
  EXPECT_EQ(table.size(), live.size());
}

}  // namespace
}  // namespace virgo
