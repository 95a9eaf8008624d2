// http.lua, tcp.lua and certificate.lua beside Debian's nginx.
#include <cmath>

#include <gtest/gtest.h>

#include "base/format.hpp"
#include "functional/services/certificates.hpp"
#include "functional/services/service.hpp"
#include "functional/services/watch.hpp"

namespace virgo::functional {
namespace {

// A label has 63 characters at most, so no name server is asked, on whom this would depend.
const std::string kNoName = std::string(64, 'a') + ".invalid";

// Plain HTTP on one port, and one port with TLS for each certificate.
struct Web : Service {
  int port = unused_port();
  std::map<std::string, int> tls{{"good", 0}, {"soon", 0}, {"expired", 0}, {"other", 0}};

  explicit Web(const Authority& authority) {
    authority.certify(*this, "good", "localhost");
    authority.certify(*this, "soon", "localhost", -30, 10);
    authority.certify(*this, "expired", "localhost", -30, -2);
    authority.certify(*this, "other", "other.example");
    write("ca.pem", authority.pem());
    write("users", "virgo:{PLAIN}secret\n");
    std::string text = "daemon off;\nmaster_process off;\npid " + file("pid") +
                       ";\nerror_log stderr;\nevents { worker_connections 64; }\n"
                       "http {\n  access_log off;\n  client_body_in_single_buffer on;\n";
    for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
      text += format("  {0}_temp_path {1};\n", kind, file(kind));
    text += format("  server {{\n    listen 127.0.0.1:{};\n    listen unix:{};\n{}", port,
                   file("socket"), locations());
    for (auto& [name, at] : tls) {
      at = unused_port();
      text += format(
          "  server {{\n    listen 127.0.0.1:{} ssl;\n    ssl_certificate {};\n"
          "    ssl_certificate_key {};\n{}",
          at, file(name + ".pem"), file(name + ".key"), locations());
    }
    write("nginx.conf", text + "}\n");
    start({"/usr/sbin/nginx", "-p", dir(), "-c", file("nginx.conf"), "-e", "stderr"}, port);
  }

  std::string locations() const {
    return "    location = /health { return 200 'all is well, $http_x_word'; }\n"
           "    location = /away { return 302 /health; }\n"
           "    location = /trouble { return 503 'sorry'; }\n"
           "    location = /big { return 200 '" +
           std::string(3000, 'x') +
           "end'; }\n    location = /locked { auth_basic x; auth_basic_user_file " + file("users") +
           "; try_files /none =204; }\n    location = /posted {\n      if ($request_method = POST) "
           "{ return 201; }\n      return 405;\n    }\n  }\n";
  }
};

std::string check(const std::string& name, const char* type, const std::string& params) {
  return format("  - {{name: {}, type: {}, interval: 1s, params: {{{}}}}}\n", name, type, params);
}

TEST(HttpService, AnswersAreLookedAt) {
  const Authority authority;
  const Web web(authority);
  const auto http = [&](const char* name, const char* path, const std::string& more = "") {
    return check(name, "virgo.http",
                 format("url: 'http://127.0.0.1:{}{}'{}", web.port, path, more));
  };
  const auto https = [&](const char* name, const std::string& more) {
    return check(name, "virgo.http",
                 format("url: 'https://localhost:{}/health'{}", web.tls.at(name), more));
  };
  const std::string ca = ", ca: " + web.file("ca.pem");
  Watch watch(
      http("plain", "/health", ", contains: is well, headers: {X-Word: indeed}, pattern: indeed$") +
      http("absent", "/health", ", contains: nonsense") +
      http("pattern", "/health", ", pattern: '^%d'") + http("away", "/away") +
      http("follow", "/away", ", follow: 2, status: '200', contains: well") +
      http("strict", "/away", ", status: '200, 404-499'") + http("trouble", "/trouble") +
      http("right", "/locked", ", user: virgo, password: secret, status: '204'") +
      http("wrong", "/locked", ", user: virgo, password: Secret") +
      check("at", "virgo.http",
            format("url: 'http://virgo:sec@ret@127.0.0.1:{}/health'", web.port)) +
      http("posted", "/posted", ", method: POST, body: hello, status: '201'") +
      http("big", "/big", ", max_body: 1000B, pattern: 'xend$'") +
      check("unix", "virgo.http",
            format("url: 'http://web/health', socket: {}, contains: well", web.file("socket"))) +
      https("good", ca) + https("expired", ca) + https("other", ca + ", verify: false") +
      https("soon", "") +
      check("down", "virgo.http", format("url: 'http://127.0.0.1:{}/'", unused_port())) +
      check("no-name", "virgo.http", "url: 'http://" + kNoName + "/'"));

  const auto series = [&](const char* name, const char* path, const char* scheme, int port) {
    return format("{}{{http.url={}:{}{}}}", name, scheme, port, path);
  };
  const json::Value plain = watch.report("plain", judged("ok"));
  const auto of_plain = [&](const char* name) {
    return number(plain, series(name, "/health", "http://127.0.0.1", web.port));
  };
  EXPECT_EQ(of_plain("httpcheck.response.size"), 19);
  EXPECT_EQ(of_plain("virgo.http.body.match"), 1);
  EXPECT_GT(of_plain("httpcheck.client.connection.duration"), 0);
  EXPECT_GT(of_plain("httpcheck.response.duration"), 0);
  EXPECT_GE(of_plain("httpcheck.duration"), of_plain("httpcheck.response.duration"));
  EXPECT_TRUE(std::isnan(of_plain("httpcheck.tls.handshake.duration")));
  EXPECT_EQ(number(plain, format("httpcheck.status{{http.status_class=2xx,http.status_code=200,"
                                 "http.url=http://127.0.0.1:{}/health}}",
                                 web.port)),
            1);
  // The label has no part of the password.
  EXPECT_EQ(number(watch.report("at", judged("ok")),
                   series("httpcheck.response.size", "/health", "http://127.0.0.1", web.port)),
            13);
  for (const char* name : {"away", "follow", "right", "posted", "unix"})
    watch.report(name, judged("ok"));
  watch.report("absent", judged("critical", "the body is not as expected"));
  watch.report("pattern", judged("critical", "the body is not as expected"));
  watch.report("big", judged("critical", "the body is not as expected"));
  watch.report("strict", judged("critical", "status 302"));
  watch.report("wrong", judged("critical", "status 401"));
  const json::Value trouble = watch.report("trouble", judged("critical", "status 503"));
  EXPECT_EQ(number(trouble, format("httpcheck.status{{http.status_class=5xx,http.status_code=503,"
                                   "http.url=http://127.0.0.1:{}/trouble}}",
                                   web.port)),
            0);

  const json::Value good = watch.report("good", judged("ok"));
  const auto of_good = [&](const char* name) {
    return number(good, series(name, "/health", "https://localhost", web.tls.at("good")));
  };
  EXPECT_GT(of_good("httpcheck.tls.handshake.duration"), 0);
  EXPECT_NEAR(of_good("httpcheck.tls.cert_remaining"), 90 * 86400, 3600);
  watch.report("other", judged("ok"));
  watch.report("expired", ended("failed", "expired"));
  watch.report("soon", ended("failed", "not signed by a certificate authority"));
  watch.report("down", ended("unreachable", "connection refused"));
  watch.report("no-name", ended("unreachable", "cannot resolve '" + kNoName));
}

TEST(HttpService, CertificatesAreLookedAt) {
  const Authority authority;
  const Web web(authority);
  const auto certificate = [&](const char* name, const char* kind, const std::string& more) {
    return check(name, "virgo.certificate",
                 format("host: localhost, port: {}{}", web.tls.at(kind), more));
  };
  const std::string ca = ", ca: " + web.file("ca.pem");
  Watch watch(certificate("good", "good", ca) + certificate("warn", "soon", ca) +
              certificate("soon", "soon", ca + ", critical_days: 15") +
              certificate("expired", "expired", ca) + certificate("other", "other", ca) +
              certificate("named", "other", ca + ", server_name: other.example") +
              certificate("unknown", "good", "") +
              check("clear", "virgo.certificate", format("host: 127.0.0.1, port: {}", web.port)) +
              check("down", "virgo.certificate", format("host: ::1, port: {}", unused_port())));
  const auto flag = [&](const json::Value& report, const char* name, const char* kind) {
    return number(report, format("virgo.certificate.{}{{server.address=localhost,server.port={}}}",
                                 name, web.tls.at(kind)));
  };
  const json::Value good = watch.report("good", judged("ok", "CN=localhost expires in 9"));
  for (const char* name : {"trusted", "name_match", "in_time"})
    EXPECT_EQ(flag(good, name, "good"), 1) << name;
  EXPECT_GT(flag(good, "handshake.duration", "good"), 0);
  EXPECT_NEAR(number(good, format("tlscheck.time_left{{server.address=localhost,server.port={},"
                                  "tlscheck.x509.cn=localhost,"
                                  "tlscheck.x509.issuer=CN=Test Authority}}",
                                  web.tls.at("good"))),
              90 * 86400, 3600);
  watch.report("warn", judged("warn", "expires in "));
  watch.report("soon", judged("critical", "expires in "));
  const json::Value expired = watch.report("expired", judged("critical", "expired"));
  EXPECT_EQ(flag(expired, "in_time", "expired"), 0);
  EXPECT_EQ(flag(expired, "name_match", "expired"), 1);
  const json::Value other = watch.report("other", judged("critical", "localhost"));
  EXPECT_EQ(flag(other, "name_match", "other"), 0);
  EXPECT_EQ(flag(other, "trusted", "other"), 1);
  watch.report("named", judged("ok"));
  const json::Value unknown = watch.report("unknown", judged("critical", "authority"));
  EXPECT_EQ(flag(unknown, "trusted", "good"), 0);
  EXPECT_EQ(flag(unknown, "in_time", "good"), 1);
  watch.report("clear", ended("failed", "TLS"));
  watch.report("down", ended("unreachable", "connection refused"));
}

TEST(TcpService, WhatIsSaid) {
  const Authority authority;
  const Web web(authority);
  const auto tcp = [&](const char* name, int port, const char* send, const char* expect,
                       const std::string& more = "") {
    return check(name, "virgo.tcp",
                 format("host: localhost, port: {}, send: \"{}\", expect: '{}'{}", port, send,
                        expect, more));
  };
  const char* kGet = "GET /health HTTP/1.0\\r\\n\\r\\n";
  const int tls = web.tls.at("good");
  const std::string ca = ", tls: true, ca: " + web.file("ca.pem");
  Watch watch(tcp("plain", web.port, kGet, "well") + tcp("tls", tls, kGet, "well", ca) +
              tcp("other", web.port, kGet, "nonsense") +
              tcp("big", web.port, "GET /big HTTP/1.0\\r\\n\\r\\n", "xend") +
              tcp("untrusted", tls, kGet, "well", ", tls: true") +
              tcp("name", web.tls.at("other"), kGet, "well", ca) +
              tcp("clear", web.port, kGet, "well", ca));
  const auto value = [&](const json::Value& report, const char* name, int port) {
    return number(report, format("virgo.tcp.{}.duration{{server.address=localhost,server.port={}}}",
                                 name, port));
  };
  const json::Value plain = watch.report("plain");
  EXPECT_GT(value(plain, "connect", web.port), 0);
  EXPECT_GT(value(plain, "answer", web.port), 0);
  EXPECT_EQ(samples(plain).size(), 2U);
  const json::Value secure = watch.report("tls");
  EXPECT_GT(value(secure, "tls", tls), 0);
  EXPECT_GT(value(secure, "answer", tls), 0);
  watch.report("big");
  watch.report("other", judged("critical", "it says \"HTTP/1.1 200 OK"));
  watch.report("untrusted", ended("failed", "not signed by a certificate authority"));
  watch.report("name", ended("failed", "localhost"));
  watch.report("clear", ended("failed", "TLS"));
}

}  // namespace
}  // namespace virgo::functional
