// memcached.lua beside Debian's memcached.
#include <gtest/gtest.h>

#include "base/format.hpp"
#include "functional/services/service.hpp"
#include "functional/services/watch.hpp"

namespace virgo::functional {
namespace {

struct Memcached : Service {
  int port = unused_port();
  explicit Memcached(const std::string& users = "") {
    std::vector<std::string> argv{"/usr/bin/memcached", "-l", "127.0.0.1", "-p",
                                  std::to_string(port), "-t", "2"};
    if (!users.empty()) {
      write("users", users);
      argv.insert(argv.end(), {"-Y", file("users")});
    }
    start(std::move(argv), port);
  }
};

TEST(MemcachedService, TellsOfItself) {
  Memcached server;
  EXPECT_EQ(converse(server.port,
                     "set a 0 0 3\r\nabc\r\nset n 0 0 1\r\n7\r\nget a\r\nget x\r\nget y\r\n"
                     "incr n 1\r\nincr m 1\r\ndecr m 1\r\nquit\r\n"),
            "STORED\r\nSTORED\r\nVALUE a 0 3\r\nabc\r\nEND\r\nEND\r\nEND\r\n8\r\nNOT_FOUND\r\n"
            "NOT_FOUND\r\n");
  Watch watch(
      format("  - {{name: m, type: virgo.memcached, params: {{port: {}}}}}\n", server.port));
  const json::Value report = watch.report("m");
  const std::map<std::string, double> expected{
      {"memcached.current_items", 2},
      {"memcached.threads", 2},
      {"memcached.evictions", 0},
      {"memcached.commands{command=get}", 3},
      {"memcached.commands{command=set}", 2},
      {"memcached.commands{command=flush}", 0},
      {"memcached.commands{command=touch}", 0},
      {"memcached.operations{operation=get,type=hit}", 1},
      {"memcached.operations{operation=get,type=miss}", 2},
      {"memcached.operations{operation=increment,type=hit}", 1},
      {"memcached.operations{operation=increment,type=miss}", 1},
      {"memcached.operations{operation=decrement,type=hit}", 0},
      {"memcached.operations{operation=decrement,type=miss}", 1},
      {"memcached.operation_hit_ratio{operation=increment}", 50},
      {"memcached.operation_hit_ratio{operation=decrement}", 0},
  };
  for (const auto& [series, value] : expected)
    EXPECT_EQ(number(report, series), value) << series << " in " << json::to_json(report);
  EXPECT_NEAR(number(report, "memcached.operation_hit_ratio{operation=get}"), 33.33, 0.01);
  for (const char* series :
       {"memcached.bytes", "memcached.connections.current", "memcached.connections.total",
        "memcached.network{direction=sent}", "memcached.network{direction=received}"})
    EXPECT_GT(number(report, series), 0) << series;
  EXPECT_GE(number(report, "memcached.cpu.usage{state=user}"), 0);
  EXPECT_GE(number(report, "memcached.cpu.usage{state=system}"), 0);
  EXPECT_EQ(samples(report).size(), 23U);
}

TEST(MemcachedService, WantsThePassword) {
  Memcached server("virgo:secret\n");
  constexpr const char* kCheck =
      "  - {{name: {}, type: virgo.memcached, params: {{port: {}{}}}}}\n";
  Watch watch(format(kCheck, "right", server.port, ", username: virgo, password: secret") +
              format(kCheck, "wrong", server.port, ", username: virgo, password: nonsense") +
              format(kCheck, "none", server.port, ""));
  EXPECT_EQ(number(watch.report("right"), "memcached.current_items"), 0);
  watch.report("wrong", ended("failed", "memcached refuses the log-in: CLIENT_ERROR"));
  watch.report("none", ended("failed", "it says 'CLIENT_ERROR unauthenticated'"));
}

}  // namespace
}  // namespace virgo::functional
