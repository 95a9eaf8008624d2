#include "agent/crash_watch.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "agent/crash_folder.hpp"
#include "agent/crash_handler.hpp"
#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/format.hpp"
#include "base/log.hpp"

namespace virgo::agent {
namespace {

// While it lives nobody else judges, forgets or takes a plugin off the list.
class Locked {
 public:
  explicit Locked(const CrashFile& file) : file_(file), done_(file.lock()) {}
  ~Locked() {
    if (done_) file_.unlock();
  }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;
  const Result<void>& done() const { return done_; }

 private:
  const CrashFile& file_;
  const Result<void> done_;
};

// May still be the first of two.
bool is_recent(const native::CrashRecord& r, std::int64_t now) {
  return r.at >= now - native::kCrashWindow && r.at <= now + native::kCrashWindow;
}

bool names(const std::vector<native::SkippedPlugin>& plugins, const std::string& file) {
  for (const native::SkippedPlugin& p : plugins)
    if (p.file == file) return true;
  return false;
}

Result<void> forget(const CrashFile& file, const native::Crashes& crashes,
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
  return file.rewrite(text);
}

Result<std::vector<native::SkippedPlugin>> judge(const CrashFolder& folder, const CrashFile& file,
                                                 std::int64_t now) {
  const Locked locked(file);
  if (!locked.done()) return locked.done().error();
  const auto text = file.read();
  if (!text) return text.error();
  const native::Crashes crashes = native::parse_crashes(*text);
  if (crashes.unreadable > 0)
    log_warn("agent", "{}: {} lines cannot be read and are dropped", file.path(),
             crashes.unreadable);
  auto added = native::repeated_crashes(crashes.records);
  if (!added.empty()) {
    auto list = folder.skipped();
    if (!list) return list.error();
    for (const native::SkippedPlugin& plugin : added) list->add(plugin);
    if (auto written = folder.replace_skipped(*list); !written) return written.error();
  }
  if (auto done = forget(file, crashes, added, now); !done) return done.error();
  return added;
}

// Judges, and returns where the crash handler is to write: opened now, because
// nothing can be opened safely when it is needed.
Result<int> start_records(const std::string& path, std::int64_t now) {
  const auto folder = CrashFolder::open(path);
  if (!folder) return folder.error();
  const auto file = folder->crashes();
  if (!file) return file.error();
  if (const auto added = judge(*folder, *file, now); !added)
    log_warn("agent", "{}", added.error().message);
  const int records = fcntl(file->get(), F_DUPFD_CLOEXEC, 3);
  if (records < 0) return system_error(errno).context(file->path());
  return records;
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

Result<native::SkipList> read_skipped(const config::AgentSpec& spec) {
  if (spec.state_folder.empty()) return native::SkipList();
  const auto folder = CrashFolder::open(spec.state_folder);
  if (!folder && folder.error().code == Errc::not_found) return native::SkipList();
  if (!folder) return folder.error();
  return folder->skipped();
}

native::SkipList skipped_plugins(const config::AgentSpec& spec) {
  auto list = read_skipped(spec);
  if (list) return std::move(list).value();
  log_warn("agent", "{}; no plugin is skipped", list.error().message);
  return {};
}

Result<bool> take_off_list(const std::string& folder, const std::string& file) {
  const auto opened = CrashFolder::open(folder);
  if (!opened && opened.error().code == Errc::not_found) return false;
  if (!opened) return opened.error();
  const auto crashes = opened->crashes();
  if (!crashes) return crashes.error();
  const Locked locked(*crashes);
  if (!locked.done()) return locked.done().error();
  auto list = opened->skipped();
  if (!list) return list.error();
  if (!list->remove(file)) return false;
  if (auto written = opened->replace_skipped(*list); !written) return written.error();
  return true;
}

Result<std::vector<native::SkippedPlugin>> judge_crashes(const std::string& folder,
                                                         std::int64_t now) {
  const auto opened = CrashFolder::open(folder);
  if (!opened) return opened.error();
  const auto file = opened->crashes();
  if (!file) return file.error();
  return judge(*opened, *file, now);
}

void watch_crashes(const config::AgentSpec& spec) {
  Result<int> records = -1;
  const auto folder = state_folder(spec);
  if (!folder)
    records = folder.error();
  else if (!folder->empty())
    records = start_records(*folder, system_clock().wall() / 1'000'000'000);
  if (!records)
    log_warn("agent", "{}; crashes of plugins are not remembered", records.error().message);
  install_crash_handler(records ? *records : -1);
}

}  // namespace virgo::agent
