// Sockets, counted as they go by: nothing is kept of the single one.
#pragma once

#include <shared/words.hpp>

#include "socket.hpp"

namespace plugin {

struct PortTally {
  uint64_t established;
  uint64_t listening;
  uint64_t waiting;  // to be accepted
  uint64_t limit;    // of those that may wait
};

// The local ports that somebody wants to know about.
class Ports {
 public:
  static constexpr uint32_t kMost = 64;

  Ports() = default;
  ~Ports() { free(ports_); }
  Ports(const Ports&) = delete;
  Ports& operator=(const Ports&) = delete;

  // False when there is no memory; a port that is none is rejected.
  bool set(virgo::sdk::Config list) {
    free(ports_);
    ports_ = nullptr;
    count_ = 0;
    if (list.size() == 0) return true;
    if (list.size() > kMost) {
      list.reject("has more than 64 ports");
      return true;
    }
    ports_ = static_cast<Port*>(calloc(list.size(), sizeof(Port)));
    if (ports_ == nullptr) return false;
    for (uint32_t i = 0; i < list.size(); ++i) {
      const int64_t port = list.at(i).as_int(0);
      if (port < 1 || port > UINT16_MAX)
        list.at(i).reject("must be a port, 1 to 65535");
      else if (find(static_cast<uint16_t>(port)) == nullptr)
        ports_[count_++].number = static_cast<uint16_t>(port);
    }
    return true;
  }
  // One table, of IPv4 or IPv6, is told, perhaps anew.
  void begin(bool ipv6) {
    for (uint32_t i = 0; i < count_; ++i) ports_[i].tallies[ipv6] = {};
  }
  void add(const Socket& s, bool ipv6) {
    if (s.state != kEstablished && s.state != kListen) return;
    Port* port = find(s.local_port);
    if (port == nullptr) return;
    PortTally& tally = port->tallies[ipv6];
    if (s.state == kEstablished) {
      ++tally.established;
      return;
    }
    ++tally.listening;
    tally.waiting += s.received;
    tally.limit += s.sent;
  }
  uint32_t size() const { return count_; }
  uint16_t number(uint32_t i) const { return ports_[i].number; }
  // Of IPv4 and IPv6 together.
  PortTally tally(uint32_t i) const {
    const PortTally& a = ports_[i].tallies[0];
    const PortTally& b = ports_[i].tallies[1];
    return {a.established + b.established, a.listening + b.listening, a.waiting + b.waiting,
            a.limit + b.limit};
  }

 private:
  struct Port {
    uint16_t number;
    PortTally tallies[2];
  };
  Port* find(uint16_t number) {
    for (uint32_t i = 0; i < count_; ++i)
      if (ports_[i].number == number) return &ports_[i];
    return nullptr;
  }

  Port* ports_ = nullptr;
  uint32_t count_ = 0;
};

// Of one protocol and family.
struct SocketTally {
  bool present;  // the kernel has it
  uint64_t states[kSocketStates];
  uint64_t received;  // bytes to be read
  uint64_t sent;      // bytes on their way
  uint64_t waiting;   // connections to be accepted
  uint64_t room;      // for such
  uint64_t full;      // listening ones that have no room any more

  void add(const Socket& s) {
    ++states[s.state];
    if (s.state != kListen) {
      received += s.received;
      sent += s.sent;
      return;
    }
    waiting += s.received;
    room += s.sent;
    if (s.sent > 0 && s.received >= s.sent) ++full;
  }
  uint64_t all() const {
    uint64_t sum = 0;
    for (const uint64_t count : states) sum += count;
    return sum;
  }
};

}  // namespace plugin
