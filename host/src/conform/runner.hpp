// Runs conformance tests, each in a child of this same program, and gathers what they
// say. A plugin may crash, hang or spoil its process: it is a result like any other.
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "conform/tests.hpp"

namespace virgo::conform {

enum class Verdict { passed, failed, not_run };

struct TestResult {
  const Test* test = nullptr;
  Verdict verdict = Verdict::failed;
  std::vector<std::string> findings;  // why it failed
  std::vector<std::string> missing;   // why it was not run
  std::vector<std::string> notes;
  Duration took{};
};

// Runs one test. `arguments` are what makes this program run it in-process and write
// its report to standard output.
TestResult run_test(const Test& test, const std::vector<std::string>& arguments);

// "passed", "failed", "not run"
const char* verdict_name(Verdict verdict);

}  // namespace virgo::conform
