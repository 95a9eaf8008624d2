#include "native/skip_list.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/text.hpp"
#include "native/call_note.hpp"

namespace virgo::native {
namespace {

// A line is that of the last crash.
CrashRecord as_record(const SkippedPlugin& p) {
  return {p.crashed, 0, p.identity, p.module, "", "", p.file};
}

SkippedPlugin as_skipped(const CrashRecord& r) {
  return {r.at, r.identity, r.module, r.file};
}

}  // namespace

SkipList SkipList::parse(std::string_view text) {
  SkipList out;
  for (const CrashRecord& record : parse_crashes(text).records) out.add(as_skipped(record));
  return out;
}

std::string SkipList::text() const {
  std::string out;
  for (const SkippedPlugin& p : entries_) out += to_line(as_record(p));
  return out;
}

const SkippedPlugin* SkipList::find(const std::string& file) const {
  for (const SkippedPlugin& p : entries_)
    if (p.file == file && p.identity == file_identity(file)) return &p;
  return nullptr;
}

void SkipList::add(SkippedPlugin plugin) {
  remove(plugin.file);
  entries_.push_back(std::move(plugin));
}

bool SkipList::remove(const std::string& file) {
  return std::erase_if(entries_, [&file](const SkippedPlugin& p) { return p.file == file; }) > 0;
}

std::vector<SkippedPlugin> repeated_crashes(const std::vector<CrashRecord>& records) {
  SkipList found;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const CrashRecord& later = records[i];
    const bool repeated =
        std::any_of(records.begin(), records.begin() + static_cast<std::ptrdiff_t>(i),
                    [&later](const CrashRecord& r) {
                      // Whatever way the clock was set meanwhile.
                      return r.file == later.file && r.identity == later.identity &&
                             r.at >= later.at - kCrashWindow && r.at <= later.at + kCrashWindow;
                    });
    if (repeated) found.add(as_skipped(later));
  }
  return found.entries();
}

std::string why_skipped(const SkippedPlugin& plugin) {
  return format("crashed the agent twice within ten minutes, last on {}",
                format_utc(plugin.crashed));
}

}  // namespace virgo::native
