// The mounts to report, and the questions they make: one for each file system, whatever
// it is mounted on.
#pragma once

#include "filter.hpp"
#include "mount_table.hpp"
#include "prober.hpp"

namespace plugin {

class Selected {
 public:
  Selected() = default;
  ~Selected() {
    free(list_);
    free(paths_);
  }
  Selected(const Selected&) = delete;
  Selected& operator=(const Selected&) = delete;

  bool set_root(std::string_view root) { return root_.set(root); }

  // False when there is no memory.
  bool choose(const MountTable& table, const Filter& filter) {
    count_ = 0;
    for (uint32_t i = 0; i < table.size(); ++i) {
      if (!filter.wants(table[i]) || table.is_hidden(i)) continue;
      if (count_ == room_ && !grow(list_, room_)) return false;
      uint32_t first = 0;
      while (first < count_ && table[list_[first].mount].device_id != table[i].device_id) ++first;
      list_[count_++] = {i, first, 0};
    }
    return true;
  }
  // Adds the questions to `inquiry`. `folders_only` as in Probe.
  bool ask(const MountTable& table, Inquiry& inquiry, bool folders_only) {
    for (uint32_t i = 0; i < count_; ++i) {
      if (!is_first(i)) continue;
      length_ = 0;
      for (uint32_t k = i; k < count_; ++k)
        if (list_[k].first == i && !add_path(table[list_[k].mount].point)) return false;
      if (!add_text("", 1)) return false;
      list_[i].question = inquiry.size();
      const Mount& m = table[list_[i].mount];
      if (!inquiry.add(m.device_id, paths_, length_, may_hang(m.type), folders_only,
                       above(table, i)))
        return false;
    }
    return true;
  }

  uint32_t size() const { return count_; }
  // Whether no other before is a mount of the same file system.
  bool is_first(uint32_t i) const { return list_[i].first == i; }
  // Its place in the table.
  uint32_t mount(uint32_t i) const { return list_[i].mount; }
  // The same for the n-th mount of the file system whose first is i.
  uint32_t mount(uint32_t i, uint32_t n) const {
    for (uint32_t k = i; k < count_; ++k)
      if (list_[k].first == i && n-- == 0) return list_[k].mount;
    return list_[i].mount;
  }
  // Its number in the inquiry.
  uint32_t question(uint32_t i) const { return list_[list_[i].first].question; }

 private:
  struct Entry {
    uint32_t mount;
    uint32_t first;     // the first entry of the same file system
    uint32_t question;  // of the first entry
  };

  template <class T>
  static bool grow(T*& list, uint32_t& room) {
    const uint32_t more = room == 0 ? 16 : room * 2;
    T* bigger = static_cast<T*>(realloc(list, more * sizeof(T)));
    if (bigger == nullptr) return false;
    list = bigger;
    room = more;
    return true;
  }
  bool add_text(const char* text, size_t n) {
    while (length_ + n > path_room_)
      if (!grow(paths_, path_room_)) return false;
    if (n > 0) memcpy(paths_ + length_, text, n);
    length_ += n;
    return true;
  }
  bool add_path(const char* point) {
    return add_text(root_.c_str(), strlen(root_.c_str())) && add_text(point, strlen(point) + 1);
  }
  // The question about a server's file system through which the way to this one leads: it
  // may hang on the way.
  uint32_t above(const MountTable& table, uint32_t i) const {
    const std::string_view point = table[list_[i].mount].point;
    for (uint32_t k = 0; k < i; ++k) {
      const Mount& m = table[list_[k].mount];
      const std::string_view other = m.point;
      if (list_[k].first != i && may_hang(m.type) && other != "/" && starts_with(point, other) &&
          point.size() > other.size() && point[other.size()] == '/')
        return question(k);
    }
    return Inquiry::kNone;
  }

  Text root_;
  Entry* list_ = nullptr;
  uint32_t count_ = 0;
  uint32_t room_ = 0;
  char* paths_ = nullptr;  // of one question
  size_t length_ = 0;
  uint32_t path_room_ = 0;
};

}  // namespace plugin
