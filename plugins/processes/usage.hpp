// What processes use: one, or a group of them added up.
#pragma once

#include <sys/stat.h>

#include "pid_io.hpp"
#include "pid_status.hpp"
#include "scan.hpp"

namespace plugin {

// Running totals.
struct Counters {
  enum Field { kUser, kSystem, kMinor, kMajor, kRead, kWritten, kVoluntary, kInvoluntary, kFields };
  uint64_t of[kFields] = {};

  void add(const Counters& more) {
    for (unsigned i = 0; i < kFields; ++i) of[i] = plus(of[i], more.of[i]);
  }
  // What was added since `before`.
  Counters since(const Counters& before) const {
    Counters out;
    for (unsigned i = 0; i < kFields; ++i) out.of[i] = minus(of[i], before.of[i]);
    return out;
  }
};

struct Usage {
  Counters counters;
  uint64_t processes = 0;
  uint64_t threads = 0;
  uint64_t resident = 0;      // pages
  uint64_t virtual_size = 0;  // bytes
  uint64_t swap = 0;
  uint64_t descriptors = 0;
  uint64_t oldest = UINT64_MAX;  // ticks since boot
  // Not known of one of the processes, so not of all of them either.
  bool lacks_io = false;
  bool lacks_status = false;
  bool lacks_descriptors = false;
  bool denied = false;  // as the agent may not read it

  void add(const Usage& more) {
    counters.add(more.counters);
    processes += more.processes;
    threads = plus(threads, more.threads);
    resident = plus(resident, more.resident);
    virtual_size = plus(virtual_size, more.virtual_size);
    swap = plus(swap, more.swap);
    descriptors = plus(descriptors, more.descriptors);
    if (more.oldest < oldest) oldest = more.oldest;
    lacks_io |= more.lacks_io;
    lacks_status |= more.lacks_status;
    lacks_descriptors |= more.lacks_descriptors;
    denied |= more.denied;
  }
};

// Reads what the scan does not have, of the processes somebody asked for.
class UsageReader {
 public:
  explicit UsageReader(const Scan& scan) : scan_(scan) {}

  // `before` is what the process had used at the last run: it stands for what cannot be
  // read, so that no counter goes down.
  Usage read(const Process& p, const Counters& before) {
    Usage u;
    u.counters = before;
    auto& counters = u.counters.of;
    counters[Counters::kUser] = p.user;
    counters[Counters::kSystem] = p.system;
    counters[Counters::kMinor] = p.minor_faults;
    counters[Counters::kMajor] = p.major_faults;
    u.processes = 1;
    u.threads = p.threads;
    u.resident = p.resident;
    u.virtual_size = p.virtual_size;
    u.oldest = p.start;
    if (p.state == 'Z' || p.state == 'X') return u;  // nothing is left but its times
    if (!read_status(p, u)) return u;
    read_io(p, u);
    read_descriptors(p, u);
    return u;
  }

 private:
  // False when the process has ended meanwhile.
  bool read_status(const Process& p, Usage& u) const {
    char text[4096];
    const ssize_t n = read(p, "status", text, sizeof text);
    if (n < 0 && gone(p)) return false;
    const PidStatus status({text, n > 0 ? static_cast<size_t>(n) : 0});
    u.swap = status.swap;
    u.lacks_status = !status.has_switches;
    if (u.lacks_status) {
      u.denied |= n < 0 && is_denied();
      return true;
    }
    u.counters.of[Counters::kVoluntary] = status.voluntary;
    u.counters.of[Counters::kInvoluntary] = status.involuntary;
    return true;
  }
  void read_io(const Process& p, Usage& u) const {
    char text[512];
    const ssize_t n = read(p, "io", text, sizeof text);
    uint64_t from = 0;
    uint64_t to = 0;
    if (n > 0 && parse_pid_io({text, static_cast<size_t>(n)}, &from, &to)) {
      u.counters.of[Counters::kRead] = from;
      u.counters.of[Counters::kWritten] = to;
      return;
    }
    const bool denied = n < 0 && is_denied();
    u.denied |= denied;
    u.lacks_io = denied || !gone(p);
  }
  void read_descriptors(const Process& p, Usage& u) const {
    char path[32];
    snprintf(path, sizeof path, "%d/fd", p.pid);
    struct stat st {};  // since 6.2 the folder's size is the number of its entries
    if (scan_.is_proc() && fstatat(scan_.folder(), path, &st, 0) == 0 && st.st_size > 0) {
      u.descriptors = static_cast<uint64_t>(st.st_size);
      return;
    }
    Folder folder;
    if (folder.open(path, scan_.folder())) {
      Entries entries(folder);
      Entries::Entry entry{};
      while (entries.next(&entry))
        if (entry.name[0] != '.') ++u.descriptors;
      return;
    }
    const bool denied = is_denied();
    u.denied |= denied;
    u.lacks_descriptors = denied || !gone(p);
  }

  ssize_t read(const Process& p, const char* file, char* text, size_t size) const {
    char path[32];
    snprintf(path, sizeof path, "%d/%s", p.pid, file);
    return read_small(scan_.folder(), path, text, size);
  }
  static bool is_denied() { return errno == EACCES || errno == EPERM; }
  bool gone(const Process& p) const {
    const int error = errno;
    char path[32];
    snprintf(path, sizeof path, "%d/stat", p.pid);
    const bool gone = faccessat(scan_.folder(), path, F_OK, 0) != 0;
    errno = error;
    return gone;
  }

  const Scan& scan_;
};

}  // namespace plugin
