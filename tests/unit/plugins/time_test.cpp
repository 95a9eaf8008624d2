#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cmath>

#include "time/clock.hpp"
#include "unit/plugins/proc_tree.hpp"

namespace virgo::native {
namespace {

using metric::Status;

class TimePlugin : public ShippedPlugin {
 protected:
  TimePlugin() : ShippedPlugin("time") {
    std::filesystem::create_directories(root + kSources);
    write(std::string(kSources) + "/current_clocksource", "tsc\n");
    write(std::string(kSources) + "/available_clocksource", "tsc hpet acpi_pm \n");
  }
  static constexpr const char* kSources = "/sys/devices/system/clocksource/clocksource0";
};

TEST(Clock, UnitsDependOnTheStatus) {
  timex t{};
  t.offset = -1500;
  t.jitter = 20;
  t.esterror = 1234;
  t.maxerror = 16000000;
  t.freq = 100 * 65536;
  t.ppsfreq = -65536;
  t.tick = 10000;
  plugin::Clock micro(t, TIME_OK);
  EXPECT_DOUBLE_EQ(micro.offset, -0.0015);
  EXPECT_DOUBLE_EQ(micro.pps_jitter, 0.00002);
  EXPECT_DOUBLE_EQ(micro.estimated_error, 0.001234);
  EXPECT_DOUBLE_EQ(micro.maximum_error, 16);
  EXPECT_DOUBLE_EQ(micro.frequency, 1.0001);
  EXPECT_DOUBLE_EQ(micro.pps_frequency, -1e-6);
  EXPECT_DOUBLE_EQ(micro.tick, 0.01);
  t.status = STA_NANO | STA_PLL;
  const plugin::Clock nano(t, TIME_INS);
  EXPECT_DOUBLE_EQ(nano.offset, -0.0000015);
  EXPECT_DOUBLE_EQ(nano.pps_jitter, 0.00000002);
  EXPECT_DOUBLE_EQ(nano.maximum_error, 16);
  EXPECT_TRUE(nano.synchronized);
  EXPECT_FALSE(plugin::Clock(t, TIME_ERROR).synchronized);
}

TEST(Clock, AnyNumbersAreFinite) {
  timex t{};
  for (const long extreme : {INT64_MIN, int64_t{-1}, INT64_MAX}) {
    t.offset = t.freq = t.maxerror = t.esterror = t.ppsfreq = t.jitter = t.stabil = extreme;
    const plugin::Clock c(t, 0);
    for (const double v : {c.offset, c.frequency, c.maximum_error, c.estimated_error,
                           c.pps_frequency, c.pps_jitter, c.pps_stability})
      EXPECT_TRUE(std::isfinite(v));
  }
}

TEST_F(TimePlugin, ThisHost) {
  auto check = on_host();
  const auto s = collect(*check);
  ASSERT_EQ(s.size(), 7u);
  EXPECT_LE(s.at("virgo.time.synchronized"), 1);
  EXPECT_NEAR(s.at("virgo.time.frequency"), 1, 0.001);
  EXPECT_LT(std::abs(s.at("virgo.time.offset")), 1000);
}

TEST_F(TimePlugin, NamesOfNodeExporter) {
  auto check = on_tree(", naming: prometheus");
  const auto s = collect(*check);
  EXPECT_EQ(s.size(), 17u + 2 + 4);
  EXPECT_EQ(s.at("node_time_clocksource_current_info{device=0,clocksource=tsc}"), 1);
  EXPECT_EQ(s.at("node_time_clocksource_available_info{device=0,clocksource=acpi_pm}"), 1);
  EXPECT_NEAR(s.at("node_time_seconds"), static_cast<double>(time(nullptr)), 5);
  EXPECT_EQ(s.at("node_timex_tick_seconds"), 0.01);
}

TEST_F(TimePlugin, ClockSourcesThatAreMissingOrOdd) {
  auto check = on_tree(", naming: prometheus");
  write(std::string(kSources) + "/available_clocksource", "\n");
  write(std::string(kSources) + "/current_clocksource", "half");
  EXPECT_EQ(collect(*check).size(), 19u);
  std::filesystem::remove_all(root + kSources);
  check = on_tree(", naming: prometheus");
  EXPECT_EQ(collect(*check).size(), 19u);
}

// From here on adjtimex is forbidden to this process.
void forbid_adjtimex() {
  sock_filter filter[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                          BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_adjtimex, 1, 0),
                          BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clock_adjtime, 0, 1),
                          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
                          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const sock_fprog program{sizeof filter / sizeof filter[0], filter};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) _exit(99);
}

TEST_F(TimePlugin, WhereTheCallIsForbidden) {
  for (const bool exporter : {false, true}) {
    auto check = on_tree(exporter ? ", naming: prometheus" : "");
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      forbid_adjtimex();
      const auto s = collect(*check, exporter ? Status::ok : Status::unsupported);
      const bool said = explanation.find("seccomp") != std::string::npos;
      _exit(said && s.size() == (exporter ? 6 : 0) && !HasFailure() ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), 0);
  }
}

}  // namespace
}  // namespace virgo::native
