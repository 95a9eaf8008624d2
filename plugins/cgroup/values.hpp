// What a cgroup has used and uses, from its files.
#pragma once

#include <shared/folder.hpp>

#include "flat_keyed.hpp"
#include "io_stat.hpp"

namespace plugin {

struct Values {
  enum Field {
    // Running totals:
    kCpu,  // microseconds
    kUser,
    kSystem,
    kThrottled,
    kFaults,
    kMajorFaults,
    kRead,  // bytes
    kWritten,
    kOomKills,
    // As of now:
    kMemory,  // bytes
    kInactiveFile,
    kAnon,
    kFile,
    kSwap,
    kLimit,
    kTasks,
    kFields
  };
  static constexpr unsigned kCounters = kMemory;

  uint64_t of[kFields] = {};
  bool has[kFields] = {};

  void set(Field field, uint64_t value) {
    of[field] = value;
    has[field] = true;
  }
  void add(const Values& more) {
    for (unsigned i = 0; i < kFields; ++i) {
      of[i] = plus(of[i], more.of[i]);
      has[i] |= more.has[i];
    }
  }
};

class ValuesReader {
 public:
  ValuesReader() = default;
  ~ValuesReader() { free(text_); }
  ValuesReader(const ValuesReader&) = delete;
  ValuesReader& operator=(const ValuesReader&) = delete;

  // Files of controllers that are off are missing, and so is what they count.
  Values read(const Folder& folder) {
    Values v;
    read_keyed(folder, "cpu.stat", v, kCpuFields);
    read_keyed(folder, "memory.stat", v, kMemoryFields);
    read_keyed(folder, "memory.events", v, kEventFields);
    read_number(folder, "memory.current", v, Values::kMemory);
    read_number(folder, "memory.swap.current", v, Values::kSwap);
    read_number(folder, "memory.max", v, Values::kLimit);  // "max": there is none
    read_number(folder, "pids.current", v, Values::kTasks);
    read_io(folder, v);
    return v;
  }

 private:
  // Longer files, of a host with more than a hundred disks, are taken for missing.
  static constexpr size_t kMost = 16384;
  struct Key {
    std::string_view name;
    Values::Field field;
  };
  static constexpr Key kCpuFields[] = {{"usage_usec", Values::kCpu},
                                       {"user_usec", Values::kUser},
                                       {"system_usec", Values::kSystem},
                                       {"throttled_usec", Values::kThrottled}};
  static constexpr Key kMemoryFields[] = {{"anon", Values::kAnon},
                                          {"file", Values::kFile},
                                          {"inactive_file", Values::kInactiveFile},
                                          {"pgfault", Values::kFaults},
                                          {"pgmajfault", Values::kMajorFaults}};
  static constexpr Key kEventFields[] = {{"oom_kill", Values::kOomKills}};

  bool read_text(const Folder& folder, const char* name, std::string_view* out) {
    if (text_ == nullptr) text_ = static_cast<char*>(malloc(kMost));
    if (text_ == nullptr) return false;
    const ssize_t n = read_small(folder.fd(), name, text_, kMost);
    if (n < 0 || static_cast<size_t>(n) == kMost - 1) return false;
    *out = {text_, static_cast<size_t>(n)};
    return true;
  }
  template <size_t n>
  void read_keyed(const Folder& folder, const char* name, Values& v, const Key (&keys)[n]) {
    std::string_view text;
    if (!read_text(folder, name, &text)) return;
    KeyedLine line{};
    while (next_keyed(text, &line))
      for (const Key& key : keys)
        if (line.name == key.name) v.set(key.field, line.value);
  }
  void read_number(const Folder& folder, const char* name, Values& v, Values::Field field) {
    std::string_view text;
    uint64_t value = 0;
    if (read_text(folder, name, &text) && to_u64(trimmed(text), &value)) v.set(field, value);
  }
  void read_io(const Folder& folder, Values& v) {
    std::string_view text;
    uint64_t from = 0;
    uint64_t to = 0;
    if (!read_text(folder, "io.stat", &text)) return;
    parse_io_stat(text, &from, &to);
    v.set(Values::kRead, from);
    v.set(Values::kWritten, to);
  }

  char* text_ = nullptr;
};

}  // namespace plugin
