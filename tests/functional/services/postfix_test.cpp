// postfix.lua beside Debian's Postfix, and on a spool made by hand.
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <filesystem>

#include "base/format.hpp"
#include "functional/services/service.hpp"
#include "functional/services/watch.hpp"

namespace virgo::functional {
namespace {

// `spool` ends in /.
std::string check(const std::string& spool, const std::string& params = "",
                  const std::string& more = "") {
  return format("  - {{name: mail, type: virgo.postfix, params: {{spool: {}{}}}{}}}\n", spool,
                params, more);
}

std::string messages(const char* queue) {
  return std::string("virgo.postfix.queue.messages{queue=") + queue + "}";
}

// Delivers nothing: what it accepts is deferred at once, and held for hold@.
struct Postfix : Service {
  int port = unused_port();
  std::string spool = dir() + "/spool/";
  Postfix() {
    chmod(dir().c_str(), 0755);
    std::filesystem::create_directory(spool);
    std::filesystem::create_directory(file("data"));
    const passwd* owner = getpwnam("postfix");
    EXPECT_TRUE(owner != nullptr && chown(file("data").c_str(), owner->pw_uid, 0) == 0);
    std::filesystem::create_directory(file("conf"));
    write("conf/main.cf",
          format("compatibility_level = 3.6\nqueue_directory = {0}/spool\n"
                 "data_directory = {0}/data\ncommand_directory = /usr/sbin\n"
                 "daemon_directory = /usr/lib/postfix/sbin\nmail_owner = postfix\n"
                 "setgid_group = postdrop\nmyhostname = test.invalid\nmydestination =\n"
                 "inet_interfaces = 127.0.0.1\ninet_protocols = ipv4\n"
                 "relayhost = [127.0.0.1]:1\nalias_maps =\nalias_database =\n"
                 "smtpd_recipient_restrictions =\n"
                 "  check_recipient_access inline:{{{{hold@test.invalid = HOLD}}}}, "
                 "permit_mynetworks, reject\n",
                 dir()));
    std::string services = format("127.0.0.1:{} inet n - n - - smtpd\n", port);
    for (const char* service :
         {"cleanup unix n - n - 0 cleanup", "qmgr unix n - n 300 1 qmgr",
          "rewrite unix - - n - - trivial-rewrite", "bounce unix - - n - 0 bounce",
          "defer unix - - n - 0 bounce", "trace unix - - n - 0 bounce",
          "proxymap unix - - n - - proxymap", "smtp unix - - n - - smtp",
          "relay unix - - n - - smtp", "error unix - - n - - error", "retry unix - - n - - error",
          "anvil unix - - n - 1 anvil", "scache unix - - n - 1 scache"})
      services += std::string(service) + "\n";
    write("conf/master.cf", services);
    Process folders({"/usr/sbin/postfix", "-c", file("conf"), "check"}, file("check"));
    EXPECT_EQ(folders.wait(), 0) << folders.err();
    // Not by `postfix start-fg`, which leaves our group of processes.
    start_as_root({"/usr/lib/postfix/sbin/master", "-d", "-c", file("conf")}, port);
  }
  std::string mail_to(const std::string& recipient) const {
    return converse(port, "EHLO test.invalid\r\nMAIL FROM:<a@test.invalid>\r\nRCPT TO:<" +
                              recipient + ">\r\nDATA\r\nSubject: x\r\n\r\nHello\r\n.\r\nQUIT\r\n");
  }
};

TEST(PostfixService, TellsWhatWaits) {
  if (geteuid() != 0) GTEST_SKIP() << "Postfix starts as root only";
  Postfix server;
  EXPECT_NE(server.mail_to("hold@test.invalid").find("queued as"), std::string::npos);
  for (int i = 0; i < 3; ++i)
    EXPECT_NE(server.mail_to("away@test.invalid").find("queued as"), std::string::npos);
  Watch watch(check(server.spool));
  const json::Value report = watch.report(
      "mail", [](const json::Value& r) { return number(r, messages("deferred")) == 3; });
  EXPECT_EQ(number(report, messages("hold")), 1) << json::to_json(report);
  EXPECT_EQ(number(report, messages("incoming")), 0);
  EXPECT_EQ(number(report, messages("maildrop")), 0);
  EXPECT_GT(number(report, "virgo.postfix.queue.size{queue=deferred}"), 600);
  EXPECT_NE(text_of(report, "message").find("messages wait"), std::string::npos);
}

TEST(PostfixSpool, IsCounted) {
  const TempDir dir;
  const std::string spool = dir.path() + "/";
  for (const char* folder :
       {"maildrop", "incoming", "active", "deferred/0/F", "deferred/A", "hold"})
    std::filesystem::create_directories(spool + folder);
  write_file(spool + "deferred/A/A1B2C3D4E5", std::string(100, 'x'));
  write_file(spool + "deferred/0/F/0FB2C3D4E5", std::string(11, 'x'));
  write_file(spool + "active/01B2C3D4E5", "");
  Watch watch(check(spool) + "  - {name: gone, type: virgo.postfix, params: {spool: " + spool +
              "gone/}}\n" +
              "  - {name: some, type: virgo.postfix, params: {queues: [deferred], sizes: false, "
              "spool: " +
              spool + "}}\n");
  const json::Value report = watch.report("mail");
  EXPECT_EQ(number(report, messages("deferred")), 2) << json::to_json(report);
  EXPECT_EQ(number(report, messages("active")), 1);
  EXPECT_EQ(number(report, messages("hold")), 0);
  EXPECT_EQ(number(report, "virgo.postfix.queue.size{queue=deferred}"), 111);
  EXPECT_EQ(text_of(report, "message"), "3 messages wait");
  EXPECT_EQ(samples(watch.report("some")).size(), 1U);
  watch.report("gone", ended("failed", "gone/maildrop"));
}

// When most of it waits it must not be the check that gives up.
TEST(PostfixSpool, IsCountedAsFarAsItGoes) {
  const TempDir dir;
  const std::string spool = dir.path() + "/";
  for (const char* folder : {"active", "hold", "incoming"})
    std::filesystem::create_directories(spool + folder);
  for (int i = 0; i < 5001; ++i) write_file(spool + format("active/{:010}", i), "x");
  for (int i = 0; i < 10001; ++i) write_file(spool + format("hold/{:010}", i), "");
  Watch watch(check(spool, ", queues: [active, hold, incoming]", ", interval: 30s, timeout: 30s"));
  const json::Value report = watch.report("mail");
  EXPECT_EQ(number(report, messages("active")), 5001) << json::to_json(report);
  EXPECT_EQ(number(report, messages("hold")), 10000);
  EXPECT_EQ(sample(report, "virgo.postfix.queue.size{queue=active}"), "");
  EXPECT_EQ(sample(report, "virgo.postfix.queue.size{queue=hold}"), "");
  EXPECT_EQ(sample(report, "virgo.postfix.queue.size{queue=incoming}"), "0");
  EXPECT_EQ(text_of(report, "message"), "at least 15001 messages wait");
}

}  // namespace
}  // namespace virgo::functional
