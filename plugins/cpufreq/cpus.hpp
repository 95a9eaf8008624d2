// The processors in /sys/devices/system/cpu, and the small files of each.
#pragma once

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <shared/number.hpp>

namespace plugin {

// "cpu12"; not "cpufreq" or "cpu12x".
inline bool cpu_number(std::string_view name, uint32_t* out) {
  uint64_t number = 0;
  if (!starts_with(name, "cpu") || !to_u64(name.substr(3), &number) || number > UINT32_MAX)
    return false;
  *out = static_cast<uint32_t>(number);
  return true;
}

struct CpuId {
  uint32_t number;
  bool has_core;  // whether the kernel tells where it is
  uint64_t package;
  uint64_t core;
};

// Open for the time of one run: processors come and go.
class Cpus {
 public:
  Cpus() = default;
  ~Cpus() {
    shut();
    free(cpus_);
  }
  Cpus(const Cpus&) = delete;
  Cpus& operator=(const Cpus&) = delete;

  // In the order of their numbers. False, and errno says why.
  bool open(const char* path) {
    shut();
    folder_ = opendir(path);
    count_ = 0;
    if (folder_ == nullptr) return false;
    while (const dirent* entry = readdir(folder_)) {
      CpuId cpu{};
      if (!cpu_number(entry->d_name, &cpu.number)) continue;
      if (count_ == room_ && !grow()) {
        errno = ENOMEM;
        return false;
      }
      cpus_[count_++] = cpu;
    }
    sort(by_number);
    return true;
  }
  void shut() {
    if (folder_ != nullptr) closedir(folder_);
    folder_ = nullptr;
  }

  const CpuId* begin() const { return cpus_; }
  const CpuId* end() const { return cpus_ + count_; }
  size_t size() const { return count_; }

  // The number in a file of a processor's: "cpufreq/scaling_cur_freq".
  bool read(const CpuId& cpu, const char* file, uint64_t* out) const {
    char path[64];
    snprintf(path, sizeof path, "cpu%u/%s", cpu.number, file);
    const int fd = openat(dirfd(folder_), path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    char text[32];
    ssize_t n = 0;
    do n = ::read(fd, text, sizeof text);
    while (n < 0 && errno == EINTR);
    close(fd);
    return n > 0 && only_number({text, static_cast<size_t>(n)}, out);
  }

  // Brings those of one core together, and the cores of one package, the lowest numbers
  // first.
  void sort_by_core() {
    for (size_t i = 0; i < count_; ++i)
      cpus_[i].has_core = read(cpus_[i], "topology/physical_package_id", &cpus_[i].package) &&
                          read(cpus_[i], "topology/core_id", &cpus_[i].core);
    sort(by_core);
  }

 private:
  void sort(int (*compare)(const void*, const void*)) {
    if (count_ > 1) qsort(cpus_, count_, sizeof *cpus_, compare);
  }
  template <class T>
  static int order(T a, T b) {
    return a < b ? -1 : a > b ? 1 : 0;
  }
  static int by_number(const void* a, const void* b) {
    return order(static_cast<const CpuId*>(a)->number, static_cast<const CpuId*>(b)->number);
  }
  static int by_core(const void* a, const void* b) {
    const auto* x = static_cast<const CpuId*>(a);
    const auto* y = static_cast<const CpuId*>(b);
    if (x->package != y->package) return order(x->package, y->package);
    if (x->core != y->core) return order(x->core, y->core);
    return by_number(a, b);
  }
  bool grow() {
    const size_t room = room_ == 0 ? 8 : room_ * 2;
    auto* more = static_cast<CpuId*>(realloc(cpus_, room * sizeof *cpus_));
    if (more == nullptr) return false;
    cpus_ = more;
    room_ = room;
    return true;
  }

  DIR* folder_ = nullptr;
  CpuId* cpus_ = nullptr;
  size_t count_ = 0;
  size_t room_ = 0;
};

}  // namespace plugin
