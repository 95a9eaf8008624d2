// prometheus.lua beside Debian's prometheus-node-exporter.
#include <gtest/gtest.h>

#include "base/format.hpp"
#include "functional/services/service.hpp"
#include "functional/services/watch.hpp"

namespace virgo::functional {
namespace {

struct NodeExporter : Service {
  int port = unused_port();
  explicit NodeExporter(const std::string& own_metrics = "") {
    write("own.prom", own_metrics);
    start({"/usr/bin/prometheus-node-exporter", format("--web.listen-address=127.0.0.1:{}", port),
           "--collector.textfile.directory=" + dir(), "--collector.disable-defaults",
           "--collector.textfile", "--collector.loadavg", "--collector.meminfo", "--collector.stat",
           "--collector.uname"},
          port);
  }
};

std::string check(const std::string& name, int port, const std::string& more = "") {
  return format(
      "  - {{name: {}, type: virgo.prometheus, params: "
      "{{url: 'http://127.0.0.1:{}/metrics'{}}}}}\n",
      name, port, more);
}

// How a sample came: its kind.
std::string kind(const json::Value& report, const std::string& metric) {
  for (const json::Value& item : report.find("samples")->items)
    if (text_of(item, "n") == metric) return text_of(item, "k");
  return "none";
}

TEST(PrometheusScrape, TakesWhatNodeExporterTells) {
  NodeExporter server(
      "# HELP own_seconds A histogram with \\n in its help\n# TYPE own_seconds histogram\n"
      "own_seconds_bucket{le=\"0.5\"} 3\nown_seconds_bucket{le=\"+Inf\"} 4\n"
      "own_seconds_sum 2.5\nown_seconds_count 4\n"
      "# TYPE own_quantile summary\nown_quantile{quantile=\"0.5\"} 7\nown_quantile_sum 9\n"
      "own_quantile_count 2\n# TYPE own_text untyped\n"
      "own_text{path=\"C:\\\\dir\\\"x\\\"\\n,}{\"} -1.5e-3\n");
  Watch watch(check("all", server.port) +
              check("some", server.port,
                    ", include: [node_load*, go_goroutines], exclude: [node_load15], "
                    "labels: {job: node}"));
  const json::Value report = watch.report("all");
  EXPECT_EQ(kind(report, "node_load1"), "gauge") << json::to_json(report);
  EXPECT_EQ(kind(report, "node_context_switches_total"), "counter");
  EXPECT_EQ(number(report, "own_seconds_bucket{le=0.5}"), 3);
  EXPECT_EQ(number(report, "own_seconds_bucket{le=+Inf}"), 4);
  EXPECT_EQ(number(report, "own_seconds_sum"), 2.5);
  EXPECT_EQ(kind(report, "own_seconds_bucket"), "counter");
  EXPECT_EQ(kind(report, "own_seconds_sum"), "counter");
  EXPECT_EQ(number(report, "own_quantile{quantile=0.5}"), 7);
  EXPECT_EQ(kind(report, "own_quantile"), "gauge");
  EXPECT_EQ(kind(report, "own_quantile_count"), "counter");
  EXPECT_EQ(number(report, "own_text{path=C:\\dir\"x\"\n,}{}"), -0.0015);
  EXPECT_GT(number(report, "node_memory_MemTotal_bytes"), 1e6);
  EXPECT_EQ(number(report, "virgo.prometheus.bad_lines"), 0);
  EXPECT_GT(number(report, "virgo.prometheus.duration"), 0);
  // All that the page has, and no more: it has no NaN.
  const std::string page = converse(server.port, "GET /metrics HTTP/1.0\r\n\r\n");
  std::size_t lines = 0;
  for (std::size_t at = page.find("\r\n\r\n") + 4; at < page.size(); at = page.find('\n', at) + 1)
    if (page[at] != '#') ++lines;
  EXPECT_NEAR(number(report, "virgo.prometheus.samples"), static_cast<double>(lines), 3);
  EXPECT_EQ(samples(report).size(),
            static_cast<std::size_t>(number(report, "virgo.prometheus.samples") + 3));

  const auto some = samples(watch.report("some"));
  EXPECT_EQ(some.size(), 3U + 3U);
  EXPECT_EQ(some.count("node_load1{job=node}"), 1U);
  EXPECT_EQ(some.count("node_load5{job=node}"), 1U);
  EXPECT_EQ(some.count("go_goroutines{job=node}"), 1U);
}

}  // namespace
}  // namespace virgo::functional
