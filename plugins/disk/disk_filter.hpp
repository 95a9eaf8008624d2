// Which devices of /proc/diskstats to report.
#pragma once

#include <shared/naming.hpp>
#include <shared/words.hpp>

namespace plugin {

// Whether `name` is `start` and digits.
inline bool is_numbered(std::string_view name, std::string_view start) {
  if (!starts_with(name, start) || name.size() == start.size()) return false;
  for (const char c : name.substr(start.size()))
    if (c < '0' || c > '9') return false;
  return true;
}

// Up to where the digits that `text` begins with go.
inline size_t digits(std::string_view text) {
  size_t n = 0;
  while (n < text.size() && text[n] >= '0' && text[n] <= '9') ++n;
  return n;
}

// nvme0n1p2
inline bool is_nvme_partition(std::string_view name) {
  if (!starts_with(name, "nvme")) return false;
  name.remove_prefix(4);
  const size_t controller = digits(name);
  if (controller == 0 || name.size() == controller || name[controller] != 'n') return false;
  name.remove_prefix(controller + 1);
  const size_t space = digits(name);
  return space > 0 && is_numbered(name.substr(space), "p");
}

// sda1, vdb2
inline bool is_letter_partition(std::string_view name) {
  for (const std::string_view start : {std::string_view("hd"), std::string_view("sd"),
                                       std::string_view("vd"), std::string_view("xvd")})
    if (starts_with(name, start) && name.size() > start.size() && name[start.size()] >= 'a' &&
        name[start.size()] <= 'z' && is_numbered(name, name.substr(0, start.size() + 1)))
      return true;
  return false;
}

// By its name alone, where there is no sysfs to ask. mmcblk0p1, md0p1 and the like: a
// number before the p.
inline bool looks_like_partition(std::string_view name) {
  if (is_letter_partition(name) || is_nvme_partition(name)) return true;
  const size_t p = name.rfind('p');
  return p != std::string_view::npos && p > 0 && name[p - 1] >= '0' && name[p - 1] <= '9' &&
         is_numbered(name.substr(p), "p");
}

class DiskFilter {
 public:
  Naming naming = Naming::otel;

  bool set(virgo::sdk::Config root) {
    naming = naming_of(root);
    partitions_ = root["partitions"].as_bool();
    by_default_ = !root["include"] && !root["exclude"];
    return selection_.set(root);
  }
  // By its name.
  bool wants(const char* name) const {
    if (!by_default_) return selection_.wants(name);
    for (const std::string_view start :
         {std::string_view("ram"), std::string_view("loop"), std::string_view("fd")})
      if (is_numbered(name, start)) return false;
    if (naming == Naming::prometheus) return true;
    return !is_numbered(name, "zram") && !is_numbered(name, "sr");
  }
  // Whether it has to be a whole disk. With node_exporter's names what has the name of a
  // partition is one, as there: Linux says more, but then other series would be missing.
  bool wants_partition(const char* name, bool is_partition) const {
    if (partitions_) return true;
    if (naming == Naming::prometheus && by_default_)
      return !is_letter_partition(name) && !is_nvme_partition(name);
    return !is_partition;
  }

 private:
  Selection selection_;
  bool partitions_ = false;
  bool by_default_ = true;
};

}  // namespace plugin
