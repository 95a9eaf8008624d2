// haproxy.lua beside Debian's haproxy.
#include <gtest/gtest.h>

#include "base/format.hpp"
#include "functional/services/service.hpp"
#include "functional/services/watch.hpp"

namespace virgo::functional {
namespace {

struct HaProxy : Service {
  int port = unused_port();  // of the frontend that has the statistics, too
  HaProxy() {
    write("haproxy.cfg",
          format("global\n  stats socket {}/admin.sock level user\n"
                 "defaults\n  mode http\n  timeout client 5s\n  timeout server 5s\n"
                 "  timeout connect 1s\n"
                 "frontend www\n  bind 127.0.0.1:{}\n  stats enable\n  stats uri /stats\n"
                 "  stats auth virgo:secret\n  default_backend app\n"
                 "backend app\n  server own 127.0.0.1:{} weight 7\n"
                 "  server away 127.0.0.1:1 check inter 100ms fall 1\n",
                 dir(), port, port));
    start({"/usr/sbin/haproxy", "-f", file("haproxy.cfg"), "-db"}, port);
  }
};

TEST(HaProxyService, TellsOfItself) {
  HaProxy server;
  EXPECT_NE(converse(server.port, "GET /stats HTTP/1.0\r\n\r\n").find(" 401 "), std::string::npos);
  constexpr const char* kCheck = "  - {{name: {}, type: virgo.haproxy, params: {{{}}}}}\n";
  const std::string url = format("url: 'http://127.0.0.1:{}/stats;csv'", server.port);
  const std::string socket = "socket: " + server.file("admin.sock");
  Watch watch(format(kCheck, "http", url + ", username: virgo, password: secret") +
              format(kCheck, "wrong", url + ", username: virgo, password: nonsense") +
              format(kCheck, "socket", socket) +
              format(kCheck, "sums", socket + ", servers: false"));
  const auto sees_it_down = judged("warn", "down: app/away");
  for (const char* check : {"http", "socket"}) {
    const json::Value report = watch.report(check, sees_it_down);
    const std::string app = "proxy_name=app,service_name=";
    const std::string www = "proxy_name=www,service_name=FRONTEND";
    EXPECT_EQ(sample(report, "virgo.haproxy.status{" + www + "}"), "OPEN") << json::to_json(report);
    EXPECT_EQ(sample(report, "virgo.haproxy.status{" + app + "away}"), "DOWN");
    EXPECT_EQ(sample(report, "virgo.haproxy.status{" + app + "own}"), "no check");
    EXPECT_EQ(sample(report, "virgo.haproxy.status{" + app + "BACKEND}"), "UP");
    EXPECT_EQ(number(report, "haproxy.weight{" + app + "own}"), 7);
    EXPECT_GE(number(report, "haproxy.failed_checks{" + app + "away}"), 0);
    EXPECT_GE(number(report, "haproxy.requests.total{" + www + ",status_code=4xx}"), 1);
    EXPECT_EQ(number(report, "haproxy.requests.total{" + www + ",status_code=5xx}"), 0);
    EXPECT_GE(number(report, "haproxy.sessions.total{" + www + "}"), 1);
    EXPECT_GT(number(report, "haproxy.bytes.input{" + www + "}"), 0);
    EXPECT_GT(number(report, "haproxy.bytes.output{" + www + "}"), 0);
  }
  watch.report("wrong", ended("failed", "answers 401 Unauthorized"));
  const auto sums = samples(watch.report("sums", sees_it_down));
  EXPECT_EQ(sums.count("virgo.haproxy.status{proxy_name=app,service_name=BACKEND}"), 1U);
  EXPECT_EQ(sums.count("virgo.haproxy.status{proxy_name=app,service_name=own}"), 0U);
}

}  // namespace
}  // namespace virgo::functional
