// ssh.lua beside Debian's sshd.
#include <gtest/gtest.h>

#include "base/format.hpp"
#include "functional/services/service.hpp"
#include "functional/services/watch.hpp"

namespace virgo::functional {
namespace {

TEST(SshService, Greets) {
  Service server;
  const int port = unused_port();
  Process key({"/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", server.file("key")},
              server.file("keygen"));
  ASSERT_EQ(key.wait(), 0) << key.err();
  server.write("sshd_config", format("ListenAddress 127.0.0.1:{}\nHostKey {}\nPidFile none\n"
                                     "LogLevel INFO\nVersionAddendum of the test\n",
                                     port, server.file("key")));
  server.start({"/usr/sbin/sshd", "-D", "-e", "-f", server.file("sshd_config")}, port);
  Watch watch(format("  - {{name: s, type: virgo.ssh, params: {{port: {}}}}}\n", port));
  const json::Value report = watch.report("s");
  const std::string banner = sample(report, "virgo.ssh.banner");
  EXPECT_EQ(banner.substr(0, 16), "SSH-2.0-OpenSSH_") << json::to_json(report);
  EXPECT_NE(banner.find(" of the test"), std::string::npos) << banner;
  EXPECT_EQ(text_of(report, "message"), banner);
  EXPECT_GT(number(report, "virgo.ssh.connect.duration"), 0);
  EXPECT_GT(number(report, "virgo.ssh.banner.duration"), 0);
  // What the check says of itself was understood: the log has nothing to complain of.
  EXPECT_TRUE(server.process().says("[preauth]"));
  EXPECT_EQ(server.process().err().find("banner exchange"), std::string::npos)
      << server.process().err();
}

}  // namespace
}  // namespace virgo::functional
