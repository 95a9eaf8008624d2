// What the service checks say of servers that are away, of another kind, too slow, or end
// in the middle; and that answers without an end do no harm.
#include <gtest/gtest.h>

#include "base/format.hpp"
#include "functional/services/scripted.hpp"
#include "functional/services/service.hpp"
#include "functional/services/watch.hpp"

namespace virgo::functional {
namespace {

// A check and a server it is pointed at.
struct Case {
  std::string name;
  const char* type;
  Script script;
  const char* status;
  const char* says;
  bool http = true;
};

const std::string kLine(1000, 'x');
const std::string kHead = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n";

Script page(const std::string& body) {
  return {kHead + format("Content-Length: {}\r\n\r\n{}", body.size(), body), "", true};
}
Script endless_page(const std::string& line) {
  return {kHead + "Transfer-Encoding: chunked\r\n\r\n",
          format("{:x}\r\n{}\r\n", line.size(), line)};
}

// With checks of HTTP: those of no other kind than a server's page.
void add_pages(std::vector<Case>& cases, const char* type, const char* wrong) {
  const auto name = [type](const char* what) { return std::string(type) + "-" + what; };
  cases.push_back(
      {name("half"), type, {kHead + "Content-Length: 100\r\n\r\nBusy"}, "unreachable", "cut off"});
  cases.push_back({name("endless"), type, endless_page(kLine + "\n"), "failed", "(max_body)"});
  cases.push_back({name("other"), type, page("<html>\nHello\n</html>\n"), "failed", wrong});
  cases.push_back({name("no-http"), type, {"SSH-2.0-x\r\n\r\n", "", true, true}, "failed", "HTTP"});
  cases.push_back({name("500"),
                   type,
                   {"HTTP/1.1 500 Trouble\r\nContent-Length: 0\r\n\r\n", "", true},
                   "failed",
                   "answers 500 Trouble"});
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const char* type : {"virgo.redis", "agent.redis"}) {
    const auto add = [&](const char* what, Script script, const char* status, const char* says) {
      cases.push_back(
          {std::string(type) + "-" + what, type, std::move(script), status, says, false});
    };
    add("half", {"$1000\r\nredis_version:7\r\n"}, "unreachable", "closed");
    add("endless", {"", kLine}, "failed", "8192 bytes");
    add("huge", {"$99999999999\r\n", kLine}, "failed", "this is not Redis");
    add("other", {"STAT pid 1\r\n", "", true}, "failed", "this is not Redis, it says 'STAT pid 1'");
    add("empty", {"$0\r\n\r\n", "", true}, "failed", "no redis_version");
  }
  cases.push_back(
      {"memcached-half", "virgo.memcached", {"STAT pid 1\r\n"}, "unreachable", "closed", false});
  cases.push_back({"memcached-endless",
                   "virgo.memcached",
                   {"", "STAT pid 1\r\n"},
                   "failed",
                   "its stats do not end",
                   false});
  cases.push_back({"memcached-other",
                   "virgo.memcached",
                   {"-ERR\r\n", "", true},
                   "failed",
                   "it says '-ERR'",
                   false});
  cases.push_back(
      {"ssh-half", "virgo.ssh", {"SSH-2", "", false, true}, "unreachable", "closed", false});
  cases.push_back({"ssh-endless",
                   "virgo.ssh",
                   {"220 x\r\n", "220 y\r\n", false, true},
                   "failed",
                   "no SSH server, it says '220 y'",
                   false});
  cases.push_back(
      {"ssh-long", "virgo.ssh", {kLine, kLine, false, true}, "failed", "255 bytes", false});
  cases.push_back({"ssh-old",
                   "virgo.ssh",
                   {"SSH-1.5-x\r\n", "", true, true},
                   "failed",
                   "only version 1.5 of SSH",
                   false});
  add_pages(cases, "virgo.nginx", "is not nginx's stub_status");
  add_pages(cases, "virgo.apache", "is not mod_status's page");
  add_pages(cases, "agent.apache", "is not mod_status's page");
  add_pages(cases, "virgo.haproxy", "HAProxy");
  add_pages(cases, "virgo.rabbitmq", "is not RabbitMQ's");
  add_pages(cases, "virgo.prometheus", "no page for Prometheus");
  // For every kind of check: nobody answers, and the connection is closed at once.
  std::vector<const char*> types{"virgo.redis", "virgo.memcached", "virgo.ssh"};
  for (const char* type :
       {"virgo.nginx", "virgo.apache", "virgo.haproxy", "virgo.rabbitmq", "virgo.prometheus"})
    types.push_back(type);
  for (std::size_t i = 0; i < types.size(); ++i) {
    const std::string name = types[i];
    cases.push_back({name + "-silent",
                     types[i],
                     {"", "", true},
                     "timeout",
                     "no answer by the deadline; was waiting in",
                     i > 2});
    cases.push_back({name + "-closes", types[i], {"", "", false, true}, "unreachable", "", i > 2});
  }
  return cases;
}

std::string yaml(const std::string& name, const char* type, bool http, int port,
                 const char* timeout = "10s") {
  const std::string params =
      http ? format("url: 'http://virgo:hush@127.0.0.1:{}'", port) : format("port: {}", port);
  return format("  - {{name: {}, type: {}, timeout: {}, interval: 10s, params: {{{}}}}}\n", name,
                type, timeout, params);
}

TEST(ServiceFailures, AreToldInOneLine) {
  const std::vector<Case> cases = all_cases();
  ScriptedServers servers;
  std::string checks;
  for (const Case& c : cases) {
    const bool waits = std::string_view(c.status) == "timeout";
    checks += yaml(c.name, c.type, c.http, servers.add(c.script), waits ? "1s" : "10s");
  }
  const int nobody = unused_port();
  for (const char* type : {"virgo.redis", "virgo.memcached", "virgo.ssh"})
    checks += yaml(std::string("down-") + type, type, false, nobody);
  for (const char* type :
       {"virgo.nginx", "virgo.apache", "virgo.haproxy", "virgo.rabbitmq", "virgo.prometheus"})
    checks += yaml(std::string("down-") + type, type, true, nobody);
  servers.start();
  Watch watch(checks);
  for (const Case& c : cases) {
    const std::string message = text_of(watch.report(c.name, ended(c.status, c.says)), "message");
    EXPECT_EQ(message.find('\n'), std::string::npos) << c.name << ": " << message;
    EXPECT_EQ(message.find("hush"), std::string::npos) << c.name << ": " << message;
  }
  for (const char* type : {"virgo.redis", "virgo.memcached", "virgo.ssh", "virgo.nginx",
                           "virgo.apache", "virgo.haproxy", "virgo.rabbitmq", "virgo.prometheus"})
    watch.report(std::string("down-") + type, ended("unreachable", "refused"));
  if (!kSanitized) {
    EXPECT_LT(watch.agent().process().peak_mib(), 80);
  }
}

}  // namespace
}  // namespace virgo::functional
