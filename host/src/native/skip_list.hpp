// Plugins that are not loaded any more because they crashed the agent twice within
// ten minutes: the file "skipped-plugins" in the agent's state folder. An entry is
// about one very file; another file in its place is tried. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "native/crash_record.hpp"

namespace virgo::native {

inline constexpr const char* kSkipFile = "skipped-plugins";

// Two crashes of a module no further apart than this put it on the list.
inline constexpr std::int64_t kCrashWindow = 600;  // seconds

struct SkippedPlugin {
  std::int64_t crashed = 0;  // the last time; seconds since 1970
  std::string identity;      // file_identity()
  std::string module;        // "" if not known
  std::string file;          // canonical path
};

class SkipList {
 public:
  // Of the content of a file. Lines that are spoilt are left out.
  static SkipList parse(std::string_view text);
  std::string text() const;

  const std::vector<SkippedPlugin>& entries() const { return entries_; }
  // The entry about the file that lies at `file` now; null if it may be loaded.
  const SkippedPlugin* find(const std::string& file) const;
  // In the place of an older entry for the same path.
  void add(SkippedPlugin plugin);
  // True if there was an entry for this path.
  bool remove(const std::string& file);

 private:
  std::vector<SkippedPlugin> entries_;
};

// The files that crashed twice within kCrashWindow, once each.
std::vector<SkippedPlugin> repeated_crashes(const std::vector<CrashRecord>& records);

// "crashed the agent twice within ten minutes, last on 2026-01-31 12:00:00 UTC"
std::string why_skipped(const SkippedPlugin& plugin);

}  // namespace virgo::native
