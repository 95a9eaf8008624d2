// Debian's monitoring-plugins through the real agent: their performance data arrives at
// the endpoint with units. In a network namespace of the test's own, with real servers.
#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <set>

#include "children.hpp"
#include "functional/world.hpp"
#include "unit/plugins/own_network.hpp"

namespace virgo::functional {
namespace {

const std::string kFolder = "/usr/lib/nagios/plugins/";

struct Expected {
  const char* name;                  // of the plugin, and so of the check
  const char* args;                  // in YAML
  const char* states;                // one of these words, as the host may be
  const char* message;               // a part of it
  std::vector<std::string> samples;  // "metric label unit"; others may be there
};

const Expected kPlugins[] = {
    {"check_load",
     "-w, '99,99,99', -c, '199,199,199'",
     "ok",
     "load average",
     {"virgo.nagios.value load1 ", "virgo.nagios.value load5 ", "virgo.nagios.value load15 "}},
    {"check_disk",
     "-w, 10%, -c, 5%, -p, /",
     "ok warn critical",
     "free space: /",
     {"virgo.nagios.size / By"}},
    {"check_procs", "-w, '100000', -c, '200000'", "ok", "processes", {"virgo.nagios.value procs "}},
    {"check_ping",
     "-4, -H, 127.0.0.1, -w, '5000,80%', -c, '9000,100%', -p, '1'",
     "ok",
     "Packet loss = 0%",
     {"virgo.nagios.duration rta s", "virgo.nagios.ratio pl 1"}},
    {"check_icmp",
     "-n, '1', -w, '5000,80%', -c, '9000,100%', 127.0.0.1",
     "ok",
     "rta ",
     {"virgo.nagios.duration rta s", "virgo.nagios.ratio pl 1"}},
    {"check_tcp", "-H, 127.0.0.1, -p, '8080'", "ok", "port 8080", {"virgo.nagios.duration time s"}},
    {"check_http",
     "-H, 127.0.0.1, -p, '8080'",
     "ok",
     "HTTP",
     {"virgo.nagios.duration time s", "virgo.nagios.size size By"}},
    {"check_ssh", "-p, '2222', 127.0.0.1", "ok", "OpenSSH", {"virgo.nagios.duration time s"}},
    {"check_swap", "-w, 1%, -c, 1%", "ok warn critical", "SWAP", {"virgo.nagios.size swap By"}},
    {"check_users",
     "-w, '500', -c, '1000'",
     "ok",
     "users currently logged in",
     {"virgo.nagios.value users "}},
    {"check_dns",
     "-H, host.virgo.test, -s, 127.0.0.1, -a, 192.0.2.7",
     "ok",
     "192.0.2.7",
     {"virgo.nagios.duration time s"}},
};

std::string yaml_of(const Expected& plugin) {
  return std::string("  - name: ") + plugin.name +
         "\n    type: virgo.nagios\n    interval: 2s\n    splay: 0s\n    params: { command: [" +
         kFolder + plugin.name + ", " + plugin.args + "], bounds: true }\n";
}

// "metric label unit" of all samples that stand for a value and not for a bound of one.
std::set<std::string> samples_of(const json::Value& record) {
  std::set<std::string> out;
  for (const json::Value& sample : record.find("samples")->items) {
    const json::Value* labels = sample.find("l");
    if (labels == nullptr || labels->find("bound") != nullptr) continue;
    out.insert(text_of(sample, "n") + " " + text_of(*labels, "label") + " " + text_of(sample, "u"));
  }
  return out;
}

// Real servers on the loopback of the namespace.
class Servers {
 public:
  Servers() {
    // sshd wants a folder of its own there, and nobody outside is to see it.
    mount("tmpfs", "/run", "tmpfs", 0, "mode=755");
    mkdir("/run/sshd", 0755);
    Process key({"/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", dir_.file("key")},
                dir_.file("keygen"));
    EXPECT_EQ(key.wait(), 0) << key.err();
    ssh_.emplace(std::vector<std::string>{"/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", "-p",
                                          "2222", "-h", dir_.file("key")},
                 dir_.file("sshd"));
    write_file(dir_.file("index.html"), "hello\n", 0644);
    http_.emplace(std::vector<std::string>{"/usr/bin/python3", "-m", "http.server", "8080",
                                           "--bind", "127.0.0.1", "--directory", dir_.path()},
                  dir_.file("http"));
    dns_.emplace(std::vector<std::string>{"/usr/sbin/dnsmasq", "--keep-in-foreground",
                                          "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
                                          "--pid-file=", "--user=root", "--bind-interfaces",
                                          "--listen-address=127.0.0.1", "--local=/host.virgo.test/",
                                          "--address=/host.virgo.test/192.0.2.7"},
                 dir_.file("dns"));
    EXPECT_TRUE(eventually([this] { return answers(); })) << ssh_->err() << http_->err();
  }

 private:
  // The plugins themselves tell when the servers are there.
  bool answers() {
    for (const Expected& p : {kPlugins[6], kPlugins[7], kPlugins[10]}) {
      const std::string args = p.name == std::string("check_ssh") ? "-p 2222 127.0.0.1"
                               : p.name == std::string("check_dns")
                                   ? "-H host.virgo.test -s 127.0.0.1"
                                   : "-H 127.0.0.1 -p 8080";
      Process probe({"/bin/sh", "-c", "exec " + kFolder + p.name + " " + args}, dir_.file("probe"));
      if (probe.wait() != 0) return false;
    }
    return true;
  }
  TempDir dir_;
  std::optional<Process> ssh_;
  std::optional<Process> http_;
  std::optional<Process> dns_;
};

TEST(MonitoringPlugins, TheirPerformanceDataArrivesWithUnits) {
  if (access((kFolder + "check_dns").c_str(), X_OK) != 0)
    GTEST_SKIP() << "monitoring-plugins-standard is not installed";
  if (!native::OwnNetwork::enter()) return;
  if (!native::OwnNetwork::ip("link set lo up\n")) return;
  const Servers servers;
  Endpoint endpoint;
  endpoint.start();
  std::string checks;
  for (const Expected& plugin : kPlugins) checks += yaml_of(plugin);
  Agent agent;
  agent.start(agent_yaml(endpoint, checks));
  // On a busy machine a run may end too early.
  std::map<std::string, json::Value> ok;
  EXPECT_TRUE(eventually([&] {
    for (const json::Value& record : endpoint.records())
      if (text_of(record, "status") == "ok") ok[text_of(record, "check")] = record;
    return ok.size() == std::size(kPlugins);
  })) << agent.err();

  for (const Expected& plugin : kPlugins) {
    const json::Value& report = ok[plugin.name];
    ASSERT_FALSE(report.keys.empty()) << plugin.name;
    const std::string all = json::to_json(report);
    EXPECT_THAT(std::string(" ") + plugin.states + " ",
                ::testing::HasSubstr(" " + text_of(report, "state") + " "))
        << all;
    EXPECT_THAT(text_of(report, "message"), ::testing::HasSubstr(plugin.message)) << all;
    EXPECT_THAT(samples_of(report), ::testing::IsSupersetOf(plugin.samples)) << all;
  }
  EXPECT_TRUE(eventually([&] { return proc::zombies_of(agent.process().pid()) == 0; }));
  agent.process().signal(SIGTERM);
  EXPECT_EQ(agent.process().wait(), 0);
}

}  // namespace
}  // namespace virgo::functional
