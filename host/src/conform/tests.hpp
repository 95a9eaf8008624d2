// The conformance tests. Each is run in a process of its own, which it may leave in
// any state, or crash.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "conform/subject.hpp"

namespace virgo::conform {

// What a test has to say. Goes to the process that started it, line by line, so that
// nothing is lost when the plugin crashes.
class Report {
 public:
  explicit Report(int fd) : fd_(fd) {}
  // What is being done: stands beside a crash.
  void phase(const std::string& what) { line("phase", what); }
  // The plugin breaks a rule.
  void finding(const std::string& what) { line("finding", what); }
  // Worth knowing, and no fault.
  void note(const std::string& what) { line("note", what); }
  // The test could not be run for want of something the caller can give.
  void missing(const std::string& what) { line("missing", what); }
  void end() { line("end", ""); }
  int fd() const { return fd_; }

 private:
  void line(const char* kind, const std::string& text);
  int fd_;
};

struct Test {
  const char* name;     // "create-destroy"
  const char* summary;  // what a plugin has to do to pass
  void (*run)(const Target& target, Report& report);
};

std::span<const Test> all_tests();
// Null when there is none of that name.
const Test* find_test(std::string_view name);

// The tests of one file each. tests_static.cpp
void test_descriptor(const Target& target, Report& report);
void test_exports(const Target& target, Report& report);
void test_quiet_load(const Target& target, Report& report);
// tests_life.cpp
void test_create_destroy(const Target& target, Report& report);
void test_configure(const Target& target, Report& report);
void test_process_state(const Target& target, Report& report);
void test_late_calls(const Target& target, Report& report);
// tests_run.cpp
void test_collect(const Target& target, Report& report);
void test_repeat(const Target& target, Report& report);
void test_cancel(const Target& target, Report& report);
void test_threads(const Target& target, Report& report);
void test_older_hosts(const Target& target, Report& report);
void test_loop_latency(const Target& target, Report& report);

// Loads the target and calls `body` for each type that can be tried; says what is
// missing otherwise, and afterwards what the tables saw.
void for_each_type(const Target& target, Report& report,
                   const std::function<void(Subject&, check::CheckType&)>& body,
                   const Release& release = releases().back(), bool extensions = true);
// An instance, or null: then it is said why there is none.
std::unique_ptr<native::NativeCheck> make_or_tell(Subject& subject, check::CheckType& type,
                                                  Report& report);
// To be called after every run. Nothing, unless a call of the run that was given up
// still executes: then no other may be started, and the instance and all below it
// must stay. So this is the end of the test and of its process, with a finding.
void left_behind(const native::NativeCheck& check, const check::CheckType& type, Report& report);

}  // namespace virgo::conform
