// nginx.lua beside Debian's nginx.
#include <gtest/gtest.h>

#include "base/format.hpp"
#include "functional/services/service.hpp"
#include "functional/services/watch.hpp"

namespace virgo::functional {
namespace {

struct Nginx : Service {
  int port = unused_port();
  int tls_port = unused_port();
  Nginx() {
    make_certificate();
    write("users", "virgo:{PLAIN}secret\n");
    std::string text = "daemon off;\nmaster_process off;\npid " + file("pid") +
                       ";\nerror_log stderr;\n" +
                       "events { worker_connections 64; }\nhttp {\n  access_log off;\n";
    for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
      text += format("  {0}_temp_path {1};\n", kind, file(kind));
    text += format(
        "  server {{\n    listen 127.0.0.1:{};\n    location = /status {{ stub_status; }}\n"
        "    location = /locked {{ stub_status; auth_basic x; auth_basic_user_file {}; }}\n"
        "    location = /text {{ return 200 'Active connections: none'; }}\n  }}\n"
        "  server {{\n    listen 127.0.0.1:{} ssl;\n    ssl_certificate {};\n"
        "    ssl_certificate_key {};\n    location = /status {{ stub_status; }}\n  }}\n}}\n",
        port, file("users"), tls_port, file("cert.pem"), file("key.pem"));
    write("nginx.conf", text);
    start({"/usr/sbin/nginx", "-p", dir(), "-c", file("nginx.conf"), "-e", "stderr"}, port);
  }
};

TEST(NginxService, TellsOfItself) {
  Nginx server;
  for (int i = 0; i < 3; ++i)
    converse(server.port,
             "GET /status HTTP/1.1\r\nHost: x\r\n\r\n"
             "GET /status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  constexpr const char* kCheck =
      "  - {{name: {}, type: virgo.nginx, params: {{url: 'http://127.0.0.1:{}/{}'{}}}}}\n";
  Watch watch(
      format(kCheck, "open", server.port, "status", "") +
      format(kCheck, "right", server.port, "locked", ", username: virgo, password: secret") +
      format(kCheck, "wrong", server.port, "locked", ", username: virgo, password: nonsense") +
      format(kCheck, "none", server.port, "locked", "") +
      format(kCheck, "missing", server.port, "missing", "") +
      format(kCheck, "text", server.port, "text", ""));
  const json::Value report = watch.report("open");
  // 3 of this test and that of the readiness; more of the other checks, by and by.
  const double accepted = number(report, "nginx.connections_accepted");
  EXPECT_GE(accepted, 5) << json::to_json(report);
  EXPECT_EQ(number(report, "nginx.connections_handled"), accepted);
  EXPECT_GE(number(report, "nginx.requests"), 7);
  EXPECT_GE(number(report, "nginx.connections_current{state=active}"), 1);
  EXPECT_GE(number(report, "nginx.connections_current{state=writing}"), 1);
  EXPECT_GE(number(report, "nginx.connections_current{state=reading}"), 0);
  EXPECT_GE(number(report, "nginx.connections_current{state=waiting}"), 0);
  EXPECT_EQ(samples(report).size(), 7U);
  EXPECT_GE(number(watch.report("right"), "nginx.requests"), 7);
  watch.report("wrong", ended("failed", "/locked answers 401 Unauthorized"));
  watch.report("none", ended("failed", "/locked answers 401 Unauthorized"));
  watch.report("missing", ended("failed", "/missing answers 404 Not Found"));
  watch.report("text", ended("failed", "/text is not nginx's stub_status"));
}

TEST(NginxService, SpeaksTls) {
  const Nginx server;
  constexpr const char* kCheck =
      "  - {{name: {}, type: virgo.nginx, params: {{url: 'https://127.0.0.1:{}/status'{}}}}}\n";
  Watch watch(format(kCheck, "right", server.tls_port, ", ca: " + server.file("cert.pem")) +
              format(kCheck, "stranger", server.tls_port, ""));
  EXPECT_GT(number(watch.report("right"), "nginx.requests"), 0);
  watch.report("stranger", ended("failed", "self-signed certificate"));
}

}  // namespace
}  // namespace virgo::functional
