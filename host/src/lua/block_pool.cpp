#include "lua/block_pool.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

namespace virgo::lua {

void* BlockPool::refill(std::size_t list) {
  const std::size_t size = list * kStep;
  std::byte* chunk = new (std::nothrow) std::byte[kChunk];
  if (chunk == nullptr) return nullptr;
  chunks_.emplace_back(chunk);
  // In the order of their addresses, all but the first.
  Free* next = nullptr;
  for (std::size_t i = kChunk / size - 1; i > 0; --i) {
    auto* block = reinterpret_cast<Free*>(chunk + i * size);
    block->next = next;
    next = block;
  }
  lists_[list] = next;
  return chunk;
}

void* BlockPool::take(std::size_t size) {
  if (size > kSmall) return std::malloc(size);
  const std::size_t list = (size + kStep - 1) / kStep;
  Free* block = lists_[list];
  if (block == nullptr) return refill(list);
  lists_[list] = block->next;
  return block;
}

void BlockPool::release(void* block, std::size_t size) {
  if (block == nullptr) return;
  if (size > kSmall) {
    std::free(block);
    return;
  }
  Free*& list = lists_[(size + kStep - 1) / kStep];
  auto* freed = static_cast<Free*>(block);
  freed->next = list;
  list = freed;
}

void* BlockPool::reallocate(void* block, std::size_t old_size, std::size_t new_size) {
  if (block == nullptr) return take(new_size);
  if (old_size > kSmall && new_size > kSmall) return std::realloc(block, new_size);
  if (old_size <= kSmall && new_size <= kSmall &&
      (old_size + kStep - 1) / kStep == (new_size + kStep - 1) / kStep)
    return block;
  void* moved = take(new_size);
  if (moved == nullptr) return nullptr;
  std::memcpy(moved, block, std::min(old_size, new_size));
  release(block, old_size);
  return moved;
}

}  // namespace virgo::lua
