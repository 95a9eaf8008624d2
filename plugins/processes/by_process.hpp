// What an instance remembers of processes from run to run. Processes come in the order of
// their pids, so that remembering is merging two sorted lists.
#pragma once

#include <stdint.h>
#include <stdlib.h>

namespace plugin {

// T has pid and start, and can be copied as bytes.
template <class T>
class ByProcess {
 public:
  ByProcess() = default;
  ~ByProcess() {
    free(old_.items);
    free(new_.items);
  }
  ByProcess(const ByProcess&) = delete;
  ByProcess& operator=(const ByProcess&) = delete;

  // Of the run that begins. What a run before added and did not keep() is dropped.
  void begin() {
    at_ = 0;
    new_.count = 0;
  }
  // What is known of this life of the process, or null. Pids must ascend.
  const T* find(int32_t pid, uint64_t start) {
    while (at_ < old_.count && old_.items[at_].pid < pid) ++at_;
    if (at_ == old_.count || old_.items[at_].pid != pid || old_.items[at_].start != start)
      return nullptr;
    return &old_.items[at_];
  }
  // False when there is no memory.
  bool add(const T& item) {
    if (new_.count == new_.room && !resize(new_, new_.room == 0 ? 16 : new_.room * 2)) return false;
    new_.items[new_.count++] = item;
    return true;
  }
  // What was added is what will be known from here on.
  void keep() {
    const List kept = new_;
    new_ = old_;
    old_ = kept;
    new_.count = 0;
    if (new_.room > 64 && new_.room > 4 * old_.count) resize(new_, old_.count + 16);
  }

 private:
  struct List {
    T* items = nullptr;
    uint32_t count = 0;
    uint32_t room = 0;
  };
  static bool resize(List& list, uint32_t room) {
    auto* items = static_cast<T*>(realloc(list.items, room * sizeof(T)));
    if (items == nullptr) return false;
    list.items = items;
    list.room = room;
    return true;
  }

  List old_;
  List new_;
  uint32_t at_ = 0;
};

}  // namespace plugin
