// How many cores the processors are, from /sys/devices/system/cpu. That costs a file per
// processor, so it is found out once, and again when the number of processors has
// changed; on a large host over several runs, as they must not hold up the loop.
#pragma once

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "stat.hpp"

namespace plugin {

class Topology {
 public:
  bool set_root(std::string_view root) {
    looked_at_ = 0;
    return folder_.set(root, "/sys/devices/system/cpu");
  }

  // `stat` is the text of /proc/stat. Cores online, or 0 while, or where, that is unknown.
  uint64_t cores(std::string_view stat, uint64_t processors) {
    if (processors != processors_) {
      processors_ = processors;
      looked_at_ = 0;
      cores_ = 0;
    }
    if (looked_at_ < processors_) look(stat);
    return looked_at_ >= processors_ ? cores_ : 0;
  }

 private:
  static constexpr uint64_t kPerRun = 128;

  void look(std::string_view stat) {
    const int folder = open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const uint64_t until = looked_at_ + kPerRun;
    CpuLine line;
    bool damaged = false;
    for (uint64_t i = 0; i < until && next_cpu(stat, &line, &damaged);) {
      if (line.name.empty()) continue;  // the sum
      if (i++ < looked_at_) continue;
      ++looked_at_;
      if (folder < 0 || !look(folder, line.number)) return give_up(folder);
    }
    close(folder);
  }
  // False where a processor does not tell: the others then are not all the cores.
  bool look(int folder, uint64_t number) {
    char path[64];
    snprintf(path, sizeof path, "cpu%llu/topology/thread_siblings_list",
             static_cast<unsigned long long>(number));
    const int fd = openat(folder, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    char list[64];  // the first of the list is all that counts
    const ssize_t n = read(fd, list, sizeof list);
    close(fd);
    if (n <= 0) return false;
    if (is_first_of({list, static_cast<size_t>(n)}, number)) ++cores_;
    return true;
  }
  void give_up(int folder) {
    if (folder >= 0) close(folder);
    looked_at_ = processors_;
    cores_ = 0;
  }

  Text folder_;
  uint64_t processors_ = 0;
  uint64_t looked_at_ = 0;
  uint64_t cores_ = 0;
};

}  // namespace plugin
