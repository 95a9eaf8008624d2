// A binary heap of items with a wake-up time each, whose times can be changed in
// place: one entry per check, however many timers a check has in its life.
// Not thread-safe.
#pragma once

#include <cstddef>
#include <vector>

#include "base/clock.hpp"

namespace virgo::schedule {

// What the heap needs of an item: derive from it.
struct HeapItem {
  TimePoint wake{};
  std::size_t heap_position = 0;
};

class DeadlineHeap {
 public:
  bool empty() const { return items_.empty(); }
  std::size_t size() const { return items_.size(); }
  HeapItem& top() const { return *items_.front(); }

  void push(HeapItem& item) {
    item.heap_position = items_.size();
    items_.push_back(&item);
    up(item.heap_position);
  }

  // To be called after item.wake was changed.
  void update(HeapItem& item) {
    up(item.heap_position);
    down(item.heap_position);
  }

  void remove(HeapItem& item) {
    const std::size_t hole = item.heap_position;
    HeapItem* last = items_.back();
    items_.pop_back();
    if (last == &item) return;
    place(hole, last);
    update(*last);
  }

 private:
  void place(std::size_t at, HeapItem* item) {
    items_[at] = item;
    item->heap_position = at;
  }
  void swap(std::size_t a, std::size_t b) {
    HeapItem* item = items_[a];
    place(a, items_[b]);
    place(b, item);
  }
  void up(std::size_t at) {
    while (at > 0) {
      const std::size_t parent = (at - 1) / 2;
      if (items_[parent]->wake <= items_[at]->wake) return;
      swap(at, parent);
      at = parent;
    }
  }
  void down(std::size_t at) {
    for (;;) {
      std::size_t least = at;
      for (const std::size_t child : {2 * at + 1, 2 * at + 2})
        if (child < items_.size() && items_[child]->wake < items_[least]->wake) least = child;
      if (least == at) return;
      swap(at, least);
      at = least;
    }
  }
  std::vector<HeapItem*> items_;
};

}  // namespace virgo::schedule
