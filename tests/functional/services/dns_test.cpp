// dns.lua beside Debian's dnsmasq, which answers by UDP and by TCP.
#include <gtest/gtest.h>

#include "base/format.hpp"
#include "functional/services/service.hpp"
#include "functional/services/watch.hpp"

namespace virgo::functional {
namespace {

TEST(DnsService, AnswersAreLookedAt) {
  Service server;
  const int port = unused_port();
  server.write("dnsmasq.conf",
               format("port={}\nlisten-address=127.0.0.1\nbind-interfaces\nno-resolv\nno-hosts\n"
                      "pid-file=\nuser=\nlocal-ttl=77\nlocal=/test/\n"
                      "host-record=www.test,192.0.2.1,2001:db8::1\nhost-record=www.test,192.0.2.2\n"
                      "cname=alias.test,www.test\nmx-host=test,mail.test,10\n"
                      "txt-record=text.test,v=spf1 -all\n"
                      "srv-host=_http._tcp.test,www.test,8080,5,6\n",
                      port));
  server.start({"/usr/sbin/dnsmasq", "--keep-in-foreground", "--log-facility=-",
                "--conf-file=" + server.file("dnsmasq.conf")},
               port);
  const auto ask = [](const char* name, int at, const std::string& params) {
    return format(
        "  - {{name: {}, type: virgo.dns, interval: 1s, params: {{server: 127.0.0.1, port: {}, "
        "{}}}}}\n",
        name, at, params);
  };
  Watch watch(ask("a", port, "name: www.test, expect: [192.0.2.2, 192.0.2.1]") +
              ask("aaaa", port, "name: www.test, type: aaaa, expect: ['2001:DB8::1']") +
              ask("tcp", port, "name: text.test, type: TXT, tcp: true, expect: ['v=spf1 -all']") +
              ask("mx", port, "name: test, type: MX, expect: ['10 mail.test']") +
              ask("srv", port, "name: _http._tcp.test, type: SRV, expect: ['5 6 8080 www.test']") +
              ask("ptr", port, "name: 192.0.2.1, type: PTR, expect: [www.test]") +
              ask("cname", port, "name: alias.test, expect: [www.test, 192.0.2.1]") +
              ask("missing", port, "name: www.test, expect: [192.0.2.1, 192.0.2.9]") +
              ask("none", port, "name: none.test") +
              ask("rightly-none", port, "name: none.test, rcode: nxdomain") +
              ask("refused", port, "name: example.com") +
              ask("authority", port, "name: www.test, authoritative: true") +
              ask("down", unused_port(), "name: www.test"));
  const json::Value report = watch.report("a", judged("ok"));
  const std::string labels = "{dns.question.name=www.test,virgo.dns.type=A}";
  EXPECT_EQ(number(report, "virgo.dns.answers" + labels), 2);
  EXPECT_EQ(number(report, "virgo.dns.ttl" + labels), 77);
  EXPECT_GT(number(report, "virgo.dns.query.duration" + labels), 0);
  EXPECT_NE(text_of(report, "message").find("A 192.0.2.1"), std::string::npos);
  for (const char* name : {"aaaa", "tcp", "mx", "srv", "ptr", "cname", "rightly-none", "authority"})
    watch.report(name, judged("ok"));
  watch.report("missing", judged("critical", "no record 192.0.2.9"));
  const json::Value none = watch.report("none", judged("critical", "the answer is NXDOMAIN"));
  EXPECT_EQ(samples(none).size(), 2U) << "no TTL";
  watch.report("refused", judged("critical", "the answer is REFUSED"));
  watch.report("down", ended("unreachable", "refused"));
}

}  // namespace
}  // namespace virgo::functional
