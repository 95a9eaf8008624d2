// FolderWatch: which files of a folder came, changed or went, whichever way they
// are saved: written in place, renamed over, deleted and made again, a link turned
// to another file, the whole folder replaced.
//
// inotify only says that it is time to look; what has changed is told by comparing
// what is there (device, inode, size, times) with what was there at the last look,
// which is done on another thread. A burst is told once, when it has been quiet
// for a while.
//
//   event --> quiet for 200 ms, or 2 s since the first --> look --> changed(list)
//
// Where inotify has nothing to say (the kernel gives no more watches, links that
// point elsewhere, a folder that is not there yet) the watch looks every
// `Options::poll` instead, and tells what has stayed the same between two looks.
//
// Loop thread only. Keeps the loop running while it lives.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "uv/loop.hpp"
#include "uv/timer.hpp"

namespace virgo::uv {

struct FileChange {
  std::string name;      // within the folder
  bool removed = false;  // else it came or changed
};

class FolderWatch {
 public:
  struct Options {
    std::string suffix;  // of the names that count; hidden ones never do
    Duration quiet = std::chrono::milliseconds(200);
    Duration at_most = std::chrono::seconds(2);  // after the first event of a burst
    Duration poll = std::chrono::seconds(2);
    // Every now and then it looks in any case: not every file system reports.
    Duration safety = std::chrono::seconds(30);
    std::size_t max_files = 10'000;  // more are not looked at
    bool events = true;              // false: as if inotify were exhausted
  };
  // Not empty, in order of name. May destroy the watch.
  using Changed = std::function<void(const std::vector<FileChange>&)>;

  // `folder` need not be there. The first look, which is begun at once, tells every
  // file that it finds.
  FolderWatch(Loop& loop, std::string folder, Options options, Changed changed);
  ~FolderWatch();
  FolderWatch(const FolderWatch&) = delete;
  FolderWatch& operator=(const FolderWatch&) = delete;

  // Looks at once, and tells what it finds without waiting for quiet.
  void look_now();
  const std::string& folder() const { return folder_; }
  // Whether the kernel reports changes; false while it only looks now and then.
  bool reported() const { return event_ != nullptr; }

 private:
  struct Event;
  struct Look;
  struct Stamp;
  using Files = std::map<std::string, Stamp>;

  void hint(const char* name);
  void look();
  void looked(Look& look);
  void follow_folder(const Look& look);
  void start_event(std::uint64_t device, std::uint64_t inode);
  void settle(Look& look, bool at_once);
  void tell(Look& look);
  void schedule_next();
  void complain(const std::string& what);

  Loop& loop_;
  const std::string folder_;
  const Options options_;
  const std::shared_ptr<const Changed> changed_;
  Timer timer_;
  std::unique_ptr<Event> event_;
  std::unique_ptr<Files> told_;     // what the owner knows of
  std::unique_ptr<Files> seen_;     // at the last look
  std::set<std::string> touched_;   // named by events since the last look began
  std::optional<TimePoint> burst_;  // since when there is something to look at
  std::shared_ptr<Look> looking_;   // under way
  bool again_ = false;              // events came while it was
  bool at_once_ = false;            // look_now() was called
  bool links_ = false;              // events do not tell all
  bool there_ = false;              // the folder, at the last look
  std::string complained_;          // each thing is said once
};

}  // namespace virgo::uv
