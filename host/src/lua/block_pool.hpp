// Memory of a trusted state: small blocks from lists of their size, others from malloc.
// Lua frees what it allocated with its size, so a block needs no header, and a server's
// short-lived tables cost a few instructions each. What was taken from the system for
// small blocks is kept until the end. Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

namespace virgo::lua {

class BlockPool {
 public:
  // As realloc() and free(); `old_size` is what was asked for before. Null: out of memory.
  void* reallocate(void* block, std::size_t old_size, std::size_t new_size);
  void release(void* block, std::size_t size);

 private:
  static constexpr std::size_t kStep = 16;
  static constexpr std::size_t kSmall = 256;
  static constexpr std::size_t kChunk = std::size_t{16} * 1024;
  struct Free {
    Free* next;
  };

  void* take(std::size_t size);
  void* refill(std::size_t list);

  std::array<Free*, kSmall / kStep + 1> lists_{};
  std::vector<std::unique_ptr<std::byte[]>> chunks_;
};

}  // namespace virgo::lua
