// Debian's prometheus-node-exporter beside a check with `naming: prometheus`: on the same
// machine, at the same moment, the same series must have the same values.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "functional/world.hpp"

namespace virgo::functional {

// "name{label="value",...}", labels in the order of their names -> value.
struct Page {
  std::map<std::string, double> series;
  std::map<std::string, std::string> types;  // by metric name: counter, gauge, untyped
};
Page parse_page(const std::string& text);

// A running node_exporter on a loopback port of the system's choice.
class Exporter {
 public:
  // `arguments`: further flags, such as "--collector.processes".
  explicit Exporter(const std::vector<std::string>& arguments = {});
  ~Exporter();
  Exporter(const Exporter&) = delete;
  Exporter& operator=(const Exporter&) = delete;

  Process& process() { return *process_; }
  // What it says now. A collector that failed fails the test.
  Page scrape();

 private:
  TempDir dir_;
  int port_ = 0;
  std::optional<Process> process_;
};

// What is compared with what.
struct Comparison {
  std::string plugin;               // "memory": the file memory.so
  std::string type;                 // "virgo.memory"
  std::vector<std::string> params;  // "include=[sda]"; naming=prometheus is added
  // Regular expressions, for whole names: all series of node_exporter of such a name must
  // be reported by the check,
  std::vector<std::string> covers;
  // but for those of these names.
  std::set<std::string> missing = {};
  // How far a gauge may be outside of what node_exporter said before and after, as it may
  // have gone up and down in between; by regular expression for the name. Default: 0.
  std::map<std::string, double> drift = {};
  std::size_t at_least = 1;  // series that must have been compared
};

// Takes a page of node_exporter's, runs the check, takes another page: a counter lies
// between the two, a gauge too, or is equal to either. Prints the names of the metrics
// compared and how many series they have.
void expect_equal(Exporter& exporter, const Comparison& comparison);

}  // namespace virgo::functional
