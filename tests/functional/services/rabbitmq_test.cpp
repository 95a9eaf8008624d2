// rabbitmq.lua beside Debian's rabbitmq-server with its management plugin.
#include <gtest/gtest.h>

#include "base/format.hpp"
#include "functional/services/service.hpp"
#include "functional/services/watch.hpp"

namespace virgo::functional {
namespace {

struct RabbitMq : Service {
  int port = unused_port();  // of the management plugin
  RabbitMq() {
    const std::string epmd = std::to_string(unused_port());
    write("rabbit.conf",
          format("listeners.tcp.1 = 127.0.0.1:{}\nmanagement.tcp.ip = 127.0.0.1\n"
                 "management.tcp.port = {}\ndistribution.listener.interface = 127.0.0.1\n"
                 "collect_statistics_interval = 200\n",
                 unused_port(), port));
    write("enabled", "[rabbitmq_management].");
    // The server would leave its port mapper behind as a daemon: here it is one of the group.
    write("run", "epmd -port " + epmd +
                     " -address 127.0.0.1 &\nexec /usr/lib/rabbitmq/bin/rabbitmq-server\n");
    start({"/bin/sh", file("run")}, port,
          {{"HOME", dir()},
           {"ERL_EPMD_PORT", epmd},
           {"ERL_EPMD_ADDRESS", "127.0.0.1"},
           {"RABBITMQ_NODENAME", "virgo@localhost"},
           {"RABBITMQ_DIST_PORT", std::to_string(unused_port())},
           {"RABBITMQ_MNESIA_BASE", file("db")},
           {"RABBITMQ_LOG_BASE", file("log")},
           {"RABBITMQ_LOGS", "-"},
           {"RABBITMQ_ENABLED_PLUGINS_FILE", file("enabled")},
           {"RABBITMQ_CONFIG_FILE", file("rabbit.conf")},
           {"RABBITMQ_CONF_ENV_FILE", "/dev/null"},
           {"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "+S 1:1 +sbwt none"}});
  }
  // An HTTP request as guest; gives the answer's status.
  std::string ask(const std::string& method, const std::string& path,
                  const std::string& body) const {
    const std::string answer = converse(
        port, format("{} /api/{} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic Z3Vlc3Q6Z3Vlc3Q=\r\n"
                     "Connection: close\r\nContent-Length: {}\r\n\r\n{}",
                     method, path, body.size(), body));
    return answer.size() < 12 ? "" : answer.substr(9, 3);
  }
};

TEST(RabbitMqService, TellsOfItself) {
  RabbitMq server;
  // The port is open a little before the plugin is ready.
  ASSERT_TRUE(server.process().running() && answers(server.port));
  ASSERT_TRUE(eventually([&] { return server.ask("GET", "overview", "") == "200"; }));
  EXPECT_EQ(server.ask("PUT", "vhosts/other", ""), "201");
  EXPECT_EQ(server.ask("PUT", "queues/%2F/jobs", R"({"durable":false})"), "201");
  EXPECT_EQ(server.ask("PUT", "queues/other/idle", R"({"durable":false})"), "201");
  const std::string message =
      R"({"properties":{},"routing_key":"jobs","payload":"x","payload_encoding":"string"})";
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(server.ask("POST", "exchanges/%2F/amq.default/publish", message), "200");
  EXPECT_EQ(server.ask("POST", "queues/%2F/jobs/get",
                       R"({"count":1,"ackmode":"ack_requeue_false","encoding":"auto"})"),
            "200");

  constexpr const char* kCheck =
      "  - {{name: {}, type: virgo.rabbitmq, params: {{url: 'http://127.0.0.1:{}'{}}}}}\n";
  Watch watch(format(kCheck, "all", server.port, "") +
              format(kCheck, "other", server.port, ", vhost: other") +
              format(kCheck, "root", server.port, ", vhost: /") +
              format(kCheck, "wrong", server.port, ", username: virgo, password: nonsense"));
  const std::string jobs =
      "{rabbitmq.node.name=virgo@localhost,rabbitmq.queue.name=jobs,rabbitmq.vhost.name=/";
  const std::string node = "{rabbitmq.node.name=virgo@localhost}";
  for (const char* check : {"all", "root"}) {
    // Its statistics come by and by.
    const json::Value report = watch.report(check, [&](const json::Value& r) {
      return number(r, "rabbitmq.message.current" + jobs + ",state=ready}") == 2 &&
             number(r, "rabbitmq.message.published" + jobs + "}") == 3 &&
             number(r, "rabbitmq.message.delivered" + jobs + "}") == 1 &&
             number(r, "rabbitmq.node.fd_used" + node) > 0;
    });
    EXPECT_EQ(number(report, "rabbitmq.message.current" + jobs + ",state=unacknowledged}"), 0);
    EXPECT_EQ(number(report, "rabbitmq.consumer.count" + jobs + "}"), 0);
    EXPECT_EQ(number(report, "rabbitmq.message.dropped"), 0);
    EXPECT_EQ(number(report, "virgo.rabbitmq.node.running" + node), 1);
    EXPECT_EQ(number(report, "rabbitmq.node.mem_alarm" + node), 0);
    for (const char* metric : {"mem_used", "mem_limit", "disk_free", "fd_total", "proc_used"})
      EXPECT_GT(number(report, std::string("rabbitmq.node.") + metric + node), 0) << metric;
  }
  const json::Value other = watch.report("other");
  EXPECT_EQ(number(other,
                   "rabbitmq.message.published{rabbitmq.node.name=virgo@localhost,"
                   "rabbitmq.queue.name=idle,rabbitmq.vhost.name=other}"),
            0)
      << json::to_json(other);
  EXPECT_NE(text_of(other, "message").find(", 1 queues"), std::string::npos);
  watch.report("wrong", ended("failed", "RabbitMQ refuses user 'virgo'"));
}

}  // namespace
}  // namespace virgo::functional
