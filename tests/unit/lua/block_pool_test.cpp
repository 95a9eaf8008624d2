#include "lua/block_pool.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <set>
#include <vector>

namespace virgo::lua {
namespace {

TEST(BlockPool, BlocksAreApartAndAligned) {
  BlockPool pool;
  for (std::size_t size = 1; size <= 300; ++size) {
    std::set<char*> blocks;
    for (int i = 0; i < 40; ++i) {
      auto* block = static_cast<char*>(pool.reallocate(nullptr, 0, size));
      ASSERT_NE(block, nullptr);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % 16, 0u);
      std::memset(block, 'x', size);
      blocks.insert(block);
    }
    char* before = nullptr;
    for (char* block : blocks) {
      EXPECT_TRUE(before == nullptr || block >= before + size);
      before = block;
    }
    for (char* block : blocks) pool.release(block, size);
  }
}

TEST(BlockPool, WhatIsReleasedIsUsedAgain) {
  BlockPool pool;
  void* first = pool.reallocate(nullptr, 0, 40);
  pool.release(first, 40);
  EXPECT_EQ(pool.reallocate(nullptr, 0, 48), first);  // of the same list
  pool.release(first, 48);
  pool.release(nullptr, 0);
}

// As Lua does: blocks that grow and shrink, across the bound between the two kinds.
TEST(BlockPool, KeepsContentsWhateverTheSizes) {
  BlockPool pool;
  std::mt19937 random(1);
  struct Block {
    unsigned char* bytes;
    std::size_t size;
    unsigned char fill;
  };
  std::vector<Block> blocks;
  for (int step = 0; step < 20000; ++step) {
    if (blocks.size() < 50 || random() % 3 == 0) {
      const std::size_t size = 1 + random() % 600;
      const auto fill = static_cast<unsigned char>(random());
      auto* bytes = static_cast<unsigned char*>(pool.reallocate(nullptr, 0, size));
      std::memset(bytes, fill, size);
      blocks.push_back({bytes, size, fill});
      continue;
    }
    Block& block = blocks[random() % blocks.size()];
    for (std::size_t i = 0; i < block.size; ++i) ASSERT_EQ(block.bytes[i], block.fill);
    const std::size_t size = random() % 600;
    if (size == 0) {
      pool.release(block.bytes, block.size);
      block = blocks.back();
      blocks.pop_back();
      continue;
    }
    block.bytes = static_cast<unsigned char*>(pool.reallocate(block.bytes, block.size, size));
    std::memset(block.bytes + std::min(block.size, size), block.fill,
                size - std::min(block.size, size));
    block.size = size;
  }
  for (const Block& block : blocks) pool.release(block.bytes, block.size);
}

}  // namespace
}  // namespace virgo::lua
