// What the checks of databases, HTTP, TCP, certificates and DNS say of servers that are of
// another kind, too slow, lie, or end in the middle.
#include <gtest/gtest.h>

#include "base/format.hpp"
#include "functional/services/datagram_server.hpp"
#include "functional/services/scripted.hpp"
#include "functional/services/watch.hpp"

namespace virgo::functional {
namespace {

// A check, the server it is pointed at, how its run ends and what it says.
struct Case {
  std::string name;
  const char* type;
  Script script;
  const char* status;  // several are separated by a blank
  const char* says;
  const char* more = "";
};

std::string big_endian(std::size_t n) {
  return {static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8),
          static_cast<char>(n)};
}

// A message of PostgreSQL.
std::string pg(char kind, const std::string& body) {
  return kind + big_endian(body.size() + 4) + body;
}
std::string pg_auth(std::size_t method, const std::string& rest = "") {
  return pg('R', big_endian(method) + rest);
}

// A packet of MySQL.
std::string my(int count, const std::string& body) {
  return {std::string(1, static_cast<char>(body.size())) + static_cast<char>(body.size() >> 8) +
          '\0' + static_cast<char>(count) + body};
}

const std::string kZero(1, '\0');
const std::string kLine(1000, 'x');

Script silent() {
  return {"", "", true, false};
}
Script closes() {
  return {"", "", false, true};
}
Script says(std::string text, std::string again = "") {
  return {std::move(text), std::move(again), true, true};
}
Script says_and_closes(std::string text) {
  return {std::move(text), "", false, true};
}

std::vector<Case> postgresql() {
  const char* type = "virgo.postgresql";
  const std::string ready = pg_auth(0) + pg('Z', "I");
  const std::string scram = pg_auth(10, "SCRAM-SHA-256" + kZero + kZero);
  return {
      {"pg-silent", type, silent(), "timeout", "no answer by the deadline"},
      // Closed, reset or a broken pipe: the client speaks first.
      {"pg-closes", type, closes(), "unreachable", "127.0.0.1:"},
      {"pg-half", type, says_and_closes(pg_auth(0).substr(0, 7)), "unreachable", "127.0.0.1:"},
      {"pg-other", type, says("HTTP/1.1 400 Bad Request\r\n"), "failed", "this is not PostgreSQL"},
      {"pg-huge", type, says("R\x7f\xff\xff\xff", kLine), "failed", "this is not PostgreSQL"},
      {"pg-below-zero", type, says(std::string("R\0\0\0\1", 5)), "failed", "not PostgreSQL"},
      {"pg-full", type,
       says(pg('E', "SFATAL" + kZero + "C53300" + kZero + "Mtoo many clients" + kZero + kZero)),
       "failed", "PostgreSQL says: too many clients"},
      {"pg-error", type, says(pg('E', "")), "failed", "PostgreSQL says: an error"},
      {"pg-gss", type, says(pg_auth(7)), "unsupported", "authentication method 7 is not known"},
      {"pg-short", type, says(pg('R', "ab")), "failed", "PostgreSQL's answer is cut off"},
      {"pg-scram", type, says(scram + pg_auth(11, "r=another,s=AAAA,i=4096")), "failed",
       "the server's SCRAM challenge is wrong"},
      {"pg-scram-text", type, says(scram + pg_auth(11, "nonsense")), "failed",
       "the server's SCRAM challenge is wrong"},
      {"pg-row", type, says(ready + pg('D', kZero + "\2" + big_endian(100) + "abc")), "failed",
       "PostgreSQL's answer is cut off"},
  };
}

std::string my_greeting() {
  return my(0, "\n8.0" + kZero + "1234" + "abcdefgh" + kZero + "\xff\xf7\xff\2" + kZero +
                   "\xff\xff\x15" + std::string(10, '\0') + "ijklmnopqrst" + kZero +
                   "mysql_native_password" + kZero);
}

std::vector<Case> mysql() {
  const char* type = "virgo.mysql";
  const std::string greeting = my_greeting();
  const std::string ok = my(2, std::string(7, '\0'));
  const char* password = ", password: secret";
  return {
      {"my-silent", type, silent(), "timeout", "no answer by the deadline"},
      {"my-closes", type, closes(), "unreachable", "closed"},
      {"my-half", type, says_and_closes(greeting.substr(0, 20)), "unreachable", "closed"},
      {"my-other", type, says("SSH-2.0-OpenSSH\r\n"), "failed", "this is not MySQL"},
      {"my-huge", type, says("\xff\xff\xff" + kZero, kLine), "failed", "this is not MySQL"},
      {"my-empty", type, says(std::string(4, '\0')), "failed", "this is not MySQL"},
      {"my-old", type, says(my(0, "\tvery old")), "failed", "this is not MySQL 4.1 or later"},
      {"my-brief", type, says(my(0, "\n8.0")), "unsupported failed timeout", ""},
      {"my-full", type, says(my(0, "\xff\x10\x04Too many connections")), "failed",
       "MySQL says: Too many connections"},
      {"my-denied", type, says(greeting + my(2, "\xff\x15\x04#28000Access denied")), "failed",
       "MySQL says: Access denied"},
      {"my-old-log-in", type, says(greeting + my(2, "\xfe")), "unsupported",
       "authentication method 'mysql_old_password' is not known", password},
      {"my-ed25519", type,
       says(greeting + my(2,
                          "\xfe"
                          "client_ed25519" +
                              kZero + kLine)),
       "unsupported", "authentication method 'client_ed25519' is not known", password},
      {"my-clear", type,
       says(greeting + my(2,
                          "\xfe"
                          "mysql_clear_password" +
                              kZero)),
       "unsupported", "authentication method 'mysql_clear_password' is not known", password},
      {"my-cut", type,
       says(greeting + ok + my(1, "\2") + my(2, std::string("\xfe\0\0\2\0", 5)) + my(3, "\xfc\1")),
       "failed", "MySQL's answer is cut off"},
  };
}

std::vector<Case> others() {
  const char* expect = ", expect: welcome";
  const std::string head = "HTTP/1.1 200 OK\r\n";
  return {
      {"http-silent", "virgo.http", silent(), "timeout", "virgo.http.request"},
      {"http-closes", "virgo.http", closes(), "unreachable", "GET http://127.0.0.1:"},
      {"http-half",
       "virgo.http",
       {head + "Content-Length: 9\r\n\r\nx", "", false, false},
       "unreachable",
       "cut off"},
      {"http-other", "virgo.http", {"SSH-2.0-x\r\n", "", false, false}, "failed unreachable", ""},
      {"tcp-silent", "virgo.tcp", silent(), "timeout", "no answer by the deadline", expect},
      {"tcp-closes", "virgo.tcp", closes(), "ok", "", expect},
      {"tcp-welcome", "virgo.tcp", says("you are wel", "come"), "ok", "", expect},
      {"tcp-tls", "virgo.tcp", silent(), "timeout", "start_tls", ", tls: true"},
      {"cert-silent", "virgo.certificate", silent(), "timeout", "virgo.tls.connect"},
      {"cert-closes", "virgo.certificate", closes(), "unreachable failed", "127.0.0.1:"},
      {"cert-other", "virgo.certificate", says("SSH-2.0-x\r\n"), "failed", "TLS"},
  };
}

// Servers that never stop talking.
std::vector<Case> endless() {
  const std::string ready = pg_auth(0) + pg('Z', "I");
  const std::string ok = my_greeting() + my(2, std::string(7, '\0'));
  const std::string end = my(2, std::string("\xfe\0\0\2\0", 5));
  return {
      {"pg-notices", "virgo.postgresql", says(ready, pg('N', kLine)), "timeout limit", ""},
      {"my-columns", "virgo.mysql", says(ok, my(1, "\3def\3def\3def\3def\3def")), "failed",
       "MySQL's answer has no end"},
      {"my-rows", "virgo.mysql", says(ok + my(1, "\2") + end, my(3, "\1a\1b")), "failed",
       "MySQL's answer has no end"},
      {"http-head",
       "virgo.http",
       {"HTTP/1.1 200 OK\r\n", "X: " + kLine + "\r\n", true, false},
       "failed",
       ""},
      {"http-body", "virgo.http", {"HTTP/1.1 200 OK\r\n\r\n", kLine, true, false}, "ok", "200 OK"},
      {"tcp-endless", "virgo.tcp", says("", kLine), "ok", "", ", expect: welcome"},
  };
}

std::string params(const Case& c, int port) {
  const std::string type = c.type;
  if (type == "virgo.http") return format("url: 'http://127.0.0.1:{}/'", port);
  return format("{}port: {}{}",
                type == "virgo.tcp" || type == "virgo.certificate" ? "host: 127.0.0.1, " : "", port,
                c.more);
}

// Waits for such a report of each: on a busy machine a run may end too early.
void expect_told(Watch& watch, const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    const json::Value report = watch.report(c.name, [&](const json::Value& r) {
      return format(" {} ", c.status).find(" " + text_of(r, "status") + " ") != std::string::npos &&
             text_of(r, "message").find(c.says) != std::string::npos;
    });
    EXPECT_EQ(text_of(report, "message").find('\n'), std::string::npos) << c.name;
  }
}

std::string check(const Case& c, int port) {
  return format("  - {{name: {}, type: {}, timeout: 1s, interval: 1s, params: {{{}}}}}\n", c.name,
                c.type, params(c, port));
}

TEST(ProtocolFailures, AreToldInOneLine) {
  std::vector<Case> cases = postgresql();
  for (const auto& more : {mysql(), others()}) cases.insert(cases.end(), more.begin(), more.end());
  ScriptedServers servers;
  DatagramServer garbage([](const std::string& q) { return q.substr(0, 12) + kLine; });
  DatagramServer mute([](const std::string&) { return ""; });
  std::string checks;
  for (const Case& c : cases) checks += check(c, servers.add(c.script));
  for (const auto& [name, port] :
       {std::pair("dns-garbage", garbage.port()), std::pair("dns-mute", mute.port())})
    checks += format(
        "  - {{name: {}, type: virgo.dns, timeout: 1s, interval: 1s,"
        " params: {{name: www.test, server: 127.0.0.1, port: {}}}}}\n",
        name, port);
  servers.start();
  Watch watch(checks);
  expect_told(watch, cases);
  watch.report("tcp-closes", judged("critical", "closed"));
  watch.report("dns-mute", ended("timeout", "virgo.dns.query"));
  watch.report("dns-garbage", [](const json::Value& r) { return text_of(r, "status") != "ok"; });
}

TEST(ProtocolFailures, EndlessAnswersEnd) {
  for (const Case& c : endless()) {
    ScriptedServers servers;
    const std::string yaml = check(c, servers.add(c.script));
    servers.start();
    Watch watch(yaml);
    expect_told(watch, {c});
    if (!kSanitized) {
      EXPECT_LT(watch.agent().process().peak_mib(), 80) << c.name;
    }
  }
}

}  // namespace
}  // namespace virgo::functional
