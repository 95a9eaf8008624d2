// virgo.sockets beside node_exporter.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "functional/exporter.hpp"

namespace virgo::functional {
namespace {

// A connection that stays, so that there always is one: states without connections are
// not reported.
class Connection {
 public:
  Connection() {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    client_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(listener_, raw, size), 0);
    EXPECT_EQ(listen(listener_, 16), 0);
    EXPECT_EQ(getsockname(listener_, raw, &size), 0);
    EXPECT_EQ(connect(client_, raw, size), 0);
  }
  ~Connection() {
    close(client_);
    close(listener_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

 private:
  int listener_;
  int client_;
};

TEST(BesideNodeExporter, Sockets) {
  const Connection connection;
  Exporter exporter({"--collector.tcpstat"});
  exporter.scrape();  // leaves a connection in TIME_WAIT
  // node_exporter sees the connection that asks it, and both see those of other tests.
  expect_equal(exporter,
               {.plugin = "sockets",
                .type = "virgo.sockets",
                .params = {},
                .covers = {"node_sockstat_.*", "node_tcp_connection_states", "node_udp_queues"},
                .drift = {{"node_sockstat_.*_bytes", 1e6},
                          {"node_sockstat_.*", 16},
                          {"node_tcp_connection_states", 4}},
                .at_least = 25});
}

}  // namespace
}  // namespace virgo::functional
