// One DNS question and its answer: by UDP, sent again while none comes, and by TCP when the
// answer does not fit. What does not come from the server, or answers another question, is
// not looked at. Loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "net/dns_message.hpp"
#include "uv/loop.hpp"

namespace virgo::net {

struct DnsQuestion {
  std::string name;
  DnsType type = DnsType::a;
  // IP addresses, at least one; asked in turn. One that refuses is left out.
  std::vector<std::string> servers;
  std::uint16_t port = 53;
  Duration timeout = std::chrono::seconds(5);  // all together
  bool tcp = false;                            // from the beginning
};

struct DnsAnswer {
  DnsMessage message;
  std::string server;  // "127.0.0.1:53"
  bool tcp = false;
  Duration took{};  // from the first sending
};

class DnsQuery {
 public:
  // Errc::invalid (no name, no address of a server, a damaged answer), timeout, or why no
  // server could be asked. The message says what was asked and whom. An answer that says
  // NXDOMAIN, REFUSED and so on is an answer.
  using Done = std::function<void(Result<DnsAnswer>)>;
  // `done` is called once, from the loop, never from the constructor; it may destroy this.
  // Destroying it before gives up.
  DnsQuery(uv::Loop& loop, DnsQuestion question, Done done);
  ~DnsQuery();
  DnsQuery(const DnsQuery&) = delete;
  DnsQuery& operator=(const DnsQuery&) = delete;

 private:
  class State;
  std::shared_ptr<State> state_;
};

// The servers of a resolv.conf, at most three as the system does; "127.0.0.1" if it names
// none.
std::vector<std::string> dns_servers_in(std::string_view resolv_conf);
// Those of /etc/resolv.conf. Reads the file.
std::vector<std::string> system_dns_servers();

}  // namespace virgo::net
