// Where the sockets are from: the kernel itself, or the tables of /proc/net of another
// host's tree and where the kernel may not be asked.
#pragma once

#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <shared/proc_file.hpp>

#include "socket.hpp"

namespace plugin {

// 0 = TCP, 1 = TCP over IPv6, 2 = UDP, 3 = UDP over IPv6.
constexpr unsigned kTables = 4;
constexpr const char* kTableNames[kTables] = {"tcp", "tcp6", "udp", "udp6"};
constexpr bool is_udp(unsigned table) {
  return table >= 2;
}
constexpr bool is_ipv6(unsigned table) {
  return table % 2 == 1;
}

class SocketSource {
 public:
  explicit SocketSource(virgo::sdk::Host host) : host_(host) {}

  bool set_root(std::string_view root) {
    for (bool& reads : reads_table_) reads = !root.empty();
    has_root_ = !root.empty();
    return of_first_.set(root, "/proc/1/net/") && of_reader_.set(root, "/proc/net/");
  }

  // Hands each socket to visit(const Socket&), after begin(), which is called again when
  // all is told anew. VIRGO_ERR_UNSUPPORTED when the kernel has no such table, as without
  // IPv6; explains other errors. Where the kernel is asked, table 0 tells all of TCP, and
  // table 1 nothing: its table of connections has a million places on a big host, and one
  // walk over them takes half a millisecond.
  template <class Begin, class Visit>
  virgo_status each(virgo::sdk::Run run, unsigned table, Begin begin, Visit visit) {
    if (reads_table_[table]) return read_table(run, table, begin, visit);
    Text path;
    if (!path.set(of_reader_.c_str(), kTableNames[table])) return VIRGO_ERR_NO_MEMORY;
    if (is_ipv6(table) && access(path.c_str(), F_OK) != 0) return VIRGO_ERR_UNSUPPORTED;
    if (table == 1) return VIRGO_OK;
    const auto take = [&](const NetlinkMessage& message) {
      Socket socket{};
      const bool told = message.type == SOCK_DIAG_BY_FAMILY || message.type == TCPDIAG_GETSOCK;
      if (told && parse_diag(message.body, &socket)) visit(socket);
    };
    int error = 0;
    if (table == 0) {
      TcpRequest request{};
      request.header = {sizeof request, TCPDIAG_GETSOCK, NLM_F_REQUEST | NLM_F_DUMP, 0, 0};
      request.query.idiag_family = AF_INET;  // not looked at
      request.query.idiag_states = kAllStates;
      error = socket_.ask_until_whole(run, &request, begin, take);
    } else {
      Request request{};
      request.header = {sizeof request, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, 0, 0};
      request.query.sdiag_family = is_ipv6(table) ? AF_INET6 : AF_INET;
      request.query.sdiag_protocol = IPPROTO_UDP;
      request.query.idiag_states = kAllStates;
      error = socket_.ask_until_whole(run, &request, begin, take);
    }
    if (!NetlinkSocket::is_refusal(error)) return outcome(run, "sock_diag", error);
    fall_back(table, error);
    if (table == 0) reads_table_[1] = true;
    return read_table(run, table, begin, visit);
  }

  // Whether a listening socket does not say how many may wait.
  bool reads_table(unsigned table) const { return reads_table_[table]; }

 private:
  struct Request {
    nlmsghdr header;
    inet_diag_req_v2 query;
  };
  // The older one, which is told sockets of both families.
  struct TcpRequest {
    nlmsghdr header;
    inet_diag_req query;
  };

  void fall_back(unsigned table, int error) {
    char text[256];
    const int n = snprintf(text, sizeof text, "sock_diag: %s; %s%s is read instead, which is slow",
                           strerror(error), of_reader_.c_str(), kTableNames[table]);
    if (n > 0) host_.log(VIRGO_LOG_INFO, {text, strnlen(text, sizeof text)});
    reads_table_[table] = true;
  }
  static virgo_status outcome(virgo::sdk::Run run, const char* what, int error) {
    if (error == 0) return VIRGO_OK;
    if (error == ETIMEDOUT) {
      explain(run, "%s: there are more sockets than can be counted in the time given", what);
      return VIRGO_ERR_TIMEOUT;
    }
    explain(run, "%s: %s", what, strerror(error));
    return error == ENOMEM ? VIRGO_ERR_NO_MEMORY : VIRGO_ERR_FAILED;
  }

  // The table of the host's first process, which is in the host's network, before that of
  // whoever reads.
  int open_table(unsigned table, Text& path) const {
    int fd = -1;
    if (has_root_ && path.set(of_first_.c_str(), kTableNames[table]))
      fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0 && path.set(of_reader_.c_str(), kTableNames[table]))
      fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    return fd;
  }
  template <class Begin, class Visit>
  virgo_status read_table(virgo::sdk::Run run, unsigned table, Begin& begin, Visit& visit) {
    Text path;
    const int fd = open_table(table, path);
    if (fd < 0 && is_ipv6(table)) return VIRGO_ERR_UNSUPPORTED;
    if (fd < 0) return outcome(run, path.c_str(), errno);
    begin();
    char* buffer = static_cast<char*>(malloc(kBuffer));
    const auto visit_family = [&](Socket& socket) {
      socket.is_ipv6 = is_ipv6(table);
      visit(socket);
    };
    const int error = buffer == nullptr ? ENOMEM : read_lines(run, fd, buffer, visit_family);
    free(buffer);
    close(fd);
    return outcome(run, path.c_str(), error);
  }
  // A piece at a time: the table of a big host has many megabytes.
  template <class Visit>
  static int read_lines(virgo::sdk::Run run, int fd, char* buffer, const Visit& visit) {
    size_t have = 0;
    for (;;) {
      if (run.time_left_ns() == 0) return ETIMEDOUT;
      const ssize_t n = ::read(fd, buffer + have, kBuffer - have);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return n < 0 ? errno : 0;
      std::string_view rest(buffer, have + static_cast<size_t>(n));
      std::string_view line;
      Socket socket{};
      while (take_line(rest, &line))
        if (parse_socket_line(line, &socket)) visit(socket);
      have = rest.size() < kBuffer ? rest.size() : 0;  // a line that long is none
      memmove(buffer, rest.data(), have);
    }
  }

  static constexpr size_t kBuffer = 32768;
  virgo::sdk::Host host_;
  NetlinkSocket socket_{NETLINK_SOCK_DIAG};
  Text of_first_;
  Text of_reader_;
  bool reads_table_[kTables] = {};
  bool has_root_ = false;
};

}  // namespace plugin
