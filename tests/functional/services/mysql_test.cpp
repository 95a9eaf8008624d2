// mysql.lua beside Debian's MariaDB, primary and replica, and beside what a MySQL 8 says.
#include <gtest/gtest.h>

#include "base/format.hpp"
#include "functional/services/certificates.hpp"
#include "functional/services/service.hpp"
#include "functional/services/watch.hpp"

namespace virgo::functional {
namespace {

// Nothing is forced to the disk.
struct MariaDb : Service {
  int port = unused_port();

  // `sql`: a statement a line, carried out at the start.
  void start_with(const std::string& sql, const std::string& options) {
    const std::string share = "/usr/share/mysql/";
    write("init.sql", sql);
    write("begin.sql", "CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket = NULL;\n");
    start(
        {"/bin/sh", "-c",
         format(
             "cd {0} && mkdir data && begin() {{ cat begin.sql {1}mysql_system_tables.sql"
             " {1}mysql_performance_tables.sql {1}mysql_system_tables_data.sql; }}"
             " && run() {{ $final /usr/sbin/mariadbd --no-defaults --datadir={0}/data"
             " --lc-messages-dir={1} --innodb-log-file-size=4M --innodb-buffer-pool-size=8M"
             " --innodb-flush-log-at-trx-commit=0 --innodb-flush-method=nosync \"$@\"; }}"
             " && begin | run --bootstrap && final=exec && run --init-file={0}/init.sql --port={2}"
             " --bind-address=127.0.0.1 --socket={0}/socket --pid-file={0}/pid {3}",
             dir(), share, port, options)},
        port);
  }
};

std::string check(const std::string& name, const char* type, const std::string& params) {
  return format("  - {{name: {}, type: {}, interval: 1s, params: {{{}}}}}\n", name, type, params);
}

constexpr const char* kUsers =
    "SET sql_log_bin = 0;\n"
    "CREATE USER virgo@localhost IDENTIFIED BY 'secret';\n"
    "GRANT SLAVE MONITOR ON *.* TO virgo@localhost;\n"
    "CREATE USER plain@localhost;\n"
    "CREATE USER repl@localhost IDENTIFIED BY 'secret';\n"
    "GRANT REPLICATION SLAVE ON *.* TO repl@localhost;\n";

TEST(MySqlService, MariaDbTellsOfItself) {
  const Authority authority;
  MariaDb primary;
  authority.certify(primary, "server", "localhost");
  primary.write("ca.pem", authority.pem());
  primary.start_with(kUsers, format("--log-bin --server-id=1 --ssl-cert={} --ssl-key={}",
                                    primary.file("server.pem"), primary.file("server.key")));
  MariaDb replica;
  replica.start_with(
      format("{}CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={}, MASTER_USER='repl',"
             " MASTER_PASSWORD='secret';\nSTART SLAVE;\n",
             kUsers, primary.port),
      "--server-id=2");
  const std::string at = format("port: {}, ", primary.port);
  const std::string user = "username: virgo, password: secret";
  const std::string tls = at + user + ", host: localhost, tls: true, ca: " + primary.file("ca.pem");
  Watch watch(check("native", "virgo.mysql", at + user) + check("tls", "virgo.mysql", tls) +
              check("unix", "virgo.mysql", format("socket: {}, {}", primary.file("socket"), user)) +
              check("old", "agent.mysql", at + user) +
              check("replica", "virgo.mysql", format("port: {}, {}", replica.port, user)) +
              check("old-replica", "agent.mysql", format("port: {}, {}", replica.port, user)) +
              check("plain", "virgo.mysql", at + "username: plain") +
              check("wrong", "virgo.mysql", at + "password: Secret") +
              check("nobody", "virgo.mysql", at + "username: nobody, password: x") +
              check("untrusted", "virgo.mysql", at + user + ", tls: true") +
              check("no-tls", "virgo.mysql", format("port: {}, tls: true", replica.port)) +
              check("down", "virgo.mysql", format("port: {}", unused_port())));

  const json::Value report = watch.report("native");
  EXPECT_NE(text_of(report, "message").find("MariaDB"), std::string::npos);
  EXPECT_GE(number(report, "mysql.query.count"), 2);
  EXPECT_GE(number(report, "mysql.connection.count"), 1);
  EXPECT_GE(number(report, "mysql.threads{kind=connected}"), 1);
  EXPECT_GT(number(report, "mysql.client.network.io{kind=sent}"), 1000);
  EXPECT_EQ(number(report, "mysql.buffer_pool.limit"), 8 << 20);
  EXPECT_GT(number(report, "mysql.buffer_pool.pages{kind=total}"), 400);
  EXPECT_GE(number(report, "mysql.uptime"), 0);
  EXPECT_EQ(sample(report, "mysql.replica.time_behind_source"), "") << "it is no replica";
  EXPECT_EQ(number(watch.report("tls"), "mysql.buffer_pool.limit"), 8 << 20);
  EXPECT_EQ(number(watch.report("unix"), "mysql.buffer_pool.limit"), 8 << 20);

  // What a statement itself adds is seen by the next one.
  const json::Value old = watch.report(
      "old", [](const json::Value& r) { return number(r, "handler.read_rnd_next") > 100; });
  EXPECT_GE(number(old, "core.queries"), 2);
  EXPECT_EQ(number(old, "max.connections"), 151);
  EXPECT_GT(number(old, "qcache.size"), 0);
  EXPECT_EQ(number(old, "innodb.buffer_pool_size"), 8 << 20);
  EXPECT_EQ(sample(old, "replication.slave_running"), "OFF");
  EXPECT_GE(samples(old).size(), 55U);

  // Each run has said goodbye. One that had no time to end may not have: then count anew.
  double aborted = -1;
  double connections = 0;
  watch.report("old", [&](const json::Value& r) {
    if (number(r, "core.aborted_clients") != aborted) {
      aborted = number(r, "core.aborted_clients");
      connections = number(r, "core.connections");
    }
    return number(r, "core.connections") > connections + 15;
  });

  watch.report("replica", [](const json::Value& r) {
    return number(r, "mysql.replica.time_behind_source") == 0;
  });
  const json::Value replicating = watch.report("old-replica", [](const json::Value& r) {
    return sample(r, "replication.slave_io_running") == "Yes";
  });
  EXPECT_EQ(sample(replicating, "replication.slave_sql_running"), "Yes");
  EXPECT_EQ(sample(replicating, "replication.slave_running"), "ON");
  EXPECT_EQ(number(replicating, "replication.last_errno"), 0);
  EXPECT_GT(number(replicating, "replication.relay_log_size"), 0);
  EXPECT_GT(number(replicating, "replication.read_master_log_pos"), 0);

  EXPECT_NE(text_of(watch.report("plain"), "message").find("replication is not seen: MySQL says"),
            std::string::npos);
  watch.report("wrong", ended("failed", "MySQL says: Access denied for user 'virgo'"));
  watch.report("nobody", ended("failed", "MySQL says: Access denied for user 'nobody'"));
  watch.report("untrusted", ended("failed", "not signed by a certificate authority"));
  watch.report("no-tls", ended("failed", "the server has no TLS"));
  watch.report("down", ended("unreachable", "connection refused"));
}

struct MySql8 : Service {
  int port = unused_port();
  MySql8(const Authority& authority, const char* kind) {
    authority.certify(*this, "server", "localhost");
    write("mysql8.py", read_file(source_dir() + "/tests/functional/services/mysql8.py"));
    start({"/usr/bin/python3", file("mysql8.py"), std::to_string(port), file("server.pem"),
           file("server.key"), kind},
          port);
  }
};

TEST(MySqlService, CachingSha2Password) {
  const Authority authority;
  MySql8 plain(authority, "plain");
  MySql8 switching(authority, "switching");
  MySql8 early(authority, "early");
  plain.write("ca.pem", authority.pem());
  const auto params = [](const MySql8& server, const char* user, const std::string& more) {
    return format("port: {}, username: {}, password: {}", server.port, user, more);
  };
  const std::string tls = "secret, host: localhost, tls: true, ca: " + plain.file("ca.pem");
  Watch watch(check("fast", "virgo.mysql", params(plain, "cached", "secret")) +
              check("fast-tls", "virgo.mysql", params(plain, "cached", tls)) +
              check("full-tls", "virgo.mysql", params(plain, "full", tls)) +
              check("switched", "agent.mysql", params(switching, "cached", "secret")) +
              check("early", "virgo.mysql", params(early, "cached", "secret")) +
              check("full", "virgo.mysql", params(plain, "full", "secret")) +
              check("wrong", "virgo.mysql", params(plain, "cached", "Secret")));
  for (const char* name : {"fast", "fast-tls", "full-tls"}) {
    const json::Value report = watch.report(name);
    EXPECT_EQ(sample(report, "mysql.query.count"), "18446744073709551615") << name;
    EXPECT_EQ(number(report, "mysql.replica.time_behind_source"), 3) << name;
    EXPECT_EQ(text_of(report, "message"), "8.4.0");
  }
  const json::Value early_report = watch.report("early");
  EXPECT_EQ(number(early_report, "mysql.replica.time_behind_source"), 5);
  EXPECT_EQ(text_of(early_report, "message"), "8.0.21");
  const json::Value old = watch.report("switched");
  EXPECT_EQ(number(old, "replication.read_master_log_pos"), 1234);
  EXPECT_EQ(sample(old, "replication.slave_io_running"), "Yes");
  EXPECT_EQ(number(old, "replication.seconds_behind_master"), 3);
  watch.report("full", ended("failed", "the server wants the password in clear text"));
  watch.report("wrong", ended("failed", "MySQL says: Access denied"));
}

}  // namespace
}  // namespace virgo::functional
