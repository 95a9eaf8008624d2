// ping.lua in a network of its own, where nothing is privileged but making it.
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cmath>

#include <gtest/gtest.h>

#include "functional/services/watch.hpp"
#include "unit/plugins/own_network.hpp"

namespace virgo::functional {
namespace {

constexpr const char* kRange = "/proc/sys/net/ipv4/ping_group_range";

void set(const char* path, const std::string& value) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  EXPECT_EQ(write(fd, value.data(), value.size()), static_cast<ssize_t>(value.size())) << path;
  close(fd);
}

// At the top of a test, which returns if this is false: see native::OwnNetwork.
bool own_network() {
  if (!native::OwnNetwork::enter() || !native::OwnNetwork::ip("link set lo up\n")) return false;
  if (access(kRange, W_OK) == 0) return true;
  [] { GTEST_SKIP() << "who may ping cannot be set here"; }();
  return false;
}

TEST(PingService, LossAndTimes) {
  if (!own_network()) return;
  set(kRange, "0 0");
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

  set("/proc/sys/net/ipv4/icmp_echo_ignore_all", "1");
  const json::Value silent = watch.report("near", judged("critical", "3 of 3 lost"));
  EXPECT_EQ(number(silent, "virgo.ping.loss" + labels), 1);
  EXPECT_EQ(samples(silent).size(), 1U);
}

TEST(PingService, RefusedByTheSystem) {
  if (!own_network()) return;
  set(kRange, "1 0");                   // nobody
  prctl(PR_CAPBSET_DROP, CAP_NET_RAW);  // for what is started from here on
  Watch watch("  - {name: near, type: virgo.ping, params: {host: 127.0.0.1}}\n");
  watch.report("near", ended("failed", "ping_group_range"));
}

}  // namespace
}  // namespace virgo::functional
