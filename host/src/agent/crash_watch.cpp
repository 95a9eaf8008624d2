#include "agent/crash_watch.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "agent/crash_handler.hpp"
#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/format.hpp"
#include "base/log.hpp"

namespace virgo::agent {
namespace {

constexpr std::uint64_t kMaxFile = 4 << 20;

std::string crash_file(const std::string& folder) {
  return folder + "/" + native::kCrashFile;
}

// May still be the first of two.
bool is_recent(const native::CrashRecord& r, std::int64_t now) {
  return r.at >= now - native::kCrashWindow && r.at <= now + native::kCrashWindow;
}

bool names(const std::vector<native::SkippedPlugin>& plugins, const std::string& file) {
  for (const native::SkippedPlugin& p : plugins)
    if (p.file == file) return true;
  return false;
}

Result<void> forget(const std::string& folder, const native::Crashes& crashes,
                    const std::vector<native::SkippedPlugin>& added, std::int64_t now) {
  std::string text;
  std::size_t kept = 0;
  for (const native::CrashRecord& r : crashes.records) {
    // Whoever is on the list starts with a clean sheet when taken off it.
    if (!is_recent(r, now) || names(added, r.file)) continue;
    text += to_line(r);
    ++kept;
  }
  if (kept == crashes.records.size() && crashes.unreadable == 0) return {};
  return replace_file(crash_file(folder), text, 0600);
}

// Opened now, because nothing can be opened safely when it is needed.
int open_records(const std::string& folder) {
  const int fd = open(crash_file(folder).c_str(),
                      O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0)
    log_warn("agent", "{}: {}; crashes of plugins are not remembered", crash_file(folder),
             system_error(errno).message);
  return fd;
}

}  // namespace

Result<std::string> state_folder(const config::AgentSpec& spec) {
  const std::string& folder = spec.state_folder;
  struct stat s {};
  if (folder.empty()) return std::string();
  if (stat(folder.c_str(), &s) == 0) {
    if (S_ISDIR(s.st_mode)) return folder;
    return Error{Errc::invalid, format("state: {} is not a directory", folder)};
  }
  if (errno == ENOENT && folder == config::kDefaultStateFolder) return std::string();
  if (errno == ENOENT && mkdir(folder.c_str(), 0700) == 0) return folder;
  return system_error(errno).context(format("state: {}", folder));
}

native::SkipList skipped_plugins(const config::AgentSpec& spec) {
  if (spec.state_folder.empty()) return {};
  auto list = native::SkipList::read(spec.state_folder);
  if (list) return std::move(list).value();
  log_warn("agent", "{}; no plugin is skipped", list.error().message);
  return {};
}

Result<std::vector<native::SkippedPlugin>> judge_crashes(const std::string& folder,
                                                         std::int64_t now) {
  std::vector<native::SkippedPlugin> added;
  const auto text = read_regular_file(crash_file(folder), kMaxFile);
  if (!text && text.error().code == Errc::not_found) return added;
  if (!text) return text.error().context(crash_file(folder));
  const native::Crashes crashes = native::parse_crashes(*text);
  if (crashes.unreadable > 0)
    log_warn("agent", "{}: {} lines cannot be read and are dropped", crash_file(folder),
             crashes.unreadable);
  added = native::repeated_crashes(crashes.records);
  if (!added.empty()) {
    auto list = native::SkipList::read(folder);
    if (!list) return list.error();
    for (const native::SkippedPlugin& plugin : added) list->add(plugin);
    if (auto written = list->write(folder); !written) return written.error();
  }
  if (auto done = forget(folder, crashes, added, now); !done) return done.error();
  return added;
}

void watch_crashes(const config::AgentSpec& spec) {
  int records = -1;
  const auto folder = state_folder(spec);
  if (!folder) {
    log_warn("agent", "{}; crashes of plugins are not remembered", folder.error().message);
  } else if (!folder->empty()) {
    const auto added = judge_crashes(*folder, system_clock().wall() / 1'000'000'000);
    if (!added) log_warn("agent", "{}", added.error().message);
    records = open_records(*folder);
  }
  install_crash_handler(records);
}

}  // namespace virgo::agent
