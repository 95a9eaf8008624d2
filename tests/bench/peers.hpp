// The agents that Virgo is measured beside, each with the checks of tier 1 that it has:
// Debian's collectd and prometheus-node-exporter.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "bench/measure.hpp"
#include "functional/exporter.hpp"

namespace virgo::bench {

// The checks of config/agent.yaml, which are those of tier 1, once a second.
inline std::string tier_1_yaml(const functional::Endpoint& endpoint) {
  const std::string shipped =
      functional::read_file(functional::source_dir() + "/config/agent.yaml");
  return "agent: {id: test-agent, log_level: warn}\nendpoint:\n  address: " + endpoint.address() +
         "\n  ca: " + endpoint.ca() + "\n  token: " + endpoint.token() +
         "\ndefaults: {interval: 1s}\nconf_d: \"\"\n" + shipped.substr(shipped.find("\nchecks:\n"));
}

// Takes everything that is POSTed to it and throws it away.
class HttpSink {
 public:
  HttpSink() {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    if (bind(listener_, raw, size) != 0 || listen(listener_, 16) != 0 ||
        getsockname(listener_, raw, &size) != 0)
      std::perror("HttpSink");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~HttpSink() {
    ends_ = true;
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  HttpSink(const HttpSink&) = delete;
  HttpSink& operator=(const HttpSink&) = delete;
  int port() const { return port_; }
  // Bytes of bodies taken so far.
  std::size_t taken() const { return taken_; }

 private:
  void serve() {
    while (!ends_) {
      const int fd = accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      std::string got;
      char buffer[65536];
      ssize_t n = 0;
      while (!ends_ && (n = read(fd, buffer, sizeof buffer)) > 0) {
        got.append(buffer, static_cast<std::size_t>(n));
        answer(fd, got);
      }
      close(fd);
    }
  }
  // Answers each request that is whole.
  void answer(int fd, std::string& got) {
    for (;;) {
      const auto end = got.find("\r\n\r\n");
      if (end == std::string::npos) return;
      const auto at = got.find("Content-Length: ");
      const std::size_t body =
          at < end ? static_cast<std::size_t>(std::atoll(got.c_str() + at + 16)) : 0;
      if (got.find("100-continue") < end) (void)!write(fd, "HTTP/1.1 100 Continue\r\n\r\n", 25);
      if (got.size() < end + 4 + body) return;
      got.erase(0, end + 4 + body);
      taken_ += body;
      (void)!write(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 38);
    }
  }

  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> ends_ = false;
  std::atomic<std::size_t> taken_ = 0;
  std::thread thread_;
};

// collectd with what it has of tier 1, once a second. `sink`: where write_http sends to,
// in JSON; null for nowhere.
class Collectd {
 public:
  explicit Collectd(const HttpSink* sink) {
    std::string text = "Hostname \"bench\"\nFQDNLookup false\nInterval 1\nBaseDir \"" +
                       dir_.path() + "\"\nPIDFile \"" + dir_.file("pid") +
                       "\"\nPluginDir \"/usr/lib/collectd\"\n" +
                       "TypesDB \"/usr/share/collectd/types.db\"\n";
    for (const char* plugin :
         {"cpu", "load", "memory", "swap", "vmem", "disk", "df", "interface", "protocols",
          "conntrack", "processes", "uptime", "contextswitch", "irq", "fhcount"})
      text += std::string("LoadPlugin ") + plugin + "\n";
    text +=
        "<LoadPlugin tcpconns>\n</LoadPlugin>\n<Plugin tcpconns>\n  AllPortsSummary true\n"
        "</Plugin>\n<Plugin processes>\n  ProcessMatch \"agents\" \"collectd|virgo\"\n"
        "</Plugin>\n<Plugin cpu>\n  ReportByCpu false\n</Plugin>\n";
    if (sink != nullptr)
      text +=
          "LoadPlugin write_http\n<Plugin write_http>\n  <Node \"sink\">\n    URL "
          "\"http://127.0.0.1:" +
          std::to_string(sink->port()) +
          "/\"\n    Format \"JSON\"\n    StoreRates false\n    BufferSize 65536\n"
          "  </Node>\n</Plugin>\n";
    functional::write_file(dir_.file("collectd.conf"), text);
    process_.emplace(
        std::vector<std::string>{"/usr/sbin/collectd", "-f", "-C", dir_.file("collectd.conf")},
        dir_.file("collectd"));
  }
  functional::Process& process() { return *process_; }

 private:
  functional::TempDir dir_;
  std::optional<functional::Process> process_;
};

}  // namespace virgo::bench
