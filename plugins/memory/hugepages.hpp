// virgo.hugepages: the pools of huge pages, from /sys/kernel/mm/hugepages.
#pragma once

#include <dirent.h>
#include <shared/naming.hpp>
#include <shared/proc_file.hpp>

#include "page_sizes.hpp"

namespace plugin {

class HugePages {
 public:
  static constexpr const char* kName = "virgo.hugepages";
  static constexpr const char* kSummary = "Huge pages in use, free and promised, by their size.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  enum Metric : uint32_t {
    kUsage,
    kLimit,
    kUtilization,
    kReserved,
    kSurplus,
    kPageSize,
    kNodeTotal,
    kNodeFree,
    kNodeReserved,
    kNodeSurplus
  };
  static constexpr virgo_metric kMetrics[] = {
      virgo::sdk::gauge("system.memory.linux.hugepages.usage", "{page}",
                        "Huge pages by state; the states add up to the limit.", VIRGO_U64),
      virgo::sdk::gauge("system.memory.linux.hugepages.limit", "{page}",
                        "All huge pages there are.", VIRGO_U64),
      virgo::sdk::gauge("system.memory.linux.hugepages.utilization", "1",
                        "Share of the huge pages in each state."),
      virgo::sdk::gauge("system.memory.linux.hugepages.reserved", "{page}",
                        "Free huge pages that have been promised to programs.", VIRGO_U64),
      virgo::sdk::gauge("system.memory.linux.hugepages.surplus", "{page}",
                        "Huge pages beyond the number that was set up.", VIRGO_U64),
      virgo::sdk::gauge("system.memory.linux.hugepages.page_size", "By", "Size of a page.",
                        VIRGO_U64),
      virgo::sdk::gauge("node_hugepages_total", nullptr,
                        "Naming prometheus: all huge pages there are.", VIRGO_U64),
      virgo::sdk::gauge("node_hugepages_free", nullptr, "Naming prometheus: free huge pages.",
                        VIRGO_U64),
      virgo::sdk::gauge("node_hugepages_reserved", nullptr,
                        "Naming prometheus: free huge pages promised to programs.", VIRGO_U64),
      virgo::sdk::gauge("node_hugepages_surplus", nullptr,
                        "Naming prometheus: huge pages beyond the number that was set up.",
                        VIRGO_U64)};
  static constexpr virgo_param kParams[] = {naming_param(), root_param()};

  explicit HugePages(virgo::sdk::Host) {}

  virgo_status configure(virgo::sdk::Config root) {
    naming_ = naming_of(root);
    return folder_.set(root["root"].as_text(), "/sys/kernel/mm/hugepages") ? VIRGO_OK
                                                                           : VIRGO_ERR_NO_MEMORY;
  }

  virgo_status collect(virgo::sdk::Run run) {
    DIR* folder = opendir(folder_.c_str());
    if (folder == nullptr) return unreadable(run);
    unsigned sizes = 0;
    unsigned damaged = 0;
    while (const dirent* entry = readdir(folder)) {
      Pool pool;
      if (!page_size_of(entry->d_name, &pool.size, &pool.page_bytes)) continue;
      ++sizes;
      if (!read_pool(dirfd(folder), entry->d_name, &pool))
        ++damaged;
      else if (naming_ == Naming::prometheus)
        report_node(run, pool);
      else
        report(run, pool);
    }
    closedir(folder);
    if (sizes == 0) {
      explain(run, "%s has no page size: this machine has no huge pages", folder_.c_str());
      return VIRGO_ERR_UNSUPPORTED;
    }
    if (damaged == 0) return VIRGO_OK;
    explain(run, "%u of %u page sizes in %s have no whole nr_hugepages and free_hugepages", damaged,
            sizes, folder_.c_str());
    return VIRGO_ERR_FAILED;
  }

 private:
  struct Pool {
    std::string_view size;  // "2048kB"
    uint64_t page_bytes = 0;
    uint64_t all = 0;
    uint64_t free = 0;
    uint64_t reserved = 0;
    uint64_t surplus = 0;
    bool has_reserved = false;
    bool has_surplus = false;
  };

  virgo_status unreadable(virgo::sdk::Run run) const {
    const int error = errno;
    if (error != ENOENT) {
      explain(run, "%s: %s", folder_.c_str(), strerror(error));
      return VIRGO_ERR_FAILED;
    }
    explain(run, "%s is not there: this kernel was built without huge pages (CONFIG_HUGETLBFS)",
            folder_.c_str());
    return VIRGO_ERR_UNSUPPORTED;
  }

  static bool read_pool(int folder, const char* name, Pool* pool) {
    const int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return false;
    const bool good =
        read_count(fd, "nr_hugepages", &pool->all) && read_count(fd, "free_hugepages", &pool->free);
    pool->has_reserved = read_count(fd, "resv_hugepages", &pool->reserved);
    pool->has_surplus = read_count(fd, "surplus_hugepages", &pool->surplus);
    close(fd);
    return good;
  }
  static bool read_count(int folder, const char* name, uint64_t* count) {
    const int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    char text[32];
    const ssize_t n = read(fd, text, sizeof text);
    close(fd);
    return n > 0 && page_count_of({text, static_cast<size_t>(n)}, count);
  }

  static void report(virgo::sdk::Run run, const Pool& pool) {
    const virgo_label size =
        virgo::sdk::label("system.memory.linux.hugepages.page_size", pool.size);
    run.emit(kLimit, pool.all, {size});
    run.emit(kPageSize, pool.page_bytes, {size});
    if (pool.has_reserved) run.emit(kReserved, pool.reserved, {size});
    if (pool.has_surplus) run.emit(kSurplus, pool.surplus, {size});
    const auto state = [&](std::string_view name, uint64_t pages) {
      const virgo_label of = virgo::sdk::label("system.memory.linux.hugepages.state", name);
      run.emit(kUsage, pages, {size, of});
      if (pool.all == 0) return;  // a share of nothing
      run.emit(kUtilization, static_cast<double>(pages) / static_cast<double>(pool.all),
               {size, of});
    };
    const uint64_t used = minus(pool.all, pool.free);
    state("used", used);
    state("free", minus(pool.all, used));
  }

  static void report_node(virgo::sdk::Run run, const Pool& pool) {
    const virgo_label size = virgo::sdk::label("size", pool.size);
    run.emit(kNodeTotal, pool.all, {size});
    run.emit(kNodeFree, pool.free, {size});
    if (pool.has_reserved) run.emit(kNodeReserved, pool.reserved, {size});
    if (pool.has_surplus) run.emit(kNodeSurplus, pool.surplus, {size});
  }

  Text folder_;
  Naming naming_ = Naming::otel;
};

}  // namespace plugin
