// A real server, as Debian ships it, started by a test on loopback: in a folder of its
// own, as an ordinary user also where the test is root, and killed with its children
// at the end.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "functional/world.hpp"

namespace virgo::functional {

// A port of loopback that nobody listens at, outside of those the system gives out. No
// other test is given it as long as this program runs.
int unused_port();

class Service {
 public:
  Service() = default;
  ~Service() { stop(); }
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Where it may write, and its files.
  const std::string& dir() const { return dir_.path(); }
  std::string file(const std::string& name) const { return dir_.file(name); }
  // Writes a file that the server can read.
  void write(const std::string& name, const std::string& text);

  // Makes cert.pem and key.pem, of 127.0.0.1; nobody has signed it.
  void make_certificate();

  // Runs in the foreground what `argv` says. The test has failed if nobody answers at
  // `ready_port` in time, or the server ends before. Port 0: nobody is waited for.
  void start(const std::vector<std::string>& argv, int ready_port,
             const std::map<std::string, std::string>& environment = {});
  // The same without the change of user.
  void start_as_root(const std::vector<std::string>& argv, int ready_port);
  // At once, with whatever it has started.
  void stop();

  Process& process() { return *process_; }

 private:
  void run(const std::vector<std::string>& user, const std::vector<std::string>& argv,
           int ready_port, const std::map<std::string, std::string>& environment);
  TempDir dir_;
  std::optional<Process> process_;
};

// Whether loopback's `port` accepts a connection.
bool answers(int port);

// Sends `bytes` to loopback's `port`, and reads until the server closes the connection.
std::string converse(int port, const std::string& bytes);

}  // namespace virgo::functional
