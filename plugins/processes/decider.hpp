// Which groups want which process. What costs more files is decided once in a process's
// life and remembered.
#pragma once

#include "by_process.hpp"
#include "group.hpp"

namespace plugin {

class Decider {
 public:
  Decider() = default;
  ~Decider() { free(text_); }
  Decider(const Decider&) = delete;
  Decider& operator=(const Decider&) = delete;

  void begin() {
    decisions_.begin();
    denied_ = 0;
  }
  void keep() {
    decisions_.keep();
    free(text_);
    text_ = nullptr;
  }
  // Processes of which the agent may not know whose they are or what they run.
  uint32_t denied() const { return denied_; }

  // The groups that want the process, by bits; false when there is no memory.
  bool decide(Groups& groups, const Scan& scan, const Process& p, uint64_t* wanted) {
    uint64_t ask = 0;
    *wanted = 0;
    for (uint32_t i = 0; i < groups.size(); ++i) {
      if (!groups[i].may_want(p)) continue;
      const bool costs = groups[i].needs_user() || groups[i].needs_cmdline();
      (costs ? ask : *wanted) |= uint64_t{1} << i;
    }
    if (ask == 0) return true;
    const Decision* known = decisions_.find(p.pid, p.start);
    const uint32_t comm = hash_of(p.comm);
    if (known != nullptr && known->for_good && known->comm == comm && (ask & ~known->asked) == 0) {
      *wanted |= known->wanted & ask;
      return decisions_.add(*known);
    }
    uint64_t found = 0;
    if (!ask_groups(groups, scan, p, ask, &found)) return true;  // it has ended, or is hidden
    *wanted |= found;
    return decisions_.add({p.pid, comm, p.start, ask, found, !is_young(scan, p)});
  }

 private:
  static constexpr size_t kMostOfFile = 16384;
  // Seconds. A daemon changes its user, and a child its command line, a moment after it
  // began: what is found so early is asked again.
  static constexpr double kYoung = 10;

  struct Decision {
    int32_t pid;
    uint32_t comm;  // a hash: exec() gives a process another name
    uint64_t start;
    uint64_t asked;   // the groups that were asked
    uint64_t wanted;  // those of them that want it
    bool for_good;
  };

  bool ask_groups(Groups& groups, const Scan& scan, const Process& p, uint64_t ask,
                  uint64_t* found) {
    bool by_user = false;
    bool by_cmdline = false;
    for (uint32_t i = 0; i < groups.size(); ++i)
      if ((ask >> i & 1u) != 0) {
        by_user |= groups[i].needs_user();
        by_cmdline |= groups[i].needs_cmdline();
      }
    uint64_t user = 0;
    if (by_user) {
      const PidStatus status(read(scan, p, "status"));
      if (!status.has_user) return false;
      user = status.user;
    }
    const char* cmdline = "";
    if (by_cmdline && !p.is_kernel) {
      const std::string_view text = read(scan, p, "cmdline");
      if (text.data() == nullptr) return false;
      cmdline = as_words(text);
    }
    for (uint32_t i = 0; i < groups.size(); ++i)
      if ((ask >> i & 1u) != 0 && groups[i].wants_user(user) && groups[i].wants_cmdline(cmdline))
        *found |= uint64_t{1} << i;
    return true;
  }

  // Null when it cannot be read; lent until the next one.
  std::string_view read(const Scan& scan, const Process& p, const char* file) {
    if (text_ == nullptr) text_ = static_cast<char*>(malloc(kMostOfFile));
    if (text_ == nullptr) return {};
    char path[32];
    snprintf(path, sizeof path, "%d/%s", p.pid, file);
    const ssize_t n = read_small(scan.folder(), path, text_, kMostOfFile);
    if (n >= 0) return {text_, static_cast<size_t>(n)};
    if (errno == EACCES || errno == EPERM) ++denied_;
    return {};
  }
  // Arguments end with a NUL each; programs that write to their own may leave more.
  char* as_words(std::string_view cmdline) {
    size_t size = cmdline.size();
    while (size > 0 && text_[size - 1] == '\0') --size;
    for (size_t i = 0; i < size; ++i)
      if (text_[i] == '\0') text_[i] = ' ';
    text_[size] = '\0';
    return text_;
  }

  static bool is_young(const Scan& scan, const Process& p) {
    const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    return scan.uptime() >= 0 && scan.uptime() - static_cast<double>(p.start) / ticks < kYoung;
  }
  static uint32_t hash_of(const char* text) {
    uint32_t hash = 2166136261u;
    for (; *text != '\0'; ++text) hash = (hash ^ static_cast<unsigned char>(*text)) * 16777619u;
    return hash;
  }

  ByProcess<Decision> decisions_;
  char* text_ = nullptr;
  uint32_t denied_ = 0;
};

}  // namespace plugin
