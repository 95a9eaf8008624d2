#include "uv/folder_watch.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <tuple>
#include <utility>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "uv/handle.hpp"

namespace virgo::uv {
namespace {

// The kernel's times of files are this coarse at most: what was written within such
// a step of a look may be written once more without a difference to be seen.
constexpr std::int64_t kCoarse = 20'000'000;

constexpr std::size_t kMaxTouched = 1000;

std::int64_t to_ns(const timespec& t) {
  return static_cast<std::int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

}  // namespace

struct FolderWatch::Stamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t modified = 0;
  std::int64_t changed = 0;
  bool fresh = false;  // written so shortly before the look that a later write may look the same

  bool same(const Stamp& o) const {
    return std::tie(device, inode, size, modified, changed) ==
           std::tie(o.device, o.inode, o.size, o.modified, o.changed);
  }
};

// One look, on a thread of libuv's. Outlives the watch if that dies meanwhile.
struct FolderWatch::Look {
  uv_work_t request{};
  FolderWatch* watch = nullptr;  // null once it is gone
  std::shared_ptr<Look> self;    // while libuv holds the request
  std::string folder;
  std::string suffix;
  std::size_t max_files = 0;
  std::set<std::string> touched;
  bool at_once = false;

  // What was found.
  Files files;
  std::uint64_t device = 0;  // of the folder; 0 = it is not there
  std::uint64_t inode = 0;
  bool links = false;
  std::string problem;  // why nothing is known; "" otherwise

  void run() noexcept;
  void read_files();
};

void FolderWatch::Look::run() noexcept {
  struct stat info {};
  if (::stat(folder.c_str(), &info) != 0) {
    if (errno != ENOENT && errno != ENOTDIR) problem = std::strerror(errno);
    return;
  }
  if (!S_ISDIR(info.st_mode)) return;
  device = info.st_dev;
  inode = info.st_ino;
  if (char* real = ::realpath(folder.c_str(), nullptr); real != nullptr) {
    std::string plain = std::filesystem::path(folder).lexically_normal().string();
    while (plain.size() > 1 && plain.back() == '/') plain.pop_back();
    links = plain.front() == '/' && plain != real;
    std::free(real);
  }
  read_files();
}

void FolderWatch::Look::read_files() {
  const auto names = list_folder(folder, {suffix}, max_files);
  if (!names) {
    problem = names.error().message;
    return;
  }
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  for (const std::string& name : *names) {
    const std::string path = folder + "/" + name;
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) continue;
    if (S_ISLNK(info.st_mode)) {
      links = true;
      if (::stat(path.c_str(), &info) != 0) continue;
    }
    if (!S_ISREG(info.st_mode)) continue;
    Stamp stamp;
    stamp.device = info.st_dev;
    stamp.inode = info.st_ino;
    stamp.size = info.st_size;
    stamp.modified = to_ns(info.st_mtim);
    stamp.changed = to_ns(info.st_ctim);
    stamp.fresh = to_ns(now) - stamp.changed < kCoarse;
    files.emplace(name, stamp);
  }
}

// The kernel's watch on one incarnation of the folder.
struct FolderWatch::Event {
  HandleBox<uv_fs_event_t, FolderWatch> handle;
  std::uint64_t device;
  std::uint64_t inode;

  Event(Loop& loop, FolderWatch* watch, std::uint64_t d, std::uint64_t i)
      : handle(watch), device(d), inode(i) {
    uv_fs_event_init(loop.raw(), handle.get());
    handle.initialised();
  }
};

FolderWatch::FolderWatch(Loop& loop, std::string folder, Options options, Changed changed)
    : loop_(loop),
      folder_(std::move(folder)),
      options_(std::move(options)),
      changed_(std::make_shared<const Changed>(std::move(changed))),
      timer_(loop, [this] { look(); }),
      told_(std::make_unique<Files>()),
      seen_(std::make_unique<Files>()) {
  look_now();
}

FolderWatch::~FolderWatch() {
  if (looking_ == nullptr) return;
  looking_->watch = nullptr;
  uv_cancel(reinterpret_cast<uv_req_t*>(&looking_->request));
}

void FolderWatch::look_now() {
  at_once_ = true;
  if (looking_ != nullptr)
    again_ = true;
  else
    look();
}

void FolderWatch::hint(const char* name) {
  if (name != nullptr && touched_.size() < kMaxTouched) touched_.emplace(name);
  if (looking_ != nullptr) {
    again_ = true;
    return;
  }
  const TimePoint now = system_clock().now();
  if (!burst_) burst_ = now;
  timer_.start(std::min(options_.quiet, *burst_ + options_.at_most - now));
}

void FolderWatch::look() {
  if (looking_ != nullptr) return;
  timer_.stop();
  // Watched before it is looked at: what changes after the look is reported.
  struct stat info {};
  if (event_ == nullptr && ::stat(folder_.c_str(), &info) == 0 && S_ISDIR(info.st_mode))
    start_event(info.st_dev, info.st_ino);
  again_ = false;
  auto look = std::make_shared<Look>();
  look->request.data = look.get();
  look->watch = this;
  look->folder = folder_;
  look->suffix = options_.suffix;
  look->max_files = options_.max_files;
  look->touched.swap(touched_);
  look->at_once = std::exchange(at_once_, false);
  look->self = look;
  looking_ = look;
  const int rc = uv_queue_work(
      loop_.raw(), &look->request,
      [](uv_work_t* r) noexcept { static_cast<Look*>(r->data)->run(); },
      [](uv_work_t* r, int status) noexcept {
        const auto done = std::move(static_cast<Look*>(r->data)->self);
        if (done->watch != nullptr && status == 0) done->watch->looked(*done);
      });
  if (rc == 0) return;
  look->self.reset();
  looking_.reset();
  timer_.start(options_.poll);
}

void FolderWatch::looked(Look& look) {
  const auto keep = std::move(looking_);
  if (!look.problem.empty()) {
    complain("cannot look into it: " + look.problem);
    touched_.merge(look.touched);
    timer_.start(options_.poll);
    return;
  }
  if (event_ != nullptr) complained_.clear();
  follow_folder(look);
  settle(look, look.at_once);
}

// The folder that is there may be another than the one that is watched.
void FolderWatch::follow_folder(const Look& look) {
  links_ = look.links;
  there_ = look.inode != 0;
  if (event_ == nullptr || (event_->device == look.device && event_->inode == look.inode)) return;
  event_.reset();
  if (!there_) return;
  start_event(look.device, look.inode);
  again_ = true;  // what came between that look and this watch
}

void FolderWatch::start_event(std::uint64_t device, std::uint64_t inode) {
  int rc = UV_ENOSPC;
  if (options_.events) {
    event_ = std::make_unique<Event>(loop_, this, device, inode);
    rc = uv_fs_event_start(
        event_->handle.get(),
        [](uv_fs_event_t* h, const char* name, int, int) noexcept {
          FolderWatch* self = HandleBox<uv_fs_event_t, FolderWatch>::owner_of(h->data);
          if (self != nullptr) self->hint(name);
        },
        folder_.c_str(), 0);
  }
  if (rc == 0) return;
  event_.reset();
  if (rc == UV_ENOENT || rc == UV_ENOTDIR) return;
  complain(format(
      "the kernel reports no changes in it ({}); looked at every {} instead. "
      "fs.inotify.max_user_watches and max_user_instances bound how much it reports",
      uv_strerror(rc),
      format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(options_.poll))));
}

void FolderWatch::settle(Look& look, bool at_once) {
  const auto same = [](const Files& a, const Files& b) {
    if (a.size() != b.size()) return false;
    for (auto i = a.begin(), j = b.begin(); i != a.end(); ++i, ++j)
      if (i->first != j->first || !i->second.same(j->second)) return false;
    return true;
  };
  const bool as_last_time = same(look.files, *seen_);
  *seen_ = look.files;
  const TimePoint now = system_clock().now();
  // Without events nobody says when it is quiet: two looks have to agree.
  const bool quiet = event_ != nullptr && !links_;
  const bool too_long = burst_ && now - *burst_ >= options_.at_most;
  if (!at_once && !quiet && !as_last_time && !too_long && !same(look.files, *told_)) {
    if (!burst_) burst_ = now;
    touched_.merge(look.touched);
    timer_.start(options_.quiet);
    return;
  }
  burst_.reset();
  schedule_next();
  tell(look);
}

void FolderWatch::schedule_next() {
  if (again_) {
    if (at_once_) {
      look();
      return;
    }
    burst_ = system_clock().now();
    timer_.start(options_.quiet);
    return;
  }
  const bool reported = event_ != nullptr && there_ && !links_;
  timer_.start(reported ? options_.safety : options_.poll);
}

void FolderWatch::tell(Look& look) {
  std::vector<FileChange> changes;
  auto old = told_->begin();
  auto now = look.files.begin();
  while (old != told_->end() || now != look.files.end()) {
    if (now == look.files.end() || (old != told_->end() && old->first < now->first)) {
      changes.push_back({old->first, true});
      ++old;
    } else if (old == told_->end() || now->first < old->first) {
      changes.push_back({now->first, false});
      ++now;
    } else {
      const bool unclear = old->second.fresh && look.touched.count(now->first) != 0;
      if (unclear || !old->second.same(now->second)) changes.push_back({now->first, false});
      ++old;
      ++now;
    }
  }
  *told_ = std::move(look.files);
  if (changes.empty()) return;
  const auto changed = changed_;  // held here: the callback may destroy this object
  (*changed)(changes);
}

void FolderWatch::complain(const std::string& what) {
  if (complained_ == what) return;
  complained_ = what;
  log_warn("watch", "folder {}: {}", folder_, what);
}

}  // namespace virgo::uv
