#include "functional/exporter.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <regex>

namespace virgo::functional {
namespace {

constexpr int kAttempts = 10;  // at a moment when nothing else moves the gauges

// A socket that node_exporter inherits: the port is the system's choice, and nobody else
// can take it in between.
int listen_on_loopback(int* port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(bind(fd, raw, size), 0);
  EXPECT_EQ(listen(fd, 16), 0);
  EXPECT_EQ(getsockname(fd, raw, &size), 0);
  *port = ntohs(address.sin_port);
  return fd;
}

std::string http_get(int port, const std::string& path) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    const std::string request = "GET " + path + " HTTP/1.0\r\nHost: localhost\r\n\r\n";
    (void)!write(fd, request.data(), request.size());
    char buffer[65536];
    ssize_t n = 0;
    while ((n = read(fd, buffer, sizeof buffer)) > 0)
      answer.append(buffer, static_cast<std::size_t>(n));
  }
  close(fd);
  const auto body = answer.find("\r\n\r\n");
  return body == std::string::npos ? "" : answer.substr(body + 4);
}

std::string name_of(const std::string& series) {
  return series.substr(0, series.find('{'));
}

// "name{a="b",c="d"}" with the labels in order; quotes and backslashes stay escaped.
std::string canonical(const std::string& series) {
  const auto open = series.find('{');
  if (open == std::string::npos) return series;
  std::vector<std::string> labels;
  std::string one;
  bool quoted = false;
  for (std::size_t i = open + 1; i + 1 < series.size(); ++i) {
    const char c = series[i];
    if (c == '\\' && quoted) {
      one += c;
      one += series[++i];
      continue;
    }
    if (c == '"') quoted = !quoted;
    if (c == ',' && !quoted) {
      labels.push_back(one);
      one.clear();
    } else {
      one += c;
    }
  }
  if (!one.empty()) labels.push_back(one);
  std::sort(labels.begin(), labels.end());
  std::string out = series.substr(0, open) + "{";
  for (const std::string& label : labels) out += (out.back() == '{' ? "" : ",") + label;
  return out + "}";
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return out;
}

// One run of the check as series.
std::map<std::string, double> run_check(const Comparison& c) {
  std::vector<std::string> params{"naming=prometheus"};
  params.insert(params.end(), c.params.begin(), c.params.end());
  const json::Value run = run_shipped(c.plugin, c.type, params);
  std::map<std::string, double> out;
  if (run.find("samples") == nullptr) return out;
  for (const json::Value& sample : run.find("samples")->items) {
    std::string series = text_of(sample, "metric") + "{";
    const json::Value& labels = *sample.find("labels");
    for (std::size_t i = 0; i < labels.keys.size(); ++i)
      series += (series.back() == '{' ? "" : ",") + labels.keys[i] + "=\"" +
                escaped(labels.items[i].text) + "\"";
    series = series.back() == '{' ? text_of(sample, "metric") : series + "}";
    EXPECT_TRUE(out.emplace(canonical(series), number_of(sample, "value")).second)
        << "twice: " << series;
  }
  return out;
}

bool matches(const std::string& name, const std::string& pattern) {
  return std::regex_match(name, std::regex(pattern));
}

double drift_of(const Comparison& c, const std::string& name) {
  for (const auto& [pattern, drift] : c.drift)
    if (matches(name, pattern)) return drift;
  return 0;
}

// "" when the value can be that of the moment between the two pages.
std::string difference(const Comparison& c, const std::string& series, double value,
                       const Page& before, const Page& after) {
  const double a = before.series.at(series);
  const double b = after.series.at(series);
  const std::string name = name_of(series);
  const double rounding = std::max(std::abs(a), std::abs(b)) * 1e-9;
  const double slack = rounding + drift_of(c, name);
  if (value >= std::min(a, b) - slack && value <= std::max(a, b) + slack) return "";
  char text[512];
  std::snprintf(text, sizeof text, "%s is %.17g, node_exporter says %.17g before, %.17g after",
                series.c_str(), value, a, b);
  return text;
}

}  // namespace

Page parse_page(const std::string& text) {
  Page page;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    if (line.rfind("# TYPE ", 0) == 0) {
      const auto blank = line.rfind(' ');
      page.types[line.substr(7, blank - 7)] = line.substr(blank + 1);
    } else if (!line.empty() && line[0] != '#') {
      const auto blank = line.rfind(' ');
      page.series[canonical(line.substr(0, blank))] = std::strtod(line.c_str() + blank, nullptr);
    }
  }
  return page;
}

Exporter::Exporter(const std::vector<std::string>& arguments) {
  const int fd = listen_on_loopback(&port_);
  std::string command =
      "LISTEN_PID=$$ LISTEN_FDS=1 exec prometheus-node-exporter --web.systemd-socket";
  // Its systemd collector wants a systemd, and fails where there is none.
  if (std::find(arguments.begin(), arguments.end(), "--collector.systemd") == arguments.end())
    command += " --no-collector.systemd";
  for (const std::string& argument : arguments) command += " '" + argument + "'";
  command += " 3<&" + std::to_string(fd);
  process_.emplace(std::vector<std::string>{"/bin/sh", "-c", command}, dir_.file("exporter"));
  close(fd);
  EXPECT_TRUE(process_->says("Listening on")) << process_->err();
}

Exporter::~Exporter() {
  process_->signal(SIGTERM);
  process_->wait();
}

Page Exporter::scrape() {
  Page page = parse_page(http_get(port_, "/metrics"));
  EXPECT_FALSE(page.series.empty()) << process_->err();
  return page;
}

void expect_equal(Exporter& exporter, const Comparison& c) {
  Page before = exporter.scrape();
  std::set<std::string> agreed;  // names of metrics
  std::map<std::string, std::string> differences;
  std::size_t compared = 0;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto ours = run_check(c);
    Page after = exporter.scrape();
    differences.clear();
    compared = 0;
    std::set<std::string> alone;
    for (const auto& [series, value] : ours) {
      const bool partner = before.series.count(series) != 0 && after.series.count(series) != 0;
      if (!partner) {
        alone.insert(series);
        continue;
      }
      ++compared;
      const std::string why = difference(c, series, value, before, after);
      if (why.empty())
        agreed.insert(name_of(series));
      else
        differences[series] = why;
    }
    for (const auto& [series, value] : before.series) {
      const std::string name = name_of(series);
      const bool covered = std::any_of(c.covers.begin(), c.covers.end(),
                                       [&](const auto& pattern) { return matches(name, pattern); });
      if (covered && c.missing.count(name) == 0 && after.series.count(series) != 0 &&
          ours.count(series) == 0)
        differences[series] = series + " is not reported";
    }
    if (differences.empty()) {
      std::printf("%s: %zu metrics, %zu series equal to node_exporter's:\n ", c.type.c_str(),
                  agreed.size(), compared);
      for (const std::string& name : agreed) std::printf(" %s", name.c_str());
      std::printf("\n");
      if (!alone.empty()) std::printf("  without a partner there: %zu series", alone.size());
      std::size_t shown = 0;
      for (const std::string& series : alone)
        if (shown++ < 5) std::printf(" %s", series.c_str());
      if (!alone.empty()) std::printf("\n");
      break;
    }
    before = std::move(after);
  }
  for (const auto& [series, why] : differences) ADD_FAILURE() << why;
  EXPECT_GE(compared, c.at_least);
}

}  // namespace virgo::functional
