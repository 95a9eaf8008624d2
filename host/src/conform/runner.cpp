#include "conform/runner.hpp"

#include <csignal>
#include <string_view>

#include "base/child_process.hpp"
#include "base/format.hpp"
#include "base/text.hpp"

namespace virgo::conform {
namespace {

// Far more than the slowest test of a plugin that is well takes.
constexpr Duration kPatience = std::chrono::minutes(3);

// What the test wrote, up to where its process ended.
struct Said {
  std::string phase = "starting";
  bool ended = false;
};

Said read_report(std::string_view text, TestResult& result) {
  Said said;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos) continue;
    const std::string_view kind = line.substr(0, space);
    const std::string rest = to_utf8(line.substr(space + 1));
    if (kind == "phase") said.phase = rest;
    if (kind == "finding") result.findings.push_back(rest);
    if (kind == "note") result.notes.push_back(rest);
    if (kind == "missing") result.missing.push_back(rest);
    if (kind == "end") said.ended = true;
  }
  return said;
}

// The end of what the plugin, or a sanitizer, wrote to standard error.
std::string last_lines(const std::string& text) {
  constexpr std::size_t kMost = 400;
  const std::string end = text.size() > kMost ? text.substr(text.size() - kMost) : text;
  return end.empty() ? "" : ": " + printable(end, kMost);
}

const char* hint(int signal) {
  return signal == SIGSEGV || signal == SIGBUS
             ? ". (The tables it is handed are read-only and end where that agent's do.)"
             : "";
}

}  // namespace

TestResult run_test(const Test& test, const std::vector<std::string>& arguments) {
  TestResult result;
  result.test = &test;
  const TimePoint begun = system_clock().now();
  const auto child = run_child(arguments, kPatience);
  result.took = system_clock().now() - begun;
  if (!child) {
    result.missing.push_back(child.error().message);
    result.verdict = Verdict::not_run;
    return result;
  }
  const Said said = read_report(child->out, result);
  if (child->timed_out)
    result.findings.push_back(
        format("hung: not over after {}, in: {}", format_duration(kPatience), said.phase));
  else if (child->signal != 0)
    result.findings.push_back(format("crashed ({}) in: {}{}", signal_name(child->signal),
                                     said.phase, hint(child->signal)));
  else if (!said.ended)
    result.findings.push_back(format("ended the process (exit code {}) in: {}{}", child->exit_code,
                                     said.phase, last_lines(child->err)));
  else if (child->exit_code != 0)
    result.findings.push_back(format("exit code {} at the end of the process{}", child->exit_code,
                                     last_lines(child->err)));
  result.verdict = !result.findings.empty()  ? Verdict::failed
                   : !result.missing.empty() ? Verdict::not_run
                                             : Verdict::passed;
  return result;
}

const char* verdict_name(Verdict verdict) {
  return verdict == Verdict::passed ? "passed" : verdict == Verdict::failed ? "failed" : "not run";
}

}  // namespace virgo::conform
