#include "sdk/scripted.hpp"

namespace virgo::fake {
namespace {

constexpr const char* kNetDev =
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs ...\n"
    "    lo: 100 1 0 0 0 0 0 0 100 1 0 0 0 0 0 0\n"
    "  eth0: 18446744073709551615 20 3 0 0 0 0 0 500 40 6 0 0 0 0 0\n"
    " wlan0:7 8 9 0 0 0 0 0 1 2 3 0 0 0 0 0\n";

struct Traffic : ::testing::Test {
  Folder folder;
  const std::string path = folder.write("dev", kNetDev);
  Host host;
  Check check{host, virgo_module_v1()};
};

TEST_F(Traffic, CountersByInterfaceAndDirection) {
  ASSERT_TRUE(check.configure({{"path", path}})) << check.problems_text();
  const Outcome run = check.collect();
  EXPECT_EQ(run.status(), VIRGO_OK) << run.explanation();
  EXPECT_EQ(run.samples().size(), 12u);
  const Labels in{{"network.interface.name", "eth0"}, {"network.io.direction", "receive"}};
  const Labels out{{"network.interface.name", "eth0"}, {"network.io.direction", "transmit"}};
  EXPECT_EQ(run.u64("system.network.io", in), 18446744073709551615u);
  EXPECT_EQ(run.u64("system.network.packet.count", out), 40u);
  EXPECT_EQ(run.u64("system.network.errors", out), 6u);
  EXPECT_EQ(run.sample("system.network.io", in).kind, uint32_t{VIRGO_COUNTER});
  EXPECT_EQ(host.misuse_text(), "");
}

TEST_F(Traffic, OnlyWhatIsAskedFor) {
  ASSERT_TRUE(check.configure({{"path", path}, {"interfaces", list({"lo", "wlan0"})}}));
  EXPECT_EQ(check.collect().samples("system.network.io").size(), 4u);
  ASSERT_TRUE(check.configure({{"path", path}, {"loopback", true}})) << "configured again";
  EXPECT_EQ(check.collect().samples("system.network.io").size(), 6u);
  ASSERT_TRUE(check.configure({{"path", path}, {"interfaces", list({"eth9"})}}));
  EXPECT_EQ(check.collect().explanation(), path + " has no interface that is to be reported");
  EXPECT_FALSE(check.configure({{"interfaces", list({"eth0", ""})}}));
  EXPECT_EQ(check.problems_text(), "params.interfaces[1]: must be the name of an interface\n");
}

TEST_F(Traffic, DamagedFilesAreExplained) {
  ASSERT_TRUE(check.configure({{"path", path}}));
  folder.write("dev", "");
  EXPECT_EQ(check.collect().explanation(), path + ": cannot be read");
  folder.write("dev", "titles\ntitles\n  eth0: 1 2 3\n");
  const Outcome run = check.collect();
  EXPECT_EQ(run.status(), VIRGO_ERR_FAILED);
  EXPECT_EQ(run.explanation(), path + ": the line of eth0 is too short");
}

}  // namespace
}  // namespace virgo::fake
