// The sum of the cgroups that have no series of their own. Its counters grow by what each
// of them has used since the last run: when one ends, the sum does not go down, and when one
// loses its own series, the sum does not leap up.
#pragma once

#include "values.hpp"

namespace plugin {

class Rest {
 public:
  Rest() = default;
  ~Rest() {
    free(old_.items);
    free(new_.items);
  }
  Rest(const Rest&) = delete;
  Rest& operator=(const Rest&) = delete;

  void begin() {
    sum_ = {};
    new_.count = 0;
  }
  // Every cgroup, whether it is in the sum or has series of its own. `id`: the folder's
  // inode, which no other cgroup ever has. False when there is no memory.
  bool note(uint64_t id, const Values& v, bool in_sum) {
    if (new_.count == new_.room) {
      const size_t room = new_.room == 0 ? 64 : new_.room * 2;
      auto* items = static_cast<Item*>(realloc(new_.items, room * sizeof(Item)));
      if (items == nullptr) return false;
      new_.items = items;
      new_.room = room;
    }
    Item& item = new_.items[new_.count++];
    item.id = id;
    item.in_sum = in_sum;
    memcpy(item.counters, v.of, sizeof item.counters);
    if (in_sum) sum_.add(v);
    return true;
  }
  // The sum as of this run, which is over.
  Values end() {
    if (new_.count > 0)
      qsort(new_.items, new_.count, sizeof(Item), [](const void* a, const void* b) {
        const uint64_t x = static_cast<const Item*>(a)->id;
        const uint64_t y = static_cast<const Item*>(b)->id;
        return x < y ? -1 : static_cast<int>(x > y);
      });
    size_t at = 0;
    for (size_t i = 0; i < new_.count; ++i) {
      const Item& item = new_.items[i];
      while (at < old_.count && old_.items[at].id < item.id) ++at;
      const bool known = at < old_.count && old_.items[at].id == item.id;
      for (unsigned k = 0; item.in_sum && k < Values::kCounters; ++k)
        total_[k] =
            plus(total_[k], minus(item.counters[k], known ? old_.items[at].counters[k] : 0));
    }
    const List kept = new_;
    new_ = old_;
    old_ = kept;
    memcpy(sum_.of, total_, sizeof total_);
    return sum_;
  }

 private:
  struct Item {
    uint64_t id;
    bool in_sum;
    uint64_t counters[Values::kCounters];
  };
  struct List {
    Item* items = nullptr;
    size_t count = 0;
    size_t room = 0;
  };

  Values sum_;
  uint64_t total_[Values::kCounters] = {};
  List old_;
  List new_;
};

}  // namespace plugin
