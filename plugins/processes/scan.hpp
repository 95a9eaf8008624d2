// All processes of a host, read in one pass over /proc that all checks of the module
// share: a pass costs some ten microseconds for every process there is, so ten checks must
// not make ten of them.
//
// No two collect() of the module overlap (VIRGO_CHECK_SERIAL), so a scan itself needs no
// lock; the list of scans does, as instances are destroyed on the loop.
#pragma once

#include <pthread.h>
#include <sys/statfs.h>
#include <time.h>

#include <shared/folder.hpp>
#include <shared/proc_file.hpp>

#include "kept_files.hpp"
#include "pid_stat.hpp"

namespace plugin {

struct Process {
  int32_t pid;
  uint32_t threads;
  uint64_t start;  // ticks since boot; with the pid it tells lives apart
  uint64_t user;   // ticks
  uint64_t system;
  uint64_t minor_faults;
  uint64_t major_faults;
  uint64_t virtual_size;  // bytes
  uint64_t resident;      // pages
  char comm[16];          // NUL-terminated
  char state;
  bool is_kernel;
};
static_assert(sizeof(Process) <= 96);

class Scan {
 public:
  // The scan of this root that all instances share; null when there is no memory. Give it
  // back with release().
  static Scan* share(const char* root) {
    pthread_mutex_lock(&lock());
    Scan* scan = first();
    while (scan != nullptr && strcmp(scan->root_.c_str(), root) != 0) scan = scan->next_;
    if (scan == nullptr) scan = make(root);
    if (scan != nullptr) ++scan->users_;
    pthread_mutex_unlock(&lock());
    return scan;
  }
  static void release(Scan* scan) {
    if (scan == nullptr) return;
    pthread_mutex_lock(&lock());
    if (--scan->users_ == 0) {
      Scan** at = &first();
      while (*at != scan) at = &(*at)->next_;
      *at = scan->next_;
      scan->~Scan();
      free(scan);
    }
    pthread_mutex_unlock(&lock());
  }

  // Makes the table one that is not older than half the time since `previous`, the
  // caller's own last run (0: none), by the clock of Host::now_ns().
  virgo_status refresh(virgo::sdk::Host host, virgo::sdk::Run run, uint64_t previous) {
    const uint64_t now = host.now_ns();
    const uint64_t most = previous == 0 ? kNewcomersAge : (now - previous) / 2;
    if (taken_ != 0 && now - taken_ <= most) return VIRGO_OK;
    taken_ = 0;
    const virgo_status status = walk(run);
    if (status == VIRGO_OK) taken_ = now;
    return status;
  }

  // In the order of their pids.
  const Process* begin() const { return table_; }
  const Process* end() const { return table_ + count_; }
  uint32_t size() const { return count_; }
  uint64_t taken_ns() const { return taken_; }  // by the clock of Host::now_ns()
  int64_t unix_ns() const { return unix_ns_; }  // the same moment
  double uptime() const { return uptime_; }     // then; below 0 = not known
  int folder() const { return proc_.fd(); }
  // A real /proc, not a copy of one.
  bool is_proc() const { return is_proc_; }
  // Processes that are there and cannot be looked at.
  uint32_t denied() const { return denied_; }
  // Tells when other users' processes are hidden; true if it did.
  bool explain_hidden(virgo::sdk::Run run) const {
    const bool without_init = is_proc_ && (count_ == 0 || table_[0].pid != 1);
    if (denied_ > 0)
      explain(run,
              "%s: %u process%s of other users cannot be looked at and not counted (it is "
              "mounted with hidepid; the agent needs its gid= group)",
              path_.c_str(), denied_, denied_ == 1 ? "" : "es");
    else if (without_init)
      explain(run,
              "%s shows the agent's own processes only (it is mounted with hidepid; the agent "
              "needs its gid= group)",
              path_.c_str());
    return denied_ > 0 || without_init;
  }

 private:
  static constexpr uint64_t kNewcomersAge = 250'000'000;

  Scan() = default;
  ~Scan() { free(table_); }
  static pthread_mutex_t& lock() {
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    return mutex;
  }
  static Scan*& first() {
    static Scan* list = nullptr;
    return list;
  }
  static Scan* make(const char* root) {
    void* memory = malloc(sizeof(Scan));
    if (memory == nullptr) return nullptr;
    Scan* scan = new (memory) Scan;
    if (!scan->root_.set(root) || !scan->path_.set(root, "/proc")) {
      scan->~Scan();
      free(memory);
      return nullptr;
    }
    scan->next_ = first();
    first() = scan;
    return scan;
  }

  virgo_status walk(virgo::sdk::Run run) {
    count_ = 0;
    denied_ = 0;
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    unix_ns_ = static_cast<int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
    if (!proc_.open(path_.c_str())) {
      explain(run, "%s: %s", path_.c_str(), strerror(errno));
      return VIRGO_ERR_FAILED;
    }
    struct statfs fs {};
    is_proc_ = fstatfs(proc_.fd(), &fs) == 0 && fs.f_type == 0x9fa0;  // PROC_SUPER_MAGIC
    read_uptime();
    files_.begin();
    bool sorted = true;
    const virgo_status status = walk_entries(run, &sorted);
    files_.end();
    if (status < 0) return status;
    if (!sorted) qsort(table_, count_, sizeof(Process), &by_pid);  // the kernel's own is
    shrink();
    if (count_ > 0 || denied_ > 0) return VIRGO_OK;
    explain(run, "%s has no processes: is it mounted?", path_.c_str());
    return VIRGO_ERR_FAILED;
  }

  virgo_status walk_entries(virgo::sdk::Run run, bool* sorted) {
    Entries entries(proc_);
    Entries::Entry entry{};
    while (entries.next(&entry)) {
      const int32_t pid = pid_of(entry.name);
      if (pid == 0) continue;
      if ((count_ & 1023u) == 1023 && run.time_left_ns() == 0) return VIRGO_ERR_TIMEOUT;
      if (!reserve()) return VIRGO_ERR_NO_MEMORY;
      if (!look_at(entry.name, pid)) continue;
      *sorted = *sorted && (count_ == 0 || table_[count_ - 1].pid < pid);
      ++count_;
    }
    if (entries.error() != 0) {
      explain(run, "%s: %s", path_.c_str(), strerror(entries.error()));
      return VIRGO_ERR_FAILED;
    }
    return VIRGO_OK;
  }

  void read_uptime() {
    char text[128];
    const ssize_t n = read_small(proc_.fd(), "uptime", text, sizeof text);
    std::string_view rest(text, n > 0 ? static_cast<size_t>(n) : 0);
    if (!to_f64(take_word(rest), &uptime_) || rest.empty()) uptime_ = -1;
  }

  // False when it has ended meanwhile, or cannot be read.
  bool look_at(const char* name, int32_t pid) {
    char path[32];
    char text[1024];
    snprintf(path, sizeof path, "%.20s/stat", name);
    // Of a copy of /proc files come in any order.
    const ssize_t n = is_proc_ ? files_.read(proc_.fd(), path, pid, text, sizeof text)
                               : read_small(proc_.fd(), path, text, sizeof text);
    if (n < 0 && (errno == EACCES || errno == EPERM)) ++denied_;
    PidStat stat;
    if (n <= 0 || !parse_pid_stat({text, static_cast<size_t>(n)}, &stat)) return false;
    Process& p = table_[count_];
    p = {};
    p.pid = pid;
    p.threads = stat.threads > UINT32_MAX ? UINT32_MAX : static_cast<uint32_t>(stat.threads);
    p.start = stat.start;
    p.user = stat.user;
    p.system = stat.system;
    p.minor_faults = stat.minor_faults;
    p.major_faults = stat.major_faults;
    p.virtual_size = stat.virtual_size;
    p.resident = stat.resident;
    const size_t most = sizeof p.comm - 1;
    memcpy(p.comm, stat.comm.data(), stat.comm.size() < most ? stat.comm.size() : most);
    p.state = stat.state;
    p.is_kernel = (stat.flags & 0x00200000u) != 0;  // PF_KTHREAD
    return true;
  }

  bool reserve() { return count_ < room_ || resize(room_ == 0 ? 128 : room_ + room_ / 2); }
  // After a storm of processes its memory is given back.
  void shrink() {
    if (room_ > 256 && room_ > 2 * count_) resize(count_ + count_ / 4 + 64);
  }
  bool resize(uint32_t room) {
    auto* table = static_cast<Process*>(realloc(table_, room * sizeof(Process)));
    if (table == nullptr) return false;
    table_ = table;
    room_ = room;
    return true;
  }
  static int by_pid(const void* a, const void* b) {
    const int32_t x = static_cast<const Process*>(a)->pid;
    const int32_t y = static_cast<const Process*>(b)->pid;
    return x < y ? -1 : static_cast<int>(x > y);
  }

  Text root_;
  Text path_;
  Folder proc_;
  KeptFiles files_;
  Process* table_ = nullptr;
  uint32_t count_ = 0;
  uint32_t room_ = 0;
  uint32_t denied_ = 0;
  bool is_proc_ = false;
  uint64_t taken_ = 0;  // 0 = there is none
  int64_t unix_ns_ = 0;
  double uptime_ = -1;
  unsigned users_ = 0;
  Scan* next_ = nullptr;
};

// An instance's share of the scan of its root.
class ScanOfRoot {
 public:
  explicit ScanOfRoot(virgo::sdk::Host host) : host_(host) {}
  ~ScanOfRoot() { Scan::release(scan_); }
  ScanOfRoot(const ScanOfRoot&) = delete;
  ScanOfRoot& operator=(const ScanOfRoot&) = delete;

  bool set_root(std::string_view root) {
    Scan::release(scan_);
    scan_ = nullptr;
    return root_.set(root);
  }
  // As of now, or nearly so.
  virgo_status refresh(virgo::sdk::Run run) {
    if (scan_ == nullptr) scan_ = Scan::share(root_.c_str());
    if (scan_ == nullptr) return VIRGO_ERR_NO_MEMORY;
    const uint64_t began = host_.now_ns();
    const virgo_status status = scan_->refresh(host_, run, previous_);
    previous_ = began;
    return status;
  }
  const Scan& operator*() const { return *scan_; }
  const Scan* operator->() const { return scan_; }
  const char* root() const { return root_.c_str(); }

 private:
  virgo::sdk::Host host_;
  Text root_;
  Scan* scan_ = nullptr;
  uint64_t previous_ = 0;
};

}  // namespace plugin
