// The interfaces that have series of their own, from one run to the next: what sysfs said
// of them is read again only when something has changed.
#pragma once

#include "link.hpp"

namespace plugin {

struct Device {
  Link link;
  char* alias;      // on the heap, or null
  char duplex[12];  // "full", "half", "unknown"; "" where there is no such thing
  uint32_t seen;    // the dump it was last part of
  bool changed;     // its files are to be read
};

class LinkTable {
 public:
  LinkTable() = default;
  ~LinkTable() {
    for (uint32_t i = 0; i < count_; ++i) free(devices_[i].alias);
    free(devices_);
  }
  LinkTable(const LinkTable&) = delete;
  LinkTable& operator=(const LinkTable&) = delete;

  // A dump begins, perhaps again.
  void begin() {
    ++dump_;
    next_ = 0;
  }
  // Whether the dump has had this one already: an interface that moves within the
  // kernel's table can be told of twice.
  bool has_seen(const Link& link) const {
    const Device* device = find(link.name);
    return device != nullptr && device->seen == dump_;
  }
  // Takes over what the dump says; false when there is no memory.
  bool take(const Link& link, std::string_view alias) {
    Device* device = find(link.name);
    if (device == nullptr) device = add();
    if (device == nullptr || !set_alias(*device, alias)) return false;
    const Link old = device->link;
    device->changed = device->changed || old.operstate != link.operstate ||
                      differs(old, link, kIfindex) || differs(old, link, kFlags) ||
                      differs(old, link, kCarrierChanges) || is_due(*device);
    device->link = link;
    for (uint32_t n = kFirstOfFiles; n < kLinkNumbers; ++n)
      if (old.knows(static_cast<LinkNumber>(n)))
        device->link.set(static_cast<LinkNumber>(n), old.numbers[n]);
    device->seen = dump_;
    next_ = static_cast<uint32_t>(device - devices_) + 1;
    return true;
  }
  // The dump is over: whatever was not in it is gone.
  void end() {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count_; ++i) {
      if (devices_[i].seen == dump_)
        devices_[kept++] = devices_[i];
      else
        free(devices_[i].alias);
    }
    count_ = kept;
  }

  Device* first() { return devices_; }
  Device* last() { return devices_ + count_; }

 private:
  // A bond's speed can change without a change of the link: in so many dumps each
  // interface has its turn.
  static constexpr uint32_t kRefresh = 64;

  static bool differs(const Link& a, const Link& b, LinkNumber n) {
    return a.knows(n) != b.knows(n) || a.numbers[n] != b.numbers[n];
  }
  bool is_due(const Device& device) const {
    return (dump_ + static_cast<uint32_t>(&device - devices_)) % kRefresh == 0;
  }
  // The kernel keeps to its order: most are found where the last one leads to.
  Device* find(const char* name) const {
    for (uint32_t i = 0; i < count_; ++i) {
      Device& device = devices_[(next_ + i) % count_];
      if (strcmp(device.link.name, name) == 0) return &device;
    }
    return nullptr;
  }
  Device* add() {
    if (count_ == room_) {
      const uint32_t room = room_ == 0 ? 4 : room_ * 2;
      void* bigger = realloc(devices_, room * sizeof(Device));
      if (bigger == nullptr) return nullptr;
      devices_ = static_cast<Device*>(bigger);
      room_ = room;
    }
    Device& device = devices_[count_++];
    device = Device{};
    device.changed = true;
    return &device;
  }
  static bool set_alias(Device& device, std::string_view alias) {
    if (alias == std::string_view(device.alias != nullptr ? device.alias : "")) return true;
    free(device.alias);
    device.alias = alias.empty() ? nullptr : strndup(alias.data(), alias.size());
    return alias.empty() || device.alias != nullptr;
  }

  Device* devices_ = nullptr;
  uint32_t count_ = 0;
  uint32_t room_ = 0;
  uint32_t next_ = 0;
  uint32_t dump_ = 0;
};

}  // namespace plugin
