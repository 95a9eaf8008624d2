// The files of /sys/class/net: what no netlink message says, and, of another host's tree,
// everything but the counters.
#pragma once

#include <fcntl.h>
#include <stdio.h>
#include <shared/hex.hpp>

#include "link.hpp"

namespace plugin {

// "1500", "-1", and the "0x1003" of flags and of dev_id.
inline bool to_number(std::string_view word, int64_t* out) {
  if (!starts_with(word, "0x")) return to_i64(word, out);
  uint64_t value = 0;
  if (!hex_up_to(word.substr(2), INT64_MAX, &value)) return false;
  *out = static_cast<int64_t>(value);
  return true;
}

// "02:fc:00:00:00:01"; none when it is anything else.
inline HardwareAddress to_hardware_address(std::string_view text) {
  HardwareAddress out{};
  while (!text.empty()) {
    const std::string_view byte = take_until(text, ':');
    uint64_t value = 0;
    if (byte.size() != 2 || out.size == sizeof out.bytes || !hex_to_u64(byte, &value)) return {};
    out.bytes[out.size++] = static_cast<uint8_t>(value);
  }
  return out;
}

class DeviceFiles {
 public:
  DeviceFiles() = default;
  ~DeviceFiles() { shut(); }
  DeviceFiles(const DeviceFiles&) = delete;
  DeviceFiles& operator=(const DeviceFiles&) = delete;

  bool set_root(std::string_view root) {
    shut();
    return path_.set(root, "/sys/class/net");
  }

  // The text of NAME/FILE, without the end of its line; "" when there is none. Lent
  // until the next call.
  std::string_view text(const char* name, const char* file) {
    char path[64];
    const int n = snprintf(path, sizeof path, "%s/%s", name, file);
    if (n < 0 || static_cast<size_t>(n) >= sizeof path || !is_plain(name)) return {};
    if (folder_ < 0) folder_ = open(path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    const int fd = folder_ < 0 ? -1 : openat(folder_, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return {};
    ssize_t length = 0;
    do length = read(fd, buffer_, sizeof buffer_);
    while (length < 0 && errno == EINTR);
    close(fd);
    return length < 0 ? std::string_view{} : trimmed({buffer_, static_cast<size_t>(length)});
  }

  // Those of the numbers from `first` on that have a file which can be read.
  void read_numbers(Link& link, uint32_t first) {
    for (uint32_t n = first; n < kLinkNumbers; ++n) {
      int64_t value = 0;
      if (to_number(text(link.name, kFiles[n]), &value))
        link.set(static_cast<LinkNumber>(n), value);
    }
  }
  void read_number(Link& link, LinkNumber n) {
    int64_t value = 0;
    link.known &= ~(1u << n);
    if (to_number(text(link.name, kFiles[n]), &value)) link.set(n, value);
  }
  void read_operstate(Link& link) {
    const std::string_view state = text(link.name, "operstate");
    for (size_t n = 0; n < sizeof kOperstates / sizeof kOperstates[0]; ++n)
      if (state == kOperstates[n]) link.operstate = static_cast<uint8_t>(n);
  }
  void read_addresses(Link& link) {
    link.address = to_hardware_address(text(link.name, "address"));
    link.broadcast = to_hardware_address(text(link.name, "broadcast"));
  }

 private:
  static constexpr const char* kFiles[kLinkNumbers] = {"carrier",
                                                       "carrier_changes",
                                                       "carrier_up_count",
                                                       "carrier_down_count",
                                                       "dormant",
                                                       "flags",
                                                       "ifindex",
                                                       "iflink",
                                                       "link_mode",
                                                       "mtu",
                                                       "netdev_group",
                                                       "type",
                                                       "tx_queue_len",
                                                       "addr_assign_type",
                                                       "name_assign_type",
                                                       "dev_id",
                                                       "speed"};

  // No way out of the folder, whatever another host's tree calls its interfaces.
  static bool is_plain(std::string_view name) {
    return !name.empty() && name != "." && name != ".." &&
           memchr(name.data(), '/', name.size()) == nullptr;
  }
  void shut() {
    if (folder_ >= 0) close(folder_);
    folder_ = -1;
  }

  Text path_;
  int folder_ = -1;
  char buffer_[288];  // an alias has up to 255 bytes
};

}  // namespace plugin
