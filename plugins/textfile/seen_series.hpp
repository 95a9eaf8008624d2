// Which series there have been in a run, and in which file.
#pragma once

#include "exposition.hpp"

namespace plugin {

// The same for the same name and labels, in whatever order they are.
inline uint64_t identity_of(const Series& s) {
  const auto hash = [](uint64_t h, std::string_view text) {
    for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    return (h ^ 0xffu) * 0x100000001b3u;  // "ab","c" is not "a","bc"
  };
  const auto mixed = [](uint64_t h) {
    h = (h ^ (h >> 33u)) * 0xff51afd7ed558ccdu;
    h = (h ^ (h >> 33u)) * 0xc4ceb9fe1a85ec53u;
    return h ^ (h >> 33u);
  };
  constexpr uint64_t kStart = 0xcbf29ce484222325u;
  uint64_t sum = mixed(hash(kStart, s.name));
  for (unsigned i = 0; i < s.label_count; ++i) {
    if (s.labels[i].value.empty()) continue;  // as if it were not there
    sum += mixed(hash(hash(kStart + 1, s.labels[i].name), s.labels[i].value));
  }
  return mixed(sum) | 1u;  // 0 is a free place
}

class SeenSeries {
 public:
  SeenSeries() = default;
  ~SeenSeries() { free(entries_); }
  SeenSeries(const SeenSeries&) = delete;
  SeenSeries& operator=(const SeenSeries&) = delete;

  enum class Added : uint8_t { added, seen, no_memory };
  // `seen`: *file is then where.
  Added add(uint64_t identity, uint32_t* file) {
    if (count_ * 2 >= size_ && !remake(size_ == 0 ? 64 : size_ * 2, kNoFile))
      return Added::no_memory;
    Entry& e = place(entries_, size_, identity);
    if (e.identity == identity) {
      *file = e.file;
      return Added::seen;
    }
    e = {identity, *file};
    ++count_;
    return Added::added;
  }
  // The series of a file are as if they had not been added; without memory they stay.
  void forget(uint32_t file) {
    if (size_ > 0) remake(size_, file);
  }
  uint64_t count() const { return count_; }

 private:
  static constexpr uint32_t kNoFile = UINT32_MAX;
  struct Entry {
    uint64_t identity;
    uint32_t file;
  };
  static Entry& place(Entry* entries, uint64_t size, uint64_t identity) {
    uint64_t i = identity >> 1u;
    while (entries[i % size].identity != 0 && entries[i % size].identity != identity) ++i;
    return entries[i % size];
  }
  // A table of this size with all series but those of one file.
  bool remake(uint64_t size, uint32_t without) {
    Entry* entries = static_cast<Entry*>(calloc(size, sizeof(Entry)));
    if (entries == nullptr) return false;
    count_ = 0;
    for (uint64_t i = 0; i < size_; ++i) {
      if (entries_[i].identity == 0 || entries_[i].file == without) continue;
      place(entries, size, entries_[i].identity) = entries_[i];
      ++count_;
    }
    free(entries_);
    entries_ = entries;
    size_ = size;
    return true;
  }

  Entry* entries_ = nullptr;
  uint64_t size_ = 0;
  uint64_t count_ = 0;
};

}  // namespace plugin
