// Generation-tagged handles: a 64-bit number that stands for a pointer and knows
// when its object is gone, so that late use is answered instead of undefined.
//
// Low 32 bits: slot + 1 (so zero is never valid). High 32 bits: generation.
// Not thread-safe; the owner locks.
#pragma once

#include <cstdint>
#include <vector>

namespace virgo {

template <class T>
class HandleTable {
 public:
  using Handle = std::uint64_t;

  Handle insert(T* object) {
    std::uint32_t slot;
    if (free_.empty()) {
      slot = static_cast<std::uint32_t>(slots_.size());
      slots_.push_back({});
    } else {
      slot = free_.back();
      free_.pop_back();
    }
    slots_[slot].object = object;
    ++size_;
    return make(slot, slots_[slot].generation);
  }

  // Null if the handle was never given out or its object was erased.
  T* get(Handle handle) const {
    const auto slot = static_cast<std::uint32_t>(handle) - 1u;
    if (static_cast<std::uint32_t>(handle) == 0 || slot >= slots_.size()) return nullptr;
    if (slots_[slot].generation != static_cast<std::uint32_t>(handle >> 32)) return nullptr;
    return slots_[slot].object;
  }

  // False if the handle was stale already.
  bool erase(Handle handle) {
    if (get(handle) == nullptr) return false;
    const auto slot = static_cast<std::uint32_t>(handle) - 1u;
    slots_[slot].object = nullptr;
    ++slots_[slot].generation;
    free_.push_back(slot);
    --size_;
    return true;
  }

  std::size_t size() const { return size_; }

 private:
  struct Slot {
    T* object = nullptr;
    std::uint32_t generation = 1;
  };
  static Handle make(std::uint32_t slot, std::uint32_t generation) {
    return (static_cast<Handle>(generation) << 32) | (slot + 1u);
  }
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::size_t size_ = 0;
};

}  // namespace virgo
