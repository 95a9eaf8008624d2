// virgo.sockets: on the tables of another host, and on sockets of the test's own.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "unit/plugins/own_network.hpp"
#include "unit/plugins/proc_tree.hpp"

namespace virgo::native {
namespace {

using metric::Status;
using testing::HasSubstr;

constexpr const char* kHeading =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode\n";
constexpr const char* kStates[] = {"",           "established", "syn_sent",  "syn_received",
                                   "fin_wait_1", "fin_wait_2",  "time_wait", "closed",
                                   "close_wait", "last_ack",    "listen",    "closing"};

class SocketsPlugin : public ShippedPlugin {
 protected:
  SocketsPlugin() : ShippedPlugin("sockets") {
    std::filesystem::create_directories(root + "/proc/net");
  }
  static std::string line(const std::string& local, const std::string& state,
                          const std::string& queues = "00000000:00000000") {
    return "   0: " + local + " 0100007F:D2F0 " + state + " " + queues +
           " 00:00000000 00000000  1000        0 29000 1 0000000000000000 20 4 30 10 -1\n";
  }
  void tcp(const std::string& lines) { write("/proc/net/tcp", kHeading + lines); }
  static std::string state(const std::string& name, const std::string& type = "ipv4") {
    return "system.network.connection.count{network.transport=tcp,network.type=" + type +
           ",network.connection.state=" + name + "}";
  }
  static std::string port(unsigned number, const std::string& state) {
    return "virgo.sockets.port.connections{network.local.port=" + std::to_string(number) +
           ",network.connection.state=" + state + "}";
  }
};

TEST_F(SocketsPlugin, EachStateOfTheTable) {
  std::string lines;
  for (int s = 1; s <= 12; ++s)
    for (int n = 0; n < s; ++n) {
      char code[4];
      snprintf(code, sizeof code, "%02X", static_cast<unsigned>(s));
      lines += line("0100007F:0016", code);
    }
  tcp(lines);
  write("/proc/net/udp", kHeading + line("00000000:0035", "07", "0000000A:00000100") +
                             line("0100007F:0035", "01", "00000001:00000002"));
  auto check = on_tree();
  const auto s = collect(*check);
  for (int i = 1; i <= 11; ++i)
    EXPECT_EQ(s.at(state(kStates[i])), i == 3 ? 3 + 12 : i) << "12 is a connection asked for";
  EXPECT_EQ(s.at("system.network.connection.count{network.transport=udp,network.type=ipv4}"), 2);
  EXPECT_EQ(s.at("virgo.sockets.queued{network.transport=udp,network.io.direction=receive}"), 258);
  EXPECT_EQ(s.at("virgo.sockets.queued{network.transport=udp,network.io.direction=transmit}"), 11);
  EXPECT_EQ(s.count(state("listen", "ipv6")), 0u) << "a host without IPv6";
  EXPECT_EQ(s.count("virgo.sockets.listen.full"), 0u) << "the table does not say";
  EXPECT_EQ(s.size(), 11u + 1 + 4 + 1);
}

TEST_F(SocketsPlugin, QueuesAndPorts) {
  tcp(line("0100007F:0016", "0A", "00000000:00000003") +
      line("0100007F:0016", "01", "00000010:00000020") + line("0100007F:0016", "06") +
      line("0100007F:0050", "01") + line("0100007F:FFFF", "0A"));
  write("/proc/net/tcp6",
        kHeading + line("00000000000000000000000001000000:0016", "0A", "00000000:00000002") +
            line("00000000000000000000000001000000:0016", "01"));
  write("/proc/net/udp", kHeading + line("0100007F:0016", "01"));
  auto check = on_tree(", ports: [22, 80, 65535, 443, 22]");
  const auto s = collect(*check);
  EXPECT_EQ(s.at(state("established", "ipv6")), 1);
  EXPECT_EQ(s.at(port(22, "established")), 2);
  EXPECT_EQ(s.at(port(22, "listen")), 2);
  EXPECT_EQ(s.at("virgo.sockets.port.listen.queue{network.local.port=22}"), 5);
  EXPECT_EQ(s.at(port(80, "established")), 1);
  EXPECT_EQ(s.at(port(80, "listen")), 0);
  EXPECT_EQ(s.count("virgo.sockets.port.listen.queue{network.local.port=80}"), 0u);
  EXPECT_EQ(s.at(port(65535, "listen")), 1);
  EXPECT_EQ(s.at(port(443, "listen")), 0);
  EXPECT_EQ(s.at("virgo.sockets.listen.queue"), 5);
  EXPECT_EQ(s.at("virgo.sockets.queued{network.transport=tcp,network.io.direction=receive}"), 32)
      << "connections that wait are no bytes";
}

TEST_F(SocketsPlugin, SumsOfTheKernel) {
  tcp("");
  write("/proc/net/udp", kHeading);
  write("/proc/net/sockstat",
        "sockets: used 290\nTCP: inuse 27 orphan 4 tw 23 alloc 31 mem 3\nUDP: inuse 8 mem 6\n"
        "UDPLITE: inuse 0\nRAW: inuse 1\nFRAG: inuse 2 memory 4096\nNEW: thing 7 odd\n");
  write("/proc/net/sockstat6", "TCP6: inuse 17\nRAW6: inuse 5\nFRAG6: inuse 0 memory 0\nCUT6: x 1");
  const double page = static_cast<double>(sysconf(_SC_PAGESIZE));
  auto check = on_tree();
  auto s = collect(*check);
  EXPECT_EQ(s.at("virgo.sockets.used"), 290);
  EXPECT_EQ(s.at("virgo.sockets.tcp.orphaned"), 4);
  EXPECT_EQ(s.at("virgo.sockets.tcp.allocated"), 31);
  EXPECT_EQ(s.at("virgo.sockets.memory{network.transport=tcp}"), 3 * page);
  EXPECT_EQ(s.at("virgo.sockets.memory{network.transport=udp}"), 6 * page);
  EXPECT_EQ(s.at("virgo.sockets.raw{network.type=ipv4}"), 1);
  EXPECT_EQ(s.at("virgo.sockets.raw{network.type=ipv6}"), 5);
  EXPECT_EQ(s.at("virgo.sockets.fragment.queue{network.type=ipv4}"), 2);
  EXPECT_EQ(s.at("virgo.sockets.fragment.memory{network.type=ipv4}"), 4096);
  auto node = on_tree(", naming: prometheus");
  s = collect(*node);
  EXPECT_EQ(s.at("node_sockstat_sockets_used"), 290);
  EXPECT_EQ(s.at("node_sockstat_TCP_mem"), 3);
  EXPECT_EQ(s.at("node_sockstat_TCP_mem_bytes"), 3 * page);
  EXPECT_EQ(s.at("node_sockstat_NEW_thing"), 7);
  EXPECT_EQ(s.at("node_sockstat_RAW6_inuse"), 5);
  EXPECT_EQ(s.count("node_sockstat_CUT6_x"), 0u);
  EXPECT_EQ(s.count("node_tcp_connection_states{state=rx_queued_bytes}"), 0u) << "no sockets";
}

TEST_F(SocketsPlugin, NodeExportersNames) {
  tcp(line("0100007F:0016", "0A", "00000000:00000003") +
      line("0100007F:0016", "03", "00000010:00000020") + line("0100007F:0016", "04"));
  write("/proc/net/udp", kHeading + line("00000000:0035", "07", "0000000A:00000100"));
  write("/proc/net/udp6", kHeading);
  auto check = on_tree(", naming: prometheus");
  const std::map<std::string, double> expected = {
      {"node_tcp_connection_states{state=listen}", 1},
      {"node_tcp_connection_states{state=syn_recv}", 1},
      {"node_tcp_connection_states{state=fin_wait1}", 1},
      {"node_tcp_connection_states{state=rx_queued_bytes}", 35},
      {"node_tcp_connection_states{state=tx_queued_bytes}", 16},
      {"node_udp_queues{ip=v4,queue=rx}", 256},
      {"node_udp_queues{ip=v4,queue=tx}", 10},
      {"node_udp_queues{ip=v6,queue=rx}", 0},
      {"node_udp_queues{ip=v6,queue=tx}", 0}};
  EXPECT_EQ(collect(*check), expected);
}

TEST_F(SocketsPlugin, ATableOfManyPieces) {
  std::string lines;
  for (int i = 0; i < 20000; ++i) lines += line("0100007F:0016", i % 4 == 0 ? "06" : "01");
  tcp(lines);
  write("/proc/net/udp", kHeading);
  auto check = on_tree(", ports: [22]");
  for (int i = 0; i < 2; ++i) {
    const auto s = collect(*check);
    EXPECT_EQ(s.at(state("time_wait")), 5000);
    EXPECT_EQ(s.at(state("established")), 15000);
    EXPECT_EQ(s.at(port(22, "established")), 15000) << "and not those of the run before";
  }
}

TEST_F(SocketsPlugin, OddLinesAreNotCounted) {
  tcp(std::string(70'000, 'x') + "\n" + line("0100007F:0016", "00") + line("0100007F:10016", "01") +
      line("0100007F", "01") + line("0100007F:0016", "1G") + line("0100007F:0016", "01", "0:") +
      line("0100007F:0016", "01", "123456789:0") + line("0100007F:0016", "100") + "\n0:\n" +
      line("0100007F:0016", "01") + "   1: 0100007F:0016 0100007F:D2F0 01 00000000:0000");
  write("/proc/net/udp", "");
  auto check = on_tree();
  EXPECT_EQ(collect(*check).at(state("established")), 1);
}

TEST_F(SocketsPlugin, EveryCutOfTheTableIsAnswered) {
  const std::string whole = kHeading + line("0100007F:0016", "01") + line("0100007F:0016", "01");
  write("/proc/net/udp", kHeading);
  auto check = on_tree();
  for (std::size_t n = 0; n < whole.size(); ++n) {
    write("/proc/net/tcp", whole.substr(0, n));
    EXPECT_LE(collect(*check).at(state("established")), 1);
  }
}

TEST_F(SocketsPlugin, NoTableFailsWithASentence) {
  auto check = on_tree();
  EXPECT_EQ(collect(*check, Status::failed).size(), 0u);
  EXPECT_EQ(explanation, root + "/proc/net/tcp: No such file or directory");
}

TEST_F(SocketsPlugin, TheNetworkOfTheHostsFirstProcess) {
  tcp(line("0100007F:0016", "01"));
  write("/proc/net/udp", kHeading);
  std::filesystem::create_directories(root + "/proc/1/net");
  write("/proc/1/net/tcp", kHeading + line("0100007F:0016", "06"));
  auto check = on_tree();
  const auto s = collect(*check);
  EXPECT_EQ(s.at(state("time_wait")), 1);
  EXPECT_EQ(s.at(state("established")), 0);
}

TEST_F(SocketsPlugin, PortsThatAreNone) {
  for (const char* ports : {"[0]", "[65536]", "[-1]", "[http]"}) {
    config::CheckSpec s = spec("virgo.sockets");
    s.params = config::parse("v: {ports: " + std::string(ports) + "}", "test.yaml",
                             config::process_sources())
                   .root.items.at(0);
    config::Problems problems;
    EXPECT_EQ(registry.create(s, problems), nullptr) << ports;
    ASSERT_EQ(problems.size(), 1u);
    EXPECT_THAT(config::to_string(problems[0]), HasSubstr("must be a port, 1 to 65535"));
  }
}

// ---- sockets of the test's own ----

class OwnSockets : public SocketsPlugin {
 public:
  ~OwnSockets() override {
    for (const int fd : all_) close(fd);
  }

 protected:
  int open(int family, int type) {
    all_.push_back(socket(family, type | SOCK_CLOEXEC, 0));
    return all_.back();
  }
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }
  int listen_on(std::uint16_t port, int most) {
    const int fd = open(AF_INET, SOCK_STREAM);
    sockaddr_in address = loopback(port);
    EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(fd, most), 0);
    return fd;
  }
  int connect_to(std::uint16_t port) {
    const int fd = open(AF_INET, SOCK_STREAM);
    sockaddr_in address = loopback(port);
    EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return fd;
  }
  void finish(int fd) {
    close(fd);
    std::erase(all_, fd);
  }
  // What the test makes below, on either way to it.
  void expect_own_sockets();

 private:
  std::vector<int> all_;
};

void OwnSockets::expect_own_sockets() {
  const int listener = listen_on(7001, 2);
  listen_on(7002, 5);
  for (int i = 0; i < 2; ++i) connect_to(7001);  // nobody accepts those
  const int client = connect_to(7002);
  EXPECT_EQ(send(client, "twelve bytes", 12, 0), 12);
  // The one that closes first is left in TIME_WAIT.
  const int leaving = connect_to(7001);
  int accepted = -1;
  for (int i = 0; i < 3; ++i) {
    if (accepted >= 0) finish(accepted);
    accepted = accept(listener, nullptr, nullptr);
  }
  finish(leaving);
  char byte = 0;
  EXPECT_EQ(recv(accepted, &byte, 1, 0), 0);
  finish(accepted);
  const int udp = open(AF_INET6, SOCK_DGRAM);
  sockaddr_in6 any{};
  any.sin6_family = AF_INET6;
  EXPECT_EQ(bind(udp, reinterpret_cast<sockaddr*>(&any), sizeof any), 0);

  auto check = make("virgo.sockets", "{ports: [7001, 7002]}");
  const auto s = collect(*check);
  EXPECT_EQ(s.at(state("listen")), 2);
  EXPECT_EQ(s.at(state("time_wait")), 1);
  EXPECT_EQ(s.at(state("established")), 2) << "the connection to 7002, from both ends";
  EXPECT_EQ(s.at(state("close_wait")), 2) << "those that were accepted and closed";
  EXPECT_EQ(s.at(state("fin_wait_1")) + s.at(state("fin_wait_2")), 2) << "and their other ends";
  EXPECT_EQ(s.at(state("listen", "ipv6")), 0);
  EXPECT_EQ(s.at("system.network.connection.count{network.transport=udp,network.type=ipv6}"), 1);
  EXPECT_EQ(s.at("virgo.sockets.queued{network.transport=tcp,network.io.direction=receive}"),
            12 + 2)
      << "the kernel counts the end of a connection like a byte";
  EXPECT_EQ(s.at("virgo.sockets.listen.queue"), 1);
  EXPECT_EQ(s.at(port(7002, "established")), 1);
  EXPECT_EQ(s.at(port(7002, "listen")), 1);
  EXPECT_EQ(s.at("virgo.sockets.port.listen.queue{network.local.port=7002}"), 1);
}

TEST_F(OwnSockets, AskedOfTheKernel) {
  if (!OwnNetwork::enter()) return;
  if (!OwnNetwork::ip("link set lo up\n")) return;
  expect_own_sockets();
  listen_on(7003, 1);
  connect_to(7003);
  auto check = make("virgo.sockets", "{ports: [7002, 7003]}");
  const auto s = collect(*check);
  EXPECT_EQ(s.at("virgo.sockets.port.listen.limit{network.local.port=7002}"), 5);
  EXPECT_EQ(s.at("virgo.sockets.listen.full"), 1);
}

TEST_F(OwnSockets, ReadFromTheTablesWhereNetlinkIsRefused) {
  if (!OwnNetwork::enter()) return;
  if (!OwnNetwork::ip("link set lo up\n") || !OwnNetwork::refuse_netlink()) return;
  const LogLines log;
  expect_own_sockets();
  ASSERT_EQ(log.all().size(), 3u) << "TCP, UDP, UDP of IPv6";
  EXPECT_THAT(log.all()[0], HasSubstr("/proc/net/tcp is read instead"));
}

TEST_F(OwnSockets, MoreThanCanBeCountedInTime) {
  tcp(line("0100007F:0016", "01"));
  for (const bool of_kernel : {true, false}) {
    auto check = of_kernel ? on_host() : on_tree();
    TestRun run(system_clock().now());
    check->start(run);
    run_until_finished(run);
    EXPECT_EQ(run.status, Status::timeout);
    EXPECT_THAT(run.explanation, HasSubstr("more sockets than can be counted in the time given"));
    EXPECT_EQ(run.samples().size(), 0u);
  }
}

TEST_F(OwnSockets, ThisHost) {
  auto check = on_host();
  const auto s = collect(*check);
  EXPECT_EQ(s.count(state("established")), 1u);
  EXPECT_GT(s.at("virgo.sockets.used"), 0);
}

}  // namespace
}  // namespace virgo::native
