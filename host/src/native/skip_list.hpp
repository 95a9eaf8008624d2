// Plugins that are not loaded any more because they crashed the agent twice within
// ten minutes: the file "skipped-plugins" in the agent's state folder. An entry is
// about one very file; another file in its place is tried. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "native/crash_record.hpp"

namespace virgo::native {

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
  // The list in `folder`; an empty one if there is none. Lines that are spoilt are
  // left out. Fails when it is there and cannot be read.
  static Result<SkipList> read(const std::string& folder);
  Result<void> write(const std::string& folder) const;

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
