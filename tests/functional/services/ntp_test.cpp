// ntp.lua beside Debian's chrony, which serves the host's own clock and never sets it.
#include <gtest/gtest.h>

#include <cmath>

#include "base/format.hpp"
#include "functional/services/datagram_server.hpp"
#include "functional/services/service.hpp"
#include "functional/services/watch.hpp"

namespace virgo::functional {
namespace {

struct Chrony : Service {
  int port = unused_port();
  explicit Chrony(const std::string& more) {
    write("chrony.conf", format("port {}\ncmdport 0\nallow 127.0.0.1\nbindaddress 127.0.0.1\n"
                                "pidfile {}\nuser nobody\n{}\n",
                                port, file("pid"), more));
    start({"/usr/sbin/chronyd", "-x", "-d", "-U", "-f", file("chrony.conf")}, 0);
  }
};

std::string check(const std::string& name, int port, const std::string& more = "") {
  return format(
      "  - {{name: {}, type: virgo.ntp, timeout: 1s, interval: 1s,"
      " params: {{host: 127.0.0.1, port: {}{}}}}}\n",
      name, port, more);
}

// An answer with this stratum and reference, to whatever is asked.
std::string answer(const std::string& question, char leap_version_mode, char stratum,
                   const std::string& reference) {
  std::string out(48, '\0');
  out[0] = leap_version_mode;
  out[1] = stratum;
  out.replace(12, 4, reference);
  if (question.size() >= 48) out.replace(24, 8, question.substr(40, 8));
  return out;
}

TEST(NtpService, ClockAndServerAreCompared) {
  const Chrony chrony("local stratum 8");
  const Chrony alone("");  // not in step with anything
  DatagramServer refusing([](const std::string& q) { return answer(q, '\xe4', 0, "RATE"); });
  DatagramServer starting([](const std::string& q) { return answer(q, '\xe4', 0, "INIT"); });
  // Its clock stands at 1900 and a second, which is 2036.
  DatagramServer wrong([](const std::string& q) { return answer(q, '\x24', 1, "GPS "); });
  DatagramServer forging([](const std::string&) { return answer("", '\x24', 1, "GPS "); });
  DatagramServer brief(
      [](const std::string& q) { return answer(q, '\x24', 1, "GPS ").substr(0, 40); });
  Watch watch(check("right", chrony.port) + check("far", chrony.port, ", max_stratum: 7") +
              check("narrow", chrony.port, ", warn_offset: 0s") + check("alone", alone.port) +
              check("refusing", refusing.port()) + check("starting", starting.port()) +
              check("wrong", wrong.port()) + check("forging", forging.port()) +
              check("brief", brief.port()) + check("down", unused_port()));
  const std::string labels = "{server.address=127.0.0.1}";
  const json::Value report = watch.report("right", judged("ok", "stratum 8"));
  EXPECT_EQ(number(report, "ntp.stratum" + labels), 8);
  EXPECT_EQ(number(report, "virgo.ntp.leap" + labels), 0);
  // The same clock: it is off by half of what was lost on the way, at most.
  const double delay = number(report, "virgo.ntp.delay" + labels);
  EXPECT_GT(delay, 0);
  EXPECT_LE(std::abs(number(report, "virgo.ntp.offset" + labels)), delay / 2 + 1e-4);
  EXPECT_EQ(number(report, "ntp.time.root_delay" + labels), 0);
  watch.report("far", judged("critical", "stratum 8"));
  watch.report("narrow", judged("warn", "offset"));
  const json::Value unsure = watch.report("alone", judged("critical", "the server is not in step"));
  EXPECT_EQ(number(unsure, "virgo.ntp.leap" + labels), 3);
  watch.report("refusing", ended("failed", "the server refuses: RATE"));
  watch.report("starting", judged("critical", "the server is not in step"));
  watch.report("wrong", judged("critical", "offset"));
  watch.report("forging", ended("timeout", "no answer by the deadline"));
  watch.report("brief", ended("timeout", "no answer by the deadline"));
  watch.report("down", ended("unreachable", "refused"));
}

}  // namespace
}  // namespace virgo::functional
