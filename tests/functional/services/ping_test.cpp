// ping.lua in a network of its own, where nothing is privileged but making it.
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>

#include <gtest/gtest.h>

#include "functional/services/watch.hpp"

namespace virgo::functional {
namespace {

// This thread, and what it starts, lives in a new network namespace until the end; false
// where the system does not allow that.
class OwnNetwork {
 public:
  OwnNetwork() : before_(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)) {
    made_ = unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
    if (made_) made_ = std::system("/usr/sbin/ip link set lo up") == 0;  // NOLINT
  }
  ~OwnNetwork() {
    if (made_) setns(before_, CLONE_NEWNET);
    close(before_);
  }
  OwnNetwork(const OwnNetwork&) = delete;
  OwnNetwork& operator=(const OwnNetwork&) = delete;
  bool made() const { return made_; }

  static void set(const char* name, const std::string& value) {
    const int fd = open((std::string("/proc/sys/net/ipv4/") + name).c_str(), O_WRONLY | O_CLOEXEC);
    EXPECT_EQ(write(fd, value.data(), value.size()), static_cast<ssize_t>(value.size())) << name;
    close(fd);
  }

 private:
  int before_;
  bool made_ = false;
};

TEST(PingService, LossAndTimes) {
  const OwnNetwork network;
  if (!network.made()) GTEST_SKIP() << "no network namespace can be made here";
  OwnNetwork::set("ping_group_range", "0 0");
  Watch watch(
      "  - {name: near, type: virgo.ping, params: {host: 127.0.0.1, interval: 10ms, wait: 50ms}}\n"
      "  - {name: six, type: virgo.ping, params: {host: '::1', count: 1}}\n"
      "  - {name: large, type: virgo.ping, params: {host: 127.0.0.2, count: 2, size: 60000B,"
      " interval: 10ms, wait: 50ms, warn_loss: 0.5}}\n"
      "  - {name: far, type: virgo.ping, params: {host: 192.0.2.1, count: 2, interval: 10ms}}\n"
      "  - {name: no-name, type: virgo.ping, params: {host: none.invalid}}\n");
  const std::string labels = "{server.address=127.0.0.1}";
  const json::Value near = watch.report("near", judged("ok", "0 of 3 lost"));
  const auto rtt = [&](const char* what) {
    return number(near, std::string("virgo.ping.rtt.") + what + labels);
  };
  EXPECT_EQ(number(near, "virgo.ping.loss" + labels), 0);
  EXPECT_GT(rtt("min"), 0);
  EXPECT_LE(rtt("min"), rtt("avg"));
  EXPECT_LE(rtt("avg"), rtt("max"));
  EXPECT_LE(rtt("mdev"), rtt("max") - rtt("min"));
  watch.report("six", judged("ok", "0 of 1 lost"));
  watch.report("large", judged("ok", "0 of 2 lost"));
  watch.report("far", judged("critical", "2 of 2 lost"));
  watch.report("no-name", ended("unreachable", "none.invalid"));

  OwnNetwork::set("icmp_echo_ignore_all", "1");
  const json::Value silent = watch.report("near", judged("critical", "3 of 3 lost"));
  EXPECT_EQ(number(silent, "virgo.ping.loss" + labels), 1);
  EXPECT_EQ(samples(silent).size(), 1U);
}

TEST(PingService, RefusedByTheSystem) {
  const OwnNetwork network;
  if (!network.made()) GTEST_SKIP() << "no network namespace can be made here";
  OwnNetwork::set("ping_group_range", "1 0");  // nobody
  prctl(PR_CAPBSET_DROP, CAP_NET_RAW);         // for what is started from here on
  Watch watch("  - {name: near, type: virgo.ping, params: {host: 127.0.0.1}}\n");
  watch.report("near", ended("failed", "ping_group_range"));
}

}  // namespace
}  // namespace virgo::functional
