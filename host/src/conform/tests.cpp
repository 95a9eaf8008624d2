#include "conform/tests.hpp"

#include <unistd.h>

#include "base/format.hpp"

namespace virgo::conform {
namespace {

constexpr Test kTests[] = {
    {"descriptor", "its tables follow the rules and agree with its ELF note", test_descriptor},
    {"exports", "it exports virgo_module_v1 and nothing else", test_exports},
    {"quiet-load", "nothing is asked of the kernel while it is loaded", test_quiet_load},
    {"create-destroy", "10,000 instances come and go without a leak", test_create_destroy},
    {"configure", "hostile configurations are refused or lived with", test_configure},
    {"collect", "a run ends before its deadline, by the rules", test_collect},
    {"repeat", "hundreds of runs leak no memory, descriptor or thread", test_repeat},
    {"cancel", "a run that is cancelled at any moment ends soon", test_cancel},
    {"late-calls", "nothing is called after a run's end and after destroy()", test_late_calls},
    {"threads", "functions are called on the threads they are made for", test_threads},
    {"process-state", "directory, umask, signals, locale, children are left alone",
     test_process_state},
    {"older-hosts", "it lives with every released agent, and without extensions", test_older_hosts},
    {"loop-latency", "it does not hold the event loop longer than 5 ms", test_loop_latency},
};

}  // namespace

std::span<const Test> all_tests() {
  return kTests;
}

const Test* find_test(std::string_view name) {
  for (const Test& test : kTests)
    if (name == test.name) return &test;
  return nullptr;
}

void Report::line(const char* kind, const std::string& text) {
  std::string out = format("{} {}", kind, text);
  for (char& c : out)
    if (c == '\n') c = ' ';
  out += '\n';
  // A pipe that is gone has nobody at its end to tell.
  [[maybe_unused]] const auto written = write(fd_, out.data(), out.size());
}

void for_each_type(const Target& target, Report& report,
                   const std::function<void(Subject&, check::CheckType&)>& body,
                   const Release& release, bool extensions) {
  report.phase("loading it, load() included");
  {
    auto subject = Subject::load(target, release, extensions);
    if (!subject) {
      report.finding(subject.error().message);
      return;
    }
    for (check::CheckType* type : (*subject)->types()) {
      const auto missing = (*subject)->missing_params(*type);
      for (const std::string& param : missing)
        report.missing(format("'{}' needs a value for '{}': give it with --set {}=VALUE",
                              type->name(), param, param));
      if (missing.empty()) body(**subject, *type);
      Recorder::get().destroyed(false);
    }
    report.phase("unload()");
  }
  for (const std::string& finding : Recorder::get().take()) report.finding(finding);
}

std::unique_ptr<native::NativeCheck> make_or_tell(Subject& subject, check::CheckType& type,
                                                  Report& report) {
  report.phase(format("create() and configure() of '{}'", type.name()));
  auto check = subject.make(type);
  if (check == nullptr)
    report.missing(format("'{}' refuses these parameters ({}): give others with --set KEY=VALUE",
                          type.name(), subject.why()));
  return check;
}

void left_behind(const native::NativeCheck& check, const check::CheckType& type, Report& report) {
  if (!check.wedged()) return;
  report.finding(
      format("'{}' has not returned from a run that was given up: look at time_left(), "
             "or have a cancel() that ends it",
             type.name()));
  for (const std::string& finding : Recorder::get().take()) report.finding(finding);
  report.end();
  _exit(0);
}

}  // namespace virgo::conform
