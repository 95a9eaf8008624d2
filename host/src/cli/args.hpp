// Command-line options of one command, and their help. Not thread-safe.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace virgo::cli {

struct Option {
  const char* name;  // "config", written --config
  char letter;       // 'c', written -c; 0 = none
  // Name of its value for the help: "FILE"; "[=FILE]" where it may be left out; null =
  // a switch.
  const char* value;
  const char* help;
};

// One command of `virgo`.
struct Command {
  const char* name;       // "run", or "config check"
  const char* arguments;  // of the usage line: "-c FILE"
  const char* summary;    // one line
  const char* details;    // may be ""
  std::span<const Option> options;
  unsigned min_operands;
  unsigned max_operands;
  int (*run)(const class Args& args);
  bool hidden = false;  // not in the overview
  // Whatever follows the first operand is one, too: the arguments of a program.
  bool passes_rest_on = false;
};

constexpr unsigned kAnyOperands = ~0u;

class Args {
 public:
  // `argv` begins after the command's name. Understands --name value,
  // --name=value, -n value, --; unknown options get a "did you mean".
  static Result<Args> parse(const Command& command, std::span<char* const> argv);

  bool has(std::string_view name) const { return values_.find(name) != values_.end(); }
  // The last one, if it was given more than once; "" if it was not given.
  const std::string& get(std::string_view name) const;
  // All of them, in order.
  const std::vector<std::string>& all(std::string_view name) const;
  const std::vector<std::string>& operands() const { return operands_; }

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
  std::vector<std::string> operands_;
};

// The text of --help.
std::string help(const Command& command);

}  // namespace virgo::cli
