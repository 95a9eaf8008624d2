// virgo.network and agent.network on what the kernel itself says, in a network namespace
// that the test makes.
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>
#include <vector>

#include "unit/plugins/own_network.hpp"
#include "unit/plugins/proc_tree.hpp"

namespace virgo::native {
namespace {

using metric::Status;
using testing::HasSubstr;

class NetworkOfTheKernel : public ShippedPlugin {
 protected:
  NetworkOfTheKernel() : ShippedPlugin("network") {}

  std::unique_ptr<check::Check> with(const std::string& params) {
    return make("virgo.network", "{" + params + "}");
  }
  // `count` frames of `size` bytes that leave by `name`; nobody knows their protocol.
  static void send_frames(const char* name, int count, std::size_t size) {
    const int fd = socket(AF_PACKET, SOCK_RAW, htons(0x88b5));
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_ifindex = static_cast<int>(if_nametoindex(name));
    to.sll_halen = ETH_ALEN;
    std::string frame(size, '\xff');
    frame[12] = '\x88';
    frame[13] = '\xb5';
    for (int i = 0; i < count; ++i)
      EXPECT_EQ(sendto(fd, frame.data(), size, 0, reinterpret_cast<sockaddr*>(&to), sizeof to),
                static_cast<ssize_t>(size));
    close(fd);
  }
  // Waits until a file of /sys/class/net says `text`, or, with `unlike`, anything else: the
  // kernel delivers frames and follows carriers when it has time.
  static void wait_until(const std::string& file, const std::string& text, bool unlike = false) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    std::string line;
    do {
      std::ifstream stream("/sys/class/net/" + file);
      std::getline(stream, line);
      if ((line == text) != unlike) return;
      std::this_thread::yield();
    } while (std::chrono::steady_clock::now() < end);
    ADD_FAILURE() << file << " says '" << line << "'";
  }
  static void wait_until_up(const std::vector<std::string>& names) {
    for (const std::string& name : names) wait_until(name + "/operstate", "up");
  }
  static void wait_until_received(const std::string& name, int frames) {
    wait_until(name + "/statistics/rx_packets", std::to_string(frames));
  }
  static std::string io(const std::string& name, const std::string& direction) {
    return "system.network.io{network.interface.name=" + name +
           ",network.io.direction=" + direction + "}";
  }
};

// IPv6 sends packets of its own accord.
constexpr const char* kQuiet = "/proc/sys/net/ipv6/conf/default/disable_ipv6";

TEST_F(NetworkOfTheKernel, TrafficBetweenTwoInterfaces) {
  if (!OwnNetwork::enter()) return;
  std::ofstream(kQuiet) << 1;
  if (!OwnNetwork::ip("link add a0 type veth peer name a1\nlink set a0 up\nlink set a1 up\n"))
    return;
  wait_until_up({"a0", "a1"});
  auto check = with("include: ['a?']");
  auto s = collect(*check);
  EXPECT_EQ(s.size(), 20u) << "a pair has a speed, too";
  EXPECT_EQ(s.at(io("a0", "transmit")), 0);
  EXPECT_EQ(s.at("hw.network.up{hw.id=a0,network.interface.name=a0}"), 1);
  send_frames("a0", 7, 114);
  wait_until_received("a1", 7);
  s = collect(*check);
  EXPECT_EQ(s.at(io("a0", "transmit")), 7 * 114);
  EXPECT_EQ(s.at(io("a0", "receive")), 0);
  EXPECT_EQ(s.at(io("a1", "receive")), 7 * 114);
  EXPECT_EQ(s.at("system.network.packet.count{network.interface.name=a1,"
                 "network.io.direction=receive,system.device=a1}"),
            7);
  ASSERT_TRUE(OwnNetwork::ip("link set a1 down\n"));
  wait_until("a0/operstate", "up", true);
  s = collect(*check);
  EXPECT_EQ(s.at("hw.network.up{hw.id=a0,network.interface.name=a0}"), 0);
}

// Every message of the kernel must be understood as /proc and /sys tell it.
TEST_F(NetworkOfTheKernel, TheSameAsItsFiles) {
  if (!OwnNetwork::enter()) return;
  std::ofstream(kQuiet) << 1;
  if (!OwnNetwork::ip("link set lo up\n"
                      "link add a0 type veth peer name a1\n"
                      "link add b0 type bridge\n"
                      "link set a0 up mtu 1234 txqueuelen 77 alias \"the one\"\n"
                      "link set a1 up promisc on\n"
                      "link set b0 group 5 address 02:11:22:33:44:55\n"))
    return;
  wait_until_up({"a0", "a1"});
  send_frames("a0", 3, 60);
  wait_until_received("a1", 3);
  auto kernel = with("naming: prometheus, exclude: []");
  // Read through a tree: "/" would be the network of process 1.
  std::filesystem::create_directories(root + "/proc/net");
  std::ifstream netdev("/proc/net/dev");
  write("/proc/net/dev", {std::istreambuf_iterator<char>(netdev), {}});
  std::filesystem::create_symlink("/sys", root + "/sys");
  auto files = with("naming: prometheus, exclude: [], root: " + root);
  auto said = collect(*kernel);
  const auto written = collect(*files);
  EXPECT_EQ(written.count("node_network_mtu_bytes{device=a0}"), 1u);
  for (const char* name : {"lo", "a0", "a1", "b0"})
    EXPECT_EQ(said.erase("node_network_receive_nohandler_total{device=" + std::string(name) + "}"),
              1u)
        << "no file has that";
  EXPECT_EQ(said, written);
  EXPECT_EQ(said.at("node_network_mtu_bytes{device=a0}"), 1234);
  EXPECT_EQ(said.at("node_network_net_dev_group{device=b0}"), 5);
}

TEST_F(NetworkOfTheKernel, FiveHundredInterfaces) {
  if (!OwnNetwork::enter()) return;
  std::ofstream(kQuiet) << 1;
  std::string commands;
  for (int i = 0; i < 250; ++i)
    commands += "link add x" + std::to_string(i) + " type veth peer name y" + std::to_string(i) +
                "\nlink set x" + std::to_string(i) + " up\nlink set y" + std::to_string(i) +
                " up\n";
  if (!OwnNetwork::ip(commands)) return;
  for (int i = 0; i < 250; ++i) {
    const std::string number = std::to_string(i);
    wait_until_up({"x" + number, "y" + number});
    send_frames(("x" + number).c_str(), 1, 100);
    wait_until_received("y" + number, 1);
  }
  const LogLines log;
  auto check = with("max_series: 1000");
  for (int i = 0; i < 2; ++i) {
    const auto s = collect(*check);
    EXPECT_LE(s.size(), 1000u);
    double received = 0;
    int own = 0;
    for (const auto& [series, value] : s) {
      const bool is_sum = series.find("overflow") != std::string::npos;
      own += series.rfind("hw.network.up", 0) == 0 ? 1 : 0;
      if (series.rfind("system.network.io{", 0) != 0 || series.find("receive") > series.size())
        continue;
      received += value;
      EXPECT_TRUE(!is_sum || value > 0);
    }
    EXPECT_EQ(own, 99);
    EXPECT_EQ(received, 250 * 100) << "each is counted once, in its own series or in the sum";
    EXPECT_EQ(s.count("system.network.io{otel.metric.overflow=true,network.io.direction=receive}"),
              1u);
  }
  ASSERT_EQ(log.all().size(), 1u);
  EXPECT_THAT(log.all()[0], HasSubstr("max_series is 1000: of 500 network interfaces"));
}

TEST_F(NetworkOfTheKernel, RenamedReplacedAndOddlyNamed) {
  if (!OwnNetwork::enter()) return;
  if (!OwnNetwork::ip("link add a0 type veth peer name a1\n")) return;
  auto check = with("");
  EXPECT_EQ(collect(*check).count(io("a0", "receive")), 1u);
  ASSERT_TRUE(OwnNetwork::ip("link set a0 name x@y.$-_+=()~\nlink add a0 type bridge\n"));
  auto s = collect(*check);
  EXPECT_EQ(s.count(io("x@y.$-_+=()~", "receive")), 1u);
  EXPECT_EQ(s.count(io("a0", "receive")), 1u);
  ASSERT_TRUE(OwnNetwork::ip("link del a1\nlink del a0\n"));
  EXPECT_EQ(collect(*check).size(), 0u) << "a host may have nothing but a loopback";
}

// The kernel says so when its table changed during the dump, and is asked again.
TEST_F(NetworkOfTheKernel, InterfacesThatComeAndGoMeanwhile) {
  if (!OwnNetwork::enter()) return;
  std::ofstream(kQuiet) << 1;
  if (!OwnNetwork::ip("link add stays type veth peer name other\n")) return;
  std::string commands;
  for (int i = 0; i < 100; ++i)
    commands += "link add x" + std::to_string(i) + " type veth peer name y" + std::to_string(i) +
                "\n" + (i < 50 ? "" : "link del x" + std::to_string(i - 50) + "\n");
  std::atomic<bool> done = false;
  std::thread changes([&] {
    OwnNetwork::ip(commands);
    done = true;
  });
  auto check = with("max_series: 500");  // 49 interfaces, the others in the sum
  int runs = 0;
  do {
    const auto s = collect(*check);  // in which no series is there twice
    EXPECT_EQ(s.count(io("stays", "receive")), 1u);
    EXPECT_EQ(s.count(io("other", "receive")), 1u);
    ++runs;
  } while (!done);
  changes.join();
  EXPECT_GT(runs, 1);
}

TEST_F(NetworkOfTheKernel, OneInterfaceByEitherName) {
  if (!OwnNetwork::enter()) return;
  std::ofstream(kQuiet) << 1;
  if (!OwnNetwork::ip("link add a0 type veth peer name a1\n")) return;
  const auto state = [this](const std::string& target) {
    auto check = make("agent.network", "{target: '" + target + "'}");
    TestRun run = new_run();
    check->start(run);
    run_until_finished(run);
    return run.status == Status::ok ? std::string(run.samples().value(13).text) : run.explanation;
  };
  EXPECT_EQ(state("a0"), "unknown");
  ASSERT_TRUE(OwnNetwork::ip("link set a0 up\n"));
  wait_until("a0/operstate", "lowerlayerdown");
  EXPECT_EQ(state("a0"), "down");
  ASSERT_TRUE(OwnNetwork::ip("link set a1 up\n"));
  wait_until_up({"a0"});
  EXPECT_EQ(state("a0"), "up");
  EXPECT_EQ(state("a2"), "No such interface: a2");
  const std::string longest(127, 'n');
  EXPECT_EQ(state(longest), "No such interface: " + longest);
  EXPECT_EQ(state(std::string(300, 'n')), "No such interface: " + std::string(300, 'n'));
  if (!OwnNetwork::ip("link property add dev a0 altname " + longest + "\n")) return;
  EXPECT_EQ(state(longest), "up");
}

TEST_F(NetworkOfTheKernel, FilesWhereNetlinkIsRefused) {
  if (!OwnNetwork::enter()) return;
  std::ofstream(kQuiet) << 1;
  if (!OwnNetwork::ip("link add a0 type veth peer name a1\nlink set a0 up\nlink set a1 up\n"))
    return;
  wait_until_up({"a0", "a1"});
  send_frames("a0", 2, 64);
  wait_until_received("a1", 2);
  if (!OwnNetwork::refuse_netlink()) return;
  const LogLines log;
  auto check = with("");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(collect(*check).at(io("a1", "receive")), 128);
  ASSERT_EQ(log.all().size(), 1u) << "once";
  EXPECT_THAT(log.all()[0], HasSubstr("/proc/net/dev is read instead"));
  auto one = make("agent.network", "{target: a0}");
  EXPECT_EQ(collect(*one).at("tx_bytes"), 128);
}

TEST_F(NetworkOfTheKernel, ThisHost) {
  auto check = with("exclude: []");
  const auto s = collect(*check);
  EXPECT_EQ(s.count(io("lo", "receive")), 1u);
}

}  // namespace
}  // namespace virgo::native
