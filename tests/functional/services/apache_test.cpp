// apache.lua beside Debian's apache2.
#include <gtest/gtest.h>

#include "base/format.hpp"
#include "functional/services/service.hpp"
#include "functional/services/watch.hpp"

namespace virgo::functional {
namespace {

struct Apache : Service {
  int port = unused_port();
  Apache() {
    std::string text = format(
        "ServerRoot {0}\nServerName test.invalid\nListen 127.0.0.1:{1}\n"
        "PidFile {0}/pid\nErrorLog {0}/error.log\n"
        "Mutex pthread\nScoreBoardFile {0}/board\n",
        dir(), port);
    for (const char* module : {"mpm_event", "authz_core", "status"})
      text += format("LoadModule {0}_module /usr/lib/apache2/modules/mod_{0}.so\n", module);
    text +=
        "StartServers 1\nServerLimit 1\nThreadsPerChild 8\nMaxRequestWorkers 8\n"
        "ExtendedStatus On\n<Location /server-status>\nSetHandler server-status\n</Location>\n";
    write("apache.conf", text);
    start({"/usr/sbin/apache2", "-D", "FOREGROUND", "-f", file("apache.conf")}, port);
  }
};

TEST(ApacheService, TellsOfItself) {
  Apache server;
  for (int i = 0; i < 3; ++i) converse(server.port, "GET /server-status?auto HTTP/1.0\r\n\r\n");
  constexpr const char* kCheck =
      "  - {{name: {}, type: {}, params: {{url: 'http://127.0.0.1:{}/server-status{}'}}}}\n";
  Watch watch(format(kCheck, "new", "virgo.apache", server.port, "?auto") +
              format(kCheck, "old", "agent.apache", server.port, "?auto") +
              format(kCheck, "page", "virgo.apache", server.port, "") +
              format(kCheck, "missing", "virgo.apache", server.port, "s"));
  // It answers before all of its threads are there.
  const json::Value report = watch.report("new", [](const json::Value& r) {
    return number(r, "apache.workers{state=busy}") + number(r, "apache.workers{state=idle}") == 8;
  });
  EXPECT_GE(number(report, "apache.requests"), 3) << json::to_json(report);
  EXPECT_GE(number(report, "apache.workers{state=busy}"), 1);
  EXPECT_GE(number(report, "apache.scoreboard{state=sending}"), 1);
  double workers = 0;
  for (const char* state : {"waiting", "starting", "reading", "sending", "keepalive", "dnslookup",
                            "closing", "logging", "finishing", "idle_cleanup", "open"})
    workers += number(report, std::string("apache.scoreboard{state=") + state + "}");
  EXPECT_EQ(workers, 8);
  EXPECT_GE(number(report, "apache.traffic"), 0);
  // The load is not told before a processor's time was used.
  EXPECT_GE(samples(report).size(), 22U) << json::to_json(report);

  // Means are told when a second has passed.
  const json::Value old = watch.report("old", [](const json::Value& r) {
    return sample(r, "requests_per_second") != "" && sample(r, "bytes_per_second") != "";
  });
  EXPECT_EQ(sample(old, "vhost"), "127.0.0.1") << json::to_json(old);
  for (const char* name :
       {"total_accesses", "total_kbytes", "uptime", "bytes_per_second", "bytes_per_request",
        "busy_workers", "idle_workers", "requests_per_second", "waiting", "starting", "reading",
        "sending", "keepalive", "dns", "closing", "logging", "gracefully_finishing", "idle",
        "open"})
    EXPECT_NE(sample(old, name), "") << name;
  EXPECT_EQ(text_of(old, "message").substr(0, 9), "Handling ");
  watch.report("page", ended("failed", "is not mod_status's page for programs; it ends in ?auto"));
  watch.report("missing", ended("failed", "answers 404 Not Found"));
}

}  // namespace
}  // namespace virgo::functional
