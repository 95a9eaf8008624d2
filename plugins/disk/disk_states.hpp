// What is remembered of each disk: the kernel keeps milliseconds in 32 bits, which are
// full after 50 days of work.
#pragma once

#include <shared/wrapping.hpp>

#include "diskstats.hpp"

namespace plugin {

struct DiskState {
  static constexpr size_t kLongestName = 32;  // DISK_NAME_LEN of the kernel
  uint64_t major;
  uint64_t minor;
  char name[kLongestName + 1];
  uint8_t length;
  bool partition;
  uint32_t run;  // that saw it last
  Wrapping32 ms[6];
};

class DiskStates {
 public:
  DiskStates() = default;
  ~DiskStates() { free(states_); }
  DiskStates(const DiskStates&) = delete;
  DiskStates& operator=(const DiskStates&) = delete;

  void begin() {
    ++run_;
    next_ = 0;
  }
  // The one of this device, made if it is new (`*is_new`). Null when there are too many,
  // or no memory.
  DiskState* of(const DiskLine& line, bool* is_new) {
    *is_new = false;
    // The kernel lists them in the same order each time.
    uint32_t i = next_;
    while (i < count_ && !is(states_[i], line)) ++i;
    if (i == count_) {
      i = 0;
      while (i < next_ && !is(states_[i], line)) ++i;
      if (i == next_) i = count_;
    }
    if (i < count_) {
      next_ = i + 1;
      states_[i].run = run_;
      return &states_[i];
    }
    if (line.name.size() > DiskState::kLongestName || count_ == kMost) return nullptr;
    if (count_ == room_ && !grow()) return nullptr;
    DiskState& s = states_[count_++];
    s = {};
    s.major = line.major;
    s.minor = line.minor;
    s.length = static_cast<uint8_t>(line.name.size());
    memcpy(s.name, line.name.data(), line.name.size());
    s.run = run_;
    *is_new = true;
    next_ = count_;
    return &s;
  }
  // Forgets those that are gone.
  void end() {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count_; ++i)
      if (states_[i].run == run_) states_[kept++] = states_[i];
    count_ = kept;
  }
  // Replaces the milliseconds by running totals.
  static void unwrap(DiskState& s, DiskLine& line) {
    constexpr DiskField kFields[] = {kReadMs, kWriteMs, kIoMs, kWeightedMs, kDiscardMs, kFlushMs};
    for (unsigned i = 0; i < 6; ++i)
      if (line.present[kFields[i]]) line.values[kFields[i]] = s.ms[i].next(line.values[kFields[i]]);
  }

 private:
  static constexpr uint32_t kMost = 8192;

  static bool is(const DiskState& s, const DiskLine& line) {
    return s.major == line.major && s.minor == line.minor &&
           line.name == std::string_view(s.name, s.length);
  }
  bool grow() {
    const uint32_t room = room_ == 0 ? 8 : room_ * 2;
    auto* more =
        static_cast<DiskState*>(realloc(static_cast<void*>(states_), room * sizeof(DiskState)));
    if (more == nullptr) return false;
    states_ = more;
    room_ = room;
    return true;
  }

  DiskState* states_ = nullptr;
  uint32_t count_ = 0;
  uint32_t room_ = 0;
  uint32_t next_ = 0;  // probably the next one asked for
  uint32_t run_ = 0;
};

}  // namespace plugin
