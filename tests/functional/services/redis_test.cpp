// redis.lua beside Debian's redis-server.
#include <gtest/gtest.h>

#include "base/format.hpp"
#include "functional/services/service.hpp"
#include "functional/services/watch.hpp"

namespace virgo::functional {
namespace {

struct Redis : Service {
  int port = unused_port();
  int tls_port = unused_port();
  explicit Redis(std::vector<std::string> options = {}) {
    std::vector<std::string> argv{"/usr/bin/redis-server",
                                  "--port",
                                  std::to_string(port),
                                  "--bind",
                                  "127.0.0.1",
                                  "--dir",
                                  dir(),
                                  "--save",
                                  "",
                                  "--unixsocket",
                                  file("redis.sock")};
    make_certificate();
    argv.insert(argv.end(),
                {"--tls-port", std::to_string(tls_port), "--tls-cert-file", file("cert.pem"),
                 "--tls-key-file", file("key.pem"), "--tls-auth-clients", "no"});
    argv.insert(argv.end(), options.begin(), options.end());
    start(std::move(argv), port);
  }
  // What redis-cli prints.
  std::string cli(std::vector<std::string> command) const {
    std::vector<std::string> argv{"/usr/bin/redis-cli", "-p", std::to_string(port)};
    argv.insert(argv.end(), command.begin(), command.end());
    const TempDir output;
    Process process(argv, output.file("cli"));
    EXPECT_EQ(process.wait(), 0) << process.err();
    return process.out();
  }
};

TEST(RedisService, TellsOfItself) {
  Redis server;
  server.cli({"MSET", "a", "1", "b", "2", "c", "3"});
  server.cli({"EXPIRE", "a", "1000"});
  server.cli({"GET", "a"});
  server.cli({"GET", "nothing"});
  Watch watch(
      format("  - {{name: tcp, type: virgo.redis, params: {{port: {0}}}}}\n"
             "  - {{name: unix, type: virgo.redis, params: {{socket: {1}}}}}\n"
             "  - {{name: old, type: agent.redis, params: {{port: {0}}}}}\n",
             server.port, server.file("redis.sock")));
  for (const char* check : {"tcp", "unix"}) {
    const json::Value report = watch.report(check);
    EXPECT_EQ(number(report, "redis.db.keys{db=0}"), 3) << json::to_json(report);
    EXPECT_EQ(number(report, "redis.db.expires{db=0}"), 1);
    EXPECT_NEAR(number(report, "redis.db.avg_ttl{db=0}"), 1e6, 3e5);
    EXPECT_EQ(number(report, "redis.keyspace.hits"), 1);
    EXPECT_EQ(number(report, "redis.keyspace.misses"), 1);
    EXPECT_EQ(number(report, "redis.role{role=primary}"), 1);
    EXPECT_EQ(number(report, "redis.clients.blocked"), 0);
    EXPECT_GE(number(report, "redis.clients.connected"), 1);
    EXPECT_GE(number(report, "redis.connections.received"), 4);
    EXPECT_GE(number(report, "redis.memory.used"), 100'000);
    EXPECT_GT(number(report, "redis.memory.fragmentation_ratio"), 0);
    EXPECT_GT(
        number(report, "redis.cpu.time{state=sys}") + number(report, "redis.cpu.time{state=user}"),
        0);
    EXPECT_EQ(samples(report).size(), 34U) << json::to_json(report);  // all that is declared
    EXPECT_NE(text_of(report, "message").find("Redis 7."), std::string::npos);
  }
  const json::Value old = watch.report("old");
  EXPECT_EQ(sample(old, "version").substr(0, 2), "7.") << json::to_json(old);
  for (const char* name :
       {"uptime_in_seconds", "connected_clients", "blocked_clients", "bgsave_in_progress",
        "changes_since_last_save", "bgrewriteaof_in_progress", "expired_key", "evicted_keys",
        "pubsub_patterns", "used_memory", "total_connections_received", "total_commands_processed"})
    EXPECT_NE(sample(old, name), "") << name;
  EXPECT_EQ(samples(old).size(), 13U);
  EXPECT_EQ(number(old, "changes_since_last_save"), 4);
}

TEST(RedisService, WantsThePassword) {
  Redis server({"--requirepass", "it is \"secret\""});
  server.cli({"--no-auth-warning", "-a", "it is \"secret\"", "ACL", "SETUSER", "virgo", "on", ">x",
              "-@all", "+info"});
  constexpr const char* kCheck = "  - {{name: {}, type: virgo.redis, params: {{port: {}{}}}}}\n";
  Watch watch(format(kCheck, "right", server.port, ", password: 'it is \"secret\"'") +
              format(kCheck, "wrong", server.port, ", password: nonsense") +
              format(kCheck, "none", server.port, "") +
              format(kCheck, "user", server.port, ", username: virgo, password: x"));
  EXPECT_GT(number(watch.report("right"), "redis.memory.used"), 0);
  EXPECT_GT(number(watch.report("user"), "redis.memory.used"), 0);
  watch.report("wrong", ended("failed", "Redis refuses AUTH: WRONGPASS"));
  watch.report("none", ended("failed", "Redis refuses INFO: NOAUTH"));
  EXPECT_EQ(watch.agent().err().find("secret\""), std::string::npos);
}

TEST(RedisService, SpeaksTls) {
  const Redis server;
  constexpr const char* kCheck =
      "  - {{name: {}, type: virgo.redis, params: {{port: {}, tls: true{}}}}}\n";
  Watch watch(format(kCheck, "right", server.tls_port, ", ca: " + server.file("cert.pem")) +
              format(kCheck, "stranger", server.tls_port, "") +
              format(kCheck, "careless", server.tls_port, ", verify: false"));
  EXPECT_GT(number(watch.report("right"), "redis.memory.used"), 0);
  EXPECT_GT(number(watch.report("careless"), "redis.memory.used"), 0);
  watch.report("stranger", ended("failed", "self-signed certificate"));
}

}  // namespace
}  // namespace virgo::functional
