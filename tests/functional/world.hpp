// Drives the real `virgo` binary: processes with their output in files, folders
// that go away, configurations, and what an endpoint has written. Waiting is for
// a condition, with a deadline that only a failure reaches.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "json/value.hpp"

namespace virgo::functional {

// Generous: these run under sanitizers on busy machines. Nothing passes by it.
inline constexpr std::chrono::seconds kPatience{60};

// Whether this build has AddressSanitizer or ThreadSanitizer: figures of memory and
// time mean nothing then.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

// Polls `condition` until it holds; false after kPatience.
bool eventually(const std::function<bool()>& condition,
                std::chrono::milliseconds patience = kPatience);

class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

void write_file(const std::string& path, const std::string& text, mode_t mode = 0600);
std::string read_file(const std::string& path);  // "" if it is not there

// Paths of this build.
std::string virgo_binary();
std::string test_plugins();  // folder with the plugins of tests/plugins
std::string source_dir();

// A child process. Destruction kills it if it still runs.
class Process {
 public:
  // Output goes to `output` + ".out" and ".err".
  Process(std::vector<std::string> argv, std::string output,
          std::map<std::string, std::string> environment = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  bool running();
  void signal(int number);
  // Exit code, or 128 + signal; waits kPatience, then kills (and returns -1).
  int wait();

  std::string out() const { return read_file(output_ + ".out"); }
  std::string err() const { return read_file(output_ + ".err"); }
  // Waits until standard error contains `text`.
  bool says(const std::string& text);
  // Peak resident memory so far in MiB (VmHWM).
  double peak_mib() const;

 private:
  std::string output_;
  pid_t pid_ = -1;
  std::optional<int> status_;
};

// One run of a shipped check, as `virgo plugin run --json` tells it: of the file
// PLUGIN.so the type `type`, with `params` as "KEY=VALUE". The test has failed if the run
// was neither ok nor unsupported on this host; null if it told nothing.
json::Value run_shipped(const std::string& plugin, const std::string& type,
                        const std::vector<std::string>& params = {});

// `virgo endpoint` with files of its own.
class Endpoint {
 public:
  // Makes the files; start() runs it.
  explicit Endpoint(std::vector<std::string> extra_arguments = {});
  ~Endpoint() { release_port(); }
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  void start();  // again after kill(): on the same port
  // Nobody answers at the port then, and no other test is given it.
  void kill();
  // These are for the next start(). The port is also that of address().
  void add_arguments(const std::vector<std::string>& more) {
    extra_.insert(extra_.end(), more.begin(), more.end());
  }
  void use_port(int port) { port_ = port; }
  Process& process() { return *process_; }

  int port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  const std::string& dir() const { return dir_.path(); }
  std::string ca() const { return dir_.file("ca.pem"); }
  std::string token() const;
  std::string reports_file(const std::string& agent = "test-agent") const {
    return dir_.file("reports/" + agent + ".ndjson");
  }

  // Every record written so far for an agent, in order.
  std::vector<json::Value> records(const std::string& agent = "test-agent") const;

 private:
  TempDir dir_;
  std::vector<std::string> extra_;
  void hold_port();
  void release_port();

  std::optional<Process> process_;
  int port_ = 0;
  int held_ = -1;  // a socket bound to port_
  int starts_ = 0;
};

// `virgo run` with a folder of its own for its configuration.
class Agent {
 public:
  // Also again, after it has ended.
  void start(const std::string& yaml);
  Process& process() { return *process_; }
  std::string err() const { return process_->err(); }
  const TempDir& dir() const { return dir_; }

 private:
  TempDir dir_;
  std::optional<Process> process_;
  int starts_ = 0;
};

// Text of a configuration that reports to `endpoint` as "test-agent".
// `checks`: the lines of the list; `rest`: further top-level YAML;
// `endpoint_lines`: further lines of the endpoint section, indented.
std::string agent_yaml(const Endpoint& endpoint, const std::string& checks,
                       const std::string& rest = "", const std::string& endpoint_lines = "");

// Reading records.
std::string text_of(const json::Value& record, const std::string& key);
double number_of(const json::Value& record, const std::string& key);
// Reports (not gaps) of a check.
std::vector<const json::Value*> reports_of(const std::vector<json::Value>& records,
                                           const std::string& check);
// Gap records of a check.
std::vector<const json::Value*> gaps_of(const std::vector<json::Value>& records,
                                        const std::string& check);

}  // namespace virgo::functional
