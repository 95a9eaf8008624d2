// The packages that are installed, and the latest version of each that the lists have.
#pragma once

#include "deb_version.hpp"

namespace plugin {

constexpr uint32_t kMostPackages = 200000;
constexpr uint32_t kMostOrigins = 64;

class Packages {
 public:
  Packages() = default;
  ~Packages() {
    free(entries_);
    free(text_);
  }
  Packages(const Packages&) = delete;
  Packages& operator=(const Packages&) = delete;

  // One that is installed; false when there is no room.
  bool install(std::string_view name, std::string_view architecture, std::string_view version,
               bool hold) {
    if (count_ == kMostPackages || (count_ * 2 >= size_ && !grow())) return false;
    const uint64_t identity = identity_of(name, architecture);
    Entry& e = place(entries_, size_, identity);
    if (e.identity == identity) return true;
    uint32_t at = 0;
    if (!keep(version, &at)) return false;
    e = {identity, at, static_cast<uint16_t>(version.size()), kNoOrigin, hold};
    ++count_;
    return true;
  }
  // One that could be installed; false when there is no room. Of two origins with the
  // same version the preferred one counts.
  bool offer(std::string_view name, std::string_view architecture, std::string_view version,
             uint8_t origin, bool preferred) {
    if (size_ == 0) return true;
    const uint64_t identity = identity_of(name, architecture);
    Entry& e = place(entries_, size_, identity);
    if (e.identity != identity) return true;
    const int later = compare_versions(version, {text_ + e.version, e.version_size});
    if (later == 0 && e.origin != kNoOrigin && preferred) e.origin = origin;
    if (later <= 0) return true;
    uint32_t at = 0;
    if (!keep(version, &at)) return false;
    e.version = at;
    e.version_size = static_cast<uint16_t>(version.size());
    e.origin = origin;
    return true;
  }
  uint32_t count() const { return count_; }
  // Adds the packages that have an update to the number of its origin, and those that
  // are held back to `held`.
  void count_updates(uint64_t* by_origin, uint64_t* held) const {
    for (uint64_t i = 0; i < size_; ++i) {
      const Entry& e = entries_[i];
      if (e.identity == 0 || e.origin == kNoOrigin) continue;
      if (e.hold)
        ++*held;
      else
        ++by_origin[e.origin];
    }
  }

 private:
  static constexpr uint8_t kNoOrigin = UINT8_MAX;
  static constexpr uint32_t kMostBytes = 16u << 20;
  struct Entry {
    uint64_t identity;  // 0: a free place
    uint32_t version;   // in text_: the latest known
    uint16_t version_size;
    uint8_t origin;  // of that version; kNoOrigin: it is the installed one
    bool hold;
  };

  static uint64_t identity_of(std::string_view name, std::string_view architecture) {
    uint64_t h = 0xcbf29ce484222325u;
    for (const char c : name) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    h = (h ^ 0xffu) * 0x100000001b3u;
    for (const char c : architecture) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    h = (h ^ (h >> 33u)) * 0xff51afd7ed558ccdu;
    return (h ^ (h >> 33u)) | 1u;
  }
  static Entry& place(Entry* entries, uint64_t size, uint64_t identity) {
    uint64_t i = identity >> 1u;
    while (entries[i % size].identity != 0 && entries[i % size].identity != identity) ++i;
    return entries[i % size];
  }
  bool grow() {
    const uint64_t size = size_ == 0 ? 1024 : size_ * 2;
    Entry* entries = static_cast<Entry*>(calloc(size, sizeof(Entry)));
    if (entries == nullptr) return false;
    for (uint64_t i = 0; i < size_; ++i)
      if (entries_[i].identity != 0) place(entries, size, entries_[i].identity) = entries_[i];
    free(entries_);
    entries_ = entries;
    size_ = size;
    return true;
  }
  bool keep(std::string_view version, uint32_t* at) {
    if (used_ + version.size() > capacity_) {
      const uint32_t capacity = capacity_ == 0 ? 16384 : capacity_ * 2;
      char* bigger = capacity > kMostBytes ? nullptr : static_cast<char*>(realloc(text_, capacity));
      if (bigger == nullptr) return false;
      text_ = bigger;
      capacity_ = capacity;
    }
    memcpy(text_ + used_, version.data(), version.size());
    *at = used_;
    used_ += static_cast<uint32_t>(version.size());
    return true;
  }

  Entry* entries_ = nullptr;
  uint64_t size_ = 0;
  uint32_t count_ = 0;
  char* text_ = nullptr;
  uint32_t used_ = 0;
  uint32_t capacity_ = 0;
};

}  // namespace plugin
