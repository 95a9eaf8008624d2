// A server under measurement, and wrk.
#pragma once

#include <signal.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "bench/measure.hpp"

namespace virgo::bench {

struct Server {
  const char* name;
  std::vector<std::string> argv;
};

struct Certificate {
  functional::TempDir dir;
  std::string cert = dir.file("cert.pem");
  std::string key = dir.file("key.pem");
  Certificate() {
    functional::Process make({"/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                              "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                              "/CN=localhost", "-keyout", key, "-out", cert},
                             dir.file("openssl"));
    if (make.wait() != 0) std::fputs(make.err().c_str(), stderr);
  }
};

// host/runtime's own; `mode` is one of tests/bench/http/virgo.lua.
inline Server virgo_server(const std::string& mode, const Certificate& tls) {
  return {"virgo",
          {functional::virgo_binary(), "lua",
           functional::source_dir() + "/tests/bench/http/virgo.lua", mode, tls.cert, tls.key}};
}

// A server on core 0, listening.
class Running {
 public:
  explicit Running(const Server& server) : name_(server.name) {
    std::vector<std::string> argv{"/usr/bin/taskset", "-c", "0"};
    argv.insert(argv.end(), server.argv.begin(), server.argv.end());
    process_ = std::make_unique<functional::Process>(argv, dir_.file("server"));
    for (int i = 0; i < 200 && process_->running(); ++i) {
      if (process_->out().find('\n') != std::string::npos) break;
      usleep(50'000);
    }
    port_ = std::atoi(process_->out().c_str());
    if (port_ == 0) std::fprintf(stderr, "%s did not start:\n%s", name_, process_->err().c_str());
  }
  ~Running() {
    if (process_->running()) process_->signal(SIGKILL);
    process_->wait();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  bool ok() const { return port_ != 0; }
  int port() const { return port_; }
  pid_t pid() const { return process_->pid(); }
  double rss() const { return rollup_kb(pid(), "Rss:") / 1024; }
  bool running() { return process_->running(); }
  std::string err() const { return process_->err(); }

 private:
  const char* name_;
  functional::TempDir dir_;
  std::unique_ptr<functional::Process> process_;
  int port_ = 0;
};

// Its report after `seconds` of load from core 1.
inline std::string wrk(const Running& server, const std::string& mode, int seconds) {
  functional::TempDir dir;
  std::vector<std::string> argv{"/usr/bin/taskset",
                                "-c",
                                "1",
                                "/usr/bin/wrk",
                                "-t1",
                                "-c32",
                                "-d" + std::to_string(seconds) + "s",
                                "--latency"};
  if (mode == "echo") {
    argv.emplace_back("-s");
    argv.push_back(functional::source_dir() + "/tests/bench/http/post.lua");
  }
  argv.push_back((mode == "https" ? "https" : "http") + std::string("://127.0.0.1:") +
                 std::to_string(server.port()) + "/");
  functional::Process process(argv, dir.file("wrk"));
  if (process.wait() != 0) std::fputs(process.err().c_str(), stderr);
  return process.out();
}

// How many requests a report tells of.
inline double requests_of(const std::string& report) {
  const std::size_t at = report.find(" requests in ");
  return at == std::string::npos ? 0 : std::atof(report.c_str() + report.rfind('\n', at) + 1);
}

}  // namespace virgo::bench
