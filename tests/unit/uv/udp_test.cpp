#include "uv/udp.hpp"

#include <cstring>
#include <optional>
#include <vector>

#include "unit/loop_fixture.hpp"

namespace virgo::uv {
namespace {

class UdpTest : public virgo::testing::LoopTest {
 protected:
  struct Side {
    std::vector<std::string> received;
    std::optional<sockaddr_storage> from;
    std::vector<Error> failed;
    std::unique_ptr<Udp> socket;
  };
  void open(Side& side) {
    side.socket = std::make_unique<Udp>(
        loop,
        Udp::Handlers{.received =
                          [&side](std::string_view bytes, const sockaddr* from) {
                            side.received.emplace_back(bytes);
                            side.from.emplace();
                            std::memcpy(&*side.from, from, sizeof(sockaddr_in));
                          },
                      .failed = [&side](const Error& error) { side.failed.push_back(error); }});
  }
  void open_bound(Side& side) {
    open(side);
    ASSERT_TRUE(side.socket->bind("127.0.0.1", 0).ok());
    ASSERT_TRUE(side.socket->receive_start().ok());
  }
  void open_connected(Side& side, const Side& to) {
    open(side);
    const sockaddr_storage address = to.socket->local_address();
    ASSERT_TRUE(side.socket->connect(reinterpret_cast<const sockaddr*>(&address)).ok());
    ASSERT_TRUE(side.socket->receive_start().ok());
  }
  void TearDown() override {
    a = Side();
    b = Side();
    LoopTest::TearDown();
  }
  Side a;
  Side b;
};

TEST_F(UdpTest, CarriesDatagramsBothWays) {
  open_bound(a);
  open_connected(b, a);
  const std::string largest(Udp::kMaxPayload, 'x');
  for (const std::string& text : {std::string("one"), std::string(), largest}) {
    a.received.clear();
    ASSERT_TRUE(b.socket->send(text).ok());
    run_until([&] { return !a.received.empty(); });
    EXPECT_EQ(a.received.at(0), text);
  }
  ASSERT_TRUE(a.socket->send("back", reinterpret_cast<const sockaddr*>(&*a.from)).ok());
  run_until([&] { return !b.received.empty(); });
  EXPECT_EQ(b.received.at(0), "back");
  const auto too_large = b.socket->send(largest + "y");
  ASSERT_FALSE(too_large.ok());
  EXPECT_EQ(too_large.error().code, Errc::limit);
}

TEST_F(UdpTest, TellsOfARefusal) {
  open_bound(a);
  open_connected(b, a);
  a.socket.reset();
  turn();
  ASSERT_TRUE(b.socket->send("x").ok());
  run_until([&] { return !b.failed.empty(); });
  EXPECT_EQ(b.failed.at(0).message, "connection refused");
}

TEST_F(UdpTest, ReceivingMayStopAndGoOn) {
  open_bound(a);
  open_connected(b, a);
  a.socket->receive_stop();
  ASSERT_TRUE(b.socket->send("kept").ok());
  turn();
  EXPECT_TRUE(a.received.empty());
  ASSERT_TRUE(a.socket->receive_start().ok());
  EXPECT_TRUE(a.socket->receive_start().ok()) << "twice is no error";
  run_until([&] { return !a.received.empty(); });
}

TEST_F(UdpTest, AHandlerMayDestroyTheSocket) {
  open_bound(a);
  std::unique_ptr<Udp> own;
  int received = 0;
  own = std::make_unique<Udp>(loop, Udp::Handlers{.received =
                                                      [&](std::string_view, const sockaddr*) {
                                                        ++received;
                                                        own.reset();
                                                      },
                                                  .failed = nullptr});
  ASSERT_TRUE(own->bind("127.0.0.1", 0).ok());
  ASSERT_TRUE(own->receive_start().ok());
  const sockaddr_storage to = own->local_address();
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(a.socket->send("x", reinterpret_cast<const sockaddr*>(&to)).ok());
  run_until([&] { return received == 1; });
  turn();
  EXPECT_EQ(received, 1);
}

TEST_F(UdpTest, SaysWhereItCannotReceive) {
  open(a);
  EXPECT_EQ(a.socket->bind("localhost", 1).error().message,
            "'localhost' is not an IP address to receive at");
  open_bound(b);
  const sockaddr_storage taken = b.socket->local_address();
  const std::uint16_t port = port_of(reinterpret_cast<const sockaddr*>(&taken));
  EXPECT_EQ(a.socket->bind("127.0.0.1", port).error().message,
            "cannot receive at 127.0.0.1:" + std::to_string(port) + ": address already in use");
}

TEST(IpTest, AddressesAsText) {
  sockaddr_storage address{};
  EXPECT_TRUE(parse_ip("::1", 53, &address));
  EXPECT_EQ(ip_of(reinterpret_cast<const sockaddr*>(&address)), "::1");
  EXPECT_EQ(port_of(reinterpret_cast<const sockaddr*>(&address)), 53);
  EXPECT_TRUE(parse_ip("192.0.2.1", 65535, &address));
  EXPECT_EQ(ip_of(reinterpret_cast<const sockaddr*>(&address)), "192.0.2.1");
  for (const char* bad : {"", "a", "1.2.3", "1.2.3.4.5", "[::1]", "::g"})
    EXPECT_FALSE(parse_ip(bad, 1, &address)) << bad;
}

}  // namespace
}  // namespace virgo::uv
