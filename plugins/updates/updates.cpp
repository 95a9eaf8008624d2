// virgo.updates: packages that wait to be updated, and whether a reboot is due, on Debian
// and its kin.
//
// Nothing is executed and nothing locked. dpkg's list of what is installed is compared
// with apt's lists of what there is, and only when one of them has changed: on a worker,
// as these lists are long.
#include <dirent.h>
#include <sys/stat.h>
#include <time.h>
#include <shared/naming.hpp>
#include <shared/proc_file.hpp>
#include <shared/slice.hpp>

#include "control.hpp"
#include "lines.hpp"
#include "packages.hpp"

namespace {

using plugin::Lines;
using plugin::Packages;
using plugin::Paragraph;
using virgo::sdk::gauge;
using virgo::sdk::label;

// False at the end. The last paragraph may lack the empty line behind it.
bool next_paragraph(Lines& lines, Paragraph& paragraph) {
  std::string_view line;
  while (lines.next(&line))
    if (paragraph.take(line)) return true;
  return paragraph.take({});
}

class Updates {
 public:
  static constexpr const char* kName = "virgo.updates";
  static constexpr const char* kSummary =
      "Packages that wait to be updated, and whether a reboot is due (Debian and its kin).";
  static constexpr uint32_t kThread = VIRGO_ON_WORKER;
  enum Metric : uint32_t {
    kPending,
    kHeld,
    kAge,
    kReboot,
    kRebootPackages,
    kNodePending,
    kNodeHeld,
    kNodeTime,
    kNodeReboot
  };
  static constexpr virgo_metric kMetrics[] = {
      gauge("virgo.updates.pending", "{package}",
            "Installed packages of which there is a later "
            "version.",
            VIRGO_U64),
      gauge("virgo.updates.held", "{package}", "The same for packages that are held back.",
            VIRGO_U64),
      gauge("virgo.updates.age", "s", "Time since apt last fetched its lists.", VIRGO_F64),
      gauge("virgo.updates.reboot_required", "1", "1 when a package has asked for a reboot.",
            VIRGO_U64),
      gauge("virgo.updates.reboot_required.packages", "{package}",
            "Packages that have asked for a reboot.", VIRGO_U64),
      gauge("apt_upgrades_pending", "", "Packages to be updated, by origin.", VIRGO_U64),
      gauge("apt_upgrades_held", "", "Packages with updates that are held back.", VIRGO_U64),
      gauge("apt_package_cache_timestamp_seconds", "", "When apt last fetched its lists.",
            VIRGO_F64),
      gauge("node_reboot_required", "", "1 when a package has asked for a reboot.", VIRGO_U64)};
  static constexpr virgo_param kParams[] = {plugin::naming_param(), plugin::root_param()};

  explicit Updates(virgo::sdk::Host) {}

  virgo_status configure(virgo::sdk::Config root) {
    exporter_ = plugin::naming_of(root) == plugin::Naming::prometheus;
    const std::string_view prefix = root["root"].as_text();
    counted_ = false;
    return status_.set(prefix, "/var/lib/dpkg/status") &&
                   lists_.set(prefix, "/var/lib/apt/lists") &&
                   stamp_.set(prefix, "/var/lib/apt/periodic/update-success-stamp") &&
                   reboot_.set(prefix, "/run/reboot-required") &&
                   reboot_packages_.set(prefix, "/run/reboot-required.pkgs") &&
                   notifier_.set(prefix, "/var/lib/update-notifier/updates-available")
               ? VIRGO_OK
               : VIRGO_ERR_NO_MEMORY;
  }

  virgo_status collect(virgo::sdk::Run run) {
    struct stat status {};
    if (stat(status_.c_str(), &status) != 0) {
      plugin::explain(run, "%s: %s; this check knows Debian and its kin only", status_.c_str(),
                      strerror(errno));
      return errno == ENOENT ? VIRGO_ERR_UNSUPPORTED : VIRGO_ERR_FAILED;
    }
    report_reboot(run);
    report_age(run);
    const int folder = open(lists_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const virgo_status result = report_pending(run, folder, status);
    if (folder >= 0) close(folder);
    return result;
  }

 private:
  struct Origin {
    char name[64];
    char architecture[16];
    bool security;
  };

  void report_reboot(virgo::sdk::Run run) {
    const uint64_t required = access(reboot_.c_str(), F_OK) == 0 ? 1 : 0;
    if (exporter_) {
      run.emit(kNodeReboot, required);
      return;
    }
    run.emit(kReboot, required);
    size_t length = 0;
    plugin::ProcFile file;  // of now: it is removed and made anew
    if (required == 0 || !file.set_path(reboot_packages_.c_str(), {})) return;
    const char* text = file.try_read(&length);
    if (text == nullptr) return;
    run.emit(kRebootPackages, different_lines({text, length}));
  }
  // A package is named each time it asks.
  static uint64_t different_lines(std::string_view text) {
    uint64_t count = 0;
    std::string_view line;
    std::string_view rest = text;
    while (count < 1000 && plugin::take_line(rest, &line)) {
      std::string_view before(text.data(), static_cast<size_t>(line.data() - text.data()));
      std::string_view earlier;
      bool again = line.empty();
      while (!again && plugin::take_line(before, &earlier)) again = earlier == line;
      if (!again) ++count;
    }
    return count;
  }

  // The stamp is written by apt's timer; without it, the folder of the lists tells.
  void report_age(virgo::sdk::Run run) const {
    struct stat file {};
    timespec now{};
    if (stat(stamp_.c_str(), &file) != 0 && stat(lists_.c_str(), &file) != 0) return;
    const auto seconds = [](const timespec& t) {
      return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
    };
    clock_gettime(CLOCK_REALTIME, &now);
    const double age = seconds(now) - seconds(file.st_mtim);
    if (exporter_)
      run.emit(kNodeTime, seconds(file.st_mtim));
    else
      run.emit(kAge, age > 0 ? age : 0);
  }

  virgo_status report_pending(virgo::sdk::Run run, int folder, const struct stat& status) {
    uint64_t packed = 0;
    uint64_t plain = 0;
    const uint64_t state = look_at_lists(folder, status, &packed, &plain);
    if (packed > 0 || plain == 0) return report_notified(run, packed);
    if (!counted_ || state != state_) {
      counted_ = false;
      if (const virgo_status s = count_updates(run, folder); s != VIRGO_OK) return s;
      counted_ = true;
      state_ = state;
    }
    report_counts(run);
    return VIRGO_OK;
  }

  static bool has_end(const char* name, const char* end) {
    const size_t n = strlen(name);
    const size_t m = strlen(end);
    return n > m && strcmp(name + n - m, end) == 0;
  }

  // A number that changes when dpkg's file or a list does, whatever their order.
  static uint64_t look_at_lists(int folder, const struct stat& status, uint64_t* packed,
                                uint64_t* plain) {
    const auto add = [](uint64_t h, int64_t v) {
      h = (h ^ static_cast<uint64_t>(v)) * 0xff51afd7ed558ccdu;
      return h ^ (h >> 29u);
    };
    const auto state_of = [&](const struct stat& s) {
      uint64_t h = add(1, s.st_mtim.tv_sec);
      h = add(add(h, s.st_mtim.tv_nsec), s.st_size);
      return add(h, static_cast<int64_t>(s.st_ino));
    };
    uint64_t sum = state_of(status);
    DIR* entries = opened_again(folder);
    if (entries == nullptr) return sum;
    while (const dirent* entry = readdir(entries)) {
      const char* name = entry->d_name;
      struct stat file {};
      if (has_end(name, "_Packages") && fstatat(folder, name, &file, 0) == 0) {
        ++*plain;
        sum += state_of(file);
      } else if (strstr(name, "_Packages.") != nullptr && !has_end(name, ".FAILED")) {
        ++*packed;
      }
    }
    closedir(entries);
    return sum;
  }
  static DIR* opened_again(int folder) {
    if (folder < 0) return nullptr;
    const int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR* entries = fd >= 0 ? fdopendir(fd) : nullptr;
    if (entries == nullptr && fd >= 0) close(fd);
    return entries;
  }

  // What Ubuntu's update-notifier has counted, where the lists cannot be.
  virgo_status report_notified(virgo::sdk::Run run, uint64_t packed) {
    uint64_t all = 0;
    uint64_t security = 0;
    size_t length = 0;
    plugin::ProcFile file;  // of now: it is replaced by a new one
    const char* text = file.set_path(notifier_.c_str(), {}) ? file.try_read(&length) : nullptr;
    if (text != nullptr && plugin::parse_updates_available({text, length}, &all, &security)) {
      if (exporter_)
        run.emit(kNodePending, all, {label("origin", ""), label("arch", "")});
      else
        report_split(run, all - security, security);
      return VIRGO_OK;
    }
    if (packed > 0)
      plugin::explain(run,
                      "Pending updates are not counted: %llu of apt's lists in %s are "
                      "compressed",
                      static_cast<unsigned long long>(packed), lists_.c_str());
    else
      plugin::explain(run,
                      "Pending updates are not counted: %s has no lists, \"apt update\" has "
                      "not been run",
                      lists_.c_str());
    return VIRGO_OK;
  }

  virgo_status count_updates(virgo::sdk::Run run, int folder) {
    Packages packages;
    origin_count_ = 0;
    held_ = 0;
    memset(by_origin_, 0, sizeof by_origin_);
    Lines lines(status_.c_str());
    Paragraph paragraph;
    if (!lines.opened()) return failed(run, status_.c_str(), strerror(errno));
    while (next_paragraph(lines, paragraph))
      if (paragraph.installed() && !packages.install(paragraph.package(), paragraph.architecture(),
                                                     paragraph.version(), paragraph.hold()))
        return failed(run, status_.c_str(), "more packages than there is room for");
    if (lines.failed()) return failed(run, status_.c_str(), "cannot be read");
    DIR* entries = opened_again(folder);
    if (entries == nullptr) return failed(run, lists_.c_str(), strerror(errno));
    virgo_status result = VIRGO_OK;
    while (const dirent* entry = readdir(entries)) {
      if (result != VIRGO_OK) break;
      if (has_end(entry->d_name, "_Packages") && !is_not_automatic(folder, entry->d_name))
        result = read_list(run, folder, entry->d_name, packages);
    }
    closedir(entries);
    if (result == VIRGO_OK) packages.count_updates(by_origin_, &held_);
    return result;
  }

  // Of backports and their like nothing is installed unless it is asked for.
  static bool is_not_automatic(int folder, const char* list) {
    const std::string_view name(list);
    const std::string_view origin = plugin::origin_of_list(name);
    const size_t base = static_cast<size_t>(origin.data() - name.data()) + origin.size();
    for (const char* end : {"_InRelease", "_Release"}) {
      plugin::Text path;
      if (!path.set(plugin::slice(name, 0, base), end)) return false;
      Lines lines(folder, path.c_str());
      if (!lines.opened()) continue;
      std::string_view line;
      while (lines.next(&line)) {
        if (line == "NotAutomatic: yes") return true;
        if (plugin::starts_with(line, "SHA256:") || plugin::starts_with(line, "MD5Sum:"))
          return false;
      }
      return false;
    }
    return false;
  }

  virgo_status read_list(virgo::sdk::Run run, int folder, const char* name, Packages& packages) {
    Lines lines(folder, name);
    if (!lines.opened()) return failed(run, name, strerror(errno));
    Paragraph paragraph;
    uint64_t count = 0;
    while (next_paragraph(lines, paragraph)) {
      if (++count % 1024 == 0 && run.time_left_ns() == 0) return VIRGO_ERR_TIMEOUT;
      const uint8_t origin = index_of(name, paragraph.architecture());
      if (!packages.offer(paragraph.package(), paragraph.architecture(), paragraph.version(),
                          origin, origins_[origin].security))
        return failed(run, name, "more updates than there is room for");
    }
    return lines.failed() ? failed(run, name, "cannot be read") : VIRGO_OK;
  }

  // Beyond the most origins, the last one has the rest.
  uint8_t index_of(const char* list, std::string_view architecture) {
    const std::string_view name = plugin::origin_of_list(list);
    const bool security = strstr(list, "security") != nullptr;
    for (uint8_t i = 0; i < origin_count_; ++i)
      if (name == origins_[i].name && architecture == origins_[i].architecture &&
          security == origins_[i].security)
        return i;
    if (origin_count_ == plugin::kMostOrigins) return plugin::kMostOrigins - 1;
    Origin& o = origins_[origin_count_];
    const auto copy = [](char* to, size_t size, std::string_view from) {
      const size_t n = from.size() < size ? from.size() : size - 1;
      if (n > 0) memcpy(to, from.data(), n);
      to[n] = '\0';
    };
    copy(o.name, sizeof o.name, name);
    copy(o.architecture, sizeof o.architecture, architecture);
    o.security = security;
    return origin_count_++;
  }

  static virgo_status failed(virgo::sdk::Run run, const char* file, const char* why) {
    plugin::explain(run, "%s: %s", file, why);
    return VIRGO_ERR_FAILED;
  }

  void report_counts(virgo::sdk::Run run) const {
    uint64_t split[2] = {0, 0};
    for (unsigned i = 0; i < origin_count_; ++i) {
      split[origins_[i].security ? 1 : 0] += by_origin_[i];
      if (exporter_) report_origin(run, i);
    }
    if (exporter_) {
      if (split[0] + split[1] == 0)
        run.emit(kNodePending, uint64_t{0}, {label("origin", ""), label("arch", "")});
      run.emit(kNodeHeld, held_, {label("origin", ""), label("arch", "")});
      return;
    }
    report_split(run, split[0], split[1]);
    run.emit(kHeld, held_);
  }
  // Two origins can have one name, as they come from different places.
  void report_origin(virgo::sdk::Run run, unsigned index) const {
    const Origin& o = origins_[index];
    uint64_t sum = 0;
    for (unsigned i = 0; i < origin_count_; ++i) {
      if (strcmp(o.name, origins_[i].name) != 0 ||
          strcmp(o.architecture, origins_[i].architecture) != 0)
        continue;
      if (i < index) return;  // reported with that one
      sum += by_origin_[i];
    }
    if (sum > 0)
      run.emit(kNodePending, sum, {label("origin", o.name), label("arch", o.architecture)});
  }
  static void report_split(virgo::sdk::Run run, uint64_t others, uint64_t security) {
    run.emit(kPending, security, {label("virgo.updates.security", "true")});
    run.emit(kPending, others, {label("virgo.updates.security", "false")});
  }

  plugin::Text status_;
  plugin::Text lists_;
  plugin::Text stamp_;
  plugin::Text reboot_;
  plugin::Text reboot_packages_;
  plugin::Text notifier_;
  uint64_t state_ = 0;  // of the files the counts are from
  uint64_t held_ = 0;
  uint64_t by_origin_[plugin::kMostOrigins] = {};
  Origin origins_[plugin::kMostOrigins] = {};
  uint8_t origin_count_ = 0;
  bool counted_ = false;
  bool exporter_ = false;
};

}  // namespace

VIRGO_CXX_MODULE("io.virgo.updates", "0.2.0", Updates);
