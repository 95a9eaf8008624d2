// Counts how many different names there are among those it is given.
#pragma once

#include <shared/text.hpp>

namespace plugin {

class Distinct {
 public:
  Distinct() = default;
  ~Distinct() { free(names_); }
  Distinct(const Distinct&) = delete;
  Distinct& operator=(const Distinct&) = delete;

  // Of a longer name the first bytes count. False when there is no memory.
  bool add(std::string_view name) {
    if (count_ == room_) {
      const size_t room = room_ == 0 ? 16 : room_ * 2;
      auto* names = static_cast<Name*>(realloc(names_, room * sizeof(Name)));
      if (names == nullptr) return false;
      names_ = names;
      room_ = room;
    }
    Name& added = names_[count_++];
    added = {};
    memcpy(added.text, name.data(), name.size() < sizeof added ? name.size() : sizeof added);
    return true;
  }
  uint64_t added() const { return count_; }
  uint64_t count() {
    if (count_ == 0) return 0;
    qsort(names_, count_, sizeof(Name),
          [](const void* a, const void* b) { return memcmp(a, b, sizeof(Name)); });
    uint64_t distinct = 1;
    for (size_t i = 1; i < count_; ++i)
      if (memcmp(&names_[i - 1], &names_[i], sizeof(Name)) != 0) ++distinct;
    return distinct;
  }

 private:
  struct Name {
    char text[32];  // as long as in utmp
  };
  Name* names_ = nullptr;
  size_t count_ = 0;
  size_t room_ = 0;
};

}  // namespace plugin
