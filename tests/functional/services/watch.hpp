// An agent with checks of lua-plugins/, and what they report.
#pragma once

#include <functional>
#include <ios>
#include <map>
#include <string>
#include <vector>

#include "functional/world.hpp"

namespace virgo::functional {

class Watch {
 public:
  // Runs the checks: lines of YAML as in agent_yaml(), every 200 ms. `rest`: the same.
  explicit Watch(const std::string& checks, const std::string& rest = "");

  using Accept = std::function<bool(const json::Value&)>;
  // A report of the check that `accept` likes, the first that comes. Without `accept`:
  // one that is ok. The test has failed, and the last report is given, if none comes.
  json::Value report(const std::string& check, const Accept& accept = {});

  Agent& agent() { return agent_; }

 private:
  // Reads the records that have come since.
  void read();
  Endpoint endpoint_;
  Agent agent_;
  std::vector<json::Value> records_;
  std::streamoff read_ = 0;
};

// One sample of a report: "redis.db.keys{db=0}" (labels by name); "" if there is none.
std::string sample(const json::Value& report, const std::string& series);
double number(const json::Value& report, const std::string& series);  // NaN if there is none
// All of them, for a message.
std::map<std::string, std::string> samples(const json::Value& report);

// A run that ended as `status`, saying `text`.
Watch::Accept ended(const std::string& status, const std::string& text);
// One that is ok and has judged what it found as `state`, with `reason` in its reason.
Watch::Accept judged(const std::string& state, const std::string& reason = "");

}  // namespace virgo::functional
