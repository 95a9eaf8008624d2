// postgresql.lua beside Debian's PostgreSQL: ways to log in, what is reported, and a standby.
#include <signal.h>

#include <gtest/gtest.h>

#include "base/format.hpp"
#include "functional/services/certificates.hpp"
#include "functional/services/service.hpp"
#include "functional/services/watch.hpp"

namespace virgo::functional {
namespace {

const std::string kBin = "/usr/lib/postgresql/15/bin/";

// Nothing is forced to the disk. The superuser is "postgres", by the unix socket and by
// loopback without a password.
struct PostgreSql : Service {
  int port = unused_port();
  ~PostgreSql() {  // killed it would leave its shared memory behind
    process().signal(SIGQUIT);
    process().wait();
  }

  void start_new(const Authority& authority) {
    authority.certify(*this, "server", "localhost");
    write("pg_hba.conf",
          "local all all trust\n"
          "host replication all 127.0.0.1/32 trust\n"
          "host all postgres 127.0.0.1/32 trust\n"
          "host all md5 127.0.0.1/32 md5\n"
          "host all clear 127.0.0.1/32 password\n"
          "host all all 127.0.0.1/32 scram-sha-256\n");
    write("roles.sql",
          "CREATE ROLE scram LOGIN PASSWORD 'secret'\n"
          "GRANT pg_monitor TO scram\n"
          "CREATE ROLE clear LOGIN PASSWORD 'secret'\n"
          "SET password_encryption = 'md5'\n"
          "CREATE ROLE md5 LOGIN PASSWORD 'secret'\n"
          "CREATE TABLE rows (a int)\n"
          "INSERT INTO rows SELECT generate_series(1, 1000)\n");
    run("initdb -D data -U postgres -A trust --no-sync --locale=C -E UTF8 >initdb.out"
        " && cp pg_hba.conf data"
        " && postgres --single -F -D data postgres <roles.sql >roles.out");
  }

  void start_standby_of(const PostgreSql& primary) {
    // It accepts connections before it answers them.
    run(
        format("until pg_isready -q -h 127.0.0.1 -p {0} -U postgres; do sleep 0.05; done"
               " && pg_basebackup -h 127.0.0.1 -p {0} -U postgres -D data -R -c fast --no-sync",
               primary.port));
  }

  // Carries out the statements and commands of psql, one after the other.
  std::vector<std::string> psql(const std::vector<std::string>& commands) const {
    std::vector<std::string> argv{kBin + "psql",        "-X", "-q",      "-h", dir(), "-p",
                                  std::to_string(port), "-U", "postgres"};
    for (const std::string& command : commands) argv.insert(argv.end(), {"-c", command});
    return argv;
  }

 private:
  void run(const std::string& prepare) {
    const std::string tls = format("-c ssl=on -c ssl_cert_file={} -c ssl_key_file={}",
                                   file("server.pem"), file("server.key"));
    start({"/bin/sh", "-c",
           format("cd {0} && PATH={1}:$PATH && {2} && exec postgres -D data -F -c port={3}"
                  " -c listen_addresses=127.0.0.1 -c unix_socket_directories={0}"
                  " -c max_connections=30 -c shared_buffers=8MB"
                  " -c dynamic_shared_memory_type=mmap {4}",
                  dir(), kBin, prepare, port, prepare.starts_with("initdb") ? tls : "")},
          port);
    // It listens before it lets anybody in.
    EXPECT_TRUE(eventually([this] {
      Process asked({kBin + "pg_isready", "-q", "-h", dir(), "-p", std::to_string(port)},
                    file("ready"));
      return asked.wait() == 0 || !process().running();
    })) << process().err();
  }
};

std::string check(const std::string& name, int port, const std::string& params) {
  return format(
      "  - {{name: {}, type: virgo.postgresql, interval: 1s, params: {{port: {}, {}}}}}\n", name,
      port, params);
}

TEST(PostgreSqlService, TellsOfItself) {
  const Authority authority;
  PostgreSql primary;
  primary.start_new(authority);
  PostgreSql standby;
  standby.start_standby_of(primary);
  Process locker(
      primary.psql({"BEGIN", "LOCK TABLE rows", "\\! echo locked", "SELECT pg_sleep(600)"}),
      primary.file("locker"));
  ASSERT_TRUE(eventually([&] { return locker.out() == "locked\n"; })) << locker.err();
  Process waiter(primary.psql({"SELECT count(*) FROM rows"}), primary.file("waiter"));

  primary.write("ca.pem", authority.pem());
  const std::string ca = "tls: true, host: localhost, ca: " + primary.file("ca.pem");
  const int port = primary.port;
  Watch watch(check("scram", port, "user: scram, password: secret") +
              check("md5", port, "user: md5, password: secret") +
              check("clear", port, "user: clear, password: secret, " + ca) +
              check("unix", port, "user: postgres, host: " + primary.dir()) +
              check("standby", standby.port, "user: postgres") +
              check("insecure", port, "user: scram, password: secret, tls: true, verify: false") +
              check("wrong-scram", port, "user: scram, password: Secret") +
              check("wrong-md5", port, "user: md5, password: Secret, " + ca) +
              check("in-clear", port, "user: clear, password: secret") +
              check("untrusted", port, "user: scram, password: secret, tls: true") +
              check("no-tls", standby.port, "user: postgres, " + ca) +
              check("no-database", port, "user: postgres, database: nonsense") +
              check("down", unused_port(), "user: postgres"));

  const std::string waiting =
      "virgo.postgresql.locks.waiting{lock_type=relation,mode=AccessShareLock}";
  const json::Value report = watch.report("scram", [&](const json::Value& r) {
    return number(r, waiting) == 1 && number(r, "virgo.postgresql.connections{state=active}") >= 3;
  });
  const auto of_database = [&](const char* name) {
    return number(report, std::string(name) + "{postgresql.database.name=postgres}");
  };
  EXPECT_GE(of_database("postgresql.backends"), 3);
  EXPECT_GT(of_database("postgresql.commits"), 0);
  EXPECT_GE(of_database("postgresql.rollbacks"), 0);
  EXPECT_GT(of_database("postgresql.blks_hit"), 0);
  EXPECT_GT(of_database("postgresql.blks_read"), 0);
  EXPECT_GE(of_database("postgresql.tup_inserted"), 1000);
  EXPECT_EQ(of_database("postgresql.deadlocks"), 0);
  EXPECT_GT(of_database("postgresql.db_size"), 5e6);
  EXPECT_EQ(number(report, "postgresql.database.count"), 1);
  EXPECT_EQ(number(report, "postgresql.connection.max"), 30);
  EXPECT_GT(number(report, "virgo.postgresql.uptime"), 0);
  EXPECT_GE(
      number(report, "postgresql.database.locks{lock_type=relation,mode=AccessExclusiveLock}"), 1);
  EXPECT_EQ(sample(report, "virgo.postgresql.standby.delay"), "") << "it is no standby";

  const std::string replica = "{application_name=walreceiver,replication_client=127.0.0.1}";
  watch.report("scram", [&](const json::Value& r) {
    return number(r, "postgresql.replication.data_delay" + replica) == 0;
  });
  watch.report("standby", [](const json::Value& r) {
    return number(r, "virgo.postgresql.standby.delay") == 0;
  });
  for (const char* name : {"md5", "clear", "unix", "insecure"})
    EXPECT_EQ(number(watch.report(name), "postgresql.connection.max"), 30) << name;
  watch.report("wrong-scram",
               ended("failed", "PostgreSQL says: password authentication failed for user"));
  watch.report("wrong-md5",
               ended("failed", "PostgreSQL says: password authentication failed for user"));
  watch.report("in-clear", ended("failed", "the password would go in clear text; set tls: true"));
  watch.report("untrusted", ended("failed", "not signed by a certificate authority"));
  watch.report("no-tls", ended("failed", "the server has no TLS"));
  watch.report("no-database", ended("failed", "database \"nonsense\" does not exist"));
  watch.report("down", ended("unreachable", "connection refused"));
}

}  // namespace
}  // namespace virgo::functional
