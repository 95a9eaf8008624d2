// What instances do besides collecting.
#include "base/format.hpp"
#include "base/text.hpp"
#include "config/load.hpp"
#include "conform/leaks.hpp"
#include "conform/process_state.hpp"
#include "conform/tests.hpp"

namespace virgo::conform {
namespace {

constexpr Duration kShort = std::chrono::milliseconds(200);

// YAML that does not do a plugin's author any favour, by type.
std::vector<std::string> hostile_values(check::ParamType type) {
  const std::string long_text = '"' + std::string(64 * 1024, 'x') + '"';
  switch (type) {
    case check::ParamType::boolean:
      return {"true", "false", "~"};
    case check::ParamType::integer:
      return {"0", "-1", "9223372036854775807", "-9223372036854775808", "~"};
    case check::ParamType::number:
      return {"0", "-0.0", "1e308", "-1e308", "5e-324", "~"};
    case check::ParamType::duration:
      return {"0s", "1ms", "100000d", "~"};
    case check::ParamType::size:
      return {"0", "1B", "8388607TiB", "~"};
    case check::ParamType::list: {
      std::string many = "[0";
      for (int i = 1; i < 10'000; ++i) many += ", " + std::to_string(i);
      return {"[]", "[~]", "[[], {}, [[[]]]]", "[\"\", \"%s%n\"]", many + "]"};
    }
    case check::ParamType::map:
      return {"{}", "{\"\": ~}", "{a: {b: {c: [1, {d: e}]}}}", "{\"%s%n\": [~]}"};
    case check::ParamType::text:
      break;
  }
  return {"\"\"",          "\" \"",       "\"%s%n%s\"", "\"../../../../etc/passwd\"",
          "\"a\\nb\\tc\"", "\"\\u00e9\"", "\"\\0\"",    "/dev/null",
          "/nonexistent",  "-1",          long_text,    "~"};
}

// The target's parameters, but `name` with `yaml`.
config::Node with_value(const Target& target, const check::CheckType& type, const std::string& name,
                        const std::string& yaml) {
  config::Node out = empty_params();
  const auto add = [&out](const std::string& key, const config::Node& value) {
    out.keys.push_back(key);
    out.key_positions.emplace_back();
    out.items.push_back(value);
  };
  for (const check::ParamInfo& info : type.params())
    if (const config::Node* given = target.params.find(info.name); given && info.name != name)
      add(info.name, *given);
  const auto value = config::parse("value: " + yaml, "a value", config::process_sources());
  if (const config::Node* node = value.root.find("value")) add(name, *node);
  return out;
}

void try_configuration(Subject& subject, check::CheckType& type, config::Node params,
                       Report& report, const std::string& what) {
  report.phase("configure() with " + what);
  auto check = subject.make(type, std::move(params));
  if (check == nullptr) return;  // refused: as good as any other answer
  report.phase("collect() after configure() with " + what);
  subject.run(*check, kShort);
  if (check->wedged())
    report.finding(format("'{}' did not end its run after configure() with {}", type.name(), what));
  left_behind(*check, type, report);
  report.phase("destroy() after configure() with " + what);
}

}  // namespace

void test_create_destroy(const Target& target, Report& report) {
  for_each_type(target, report, [&](Subject& subject, check::CheckType& type) {
    if (make_or_tell(subject, type, report) == nullptr) return;
    report.phase(format("create(), configure(), destroy() of '{}', 10,000 times", type.name()));
    find_leaks(report, format("create(), configure() and destroy() of '{}'", type.name()),
               {.warm_up = 1'000, .rounds = 9'000, .at_least = 9'000, .time = Duration::max()},
               [&]() -> Result<void> {
                 if (subject.make(type) == nullptr) return Error{Errc::failed, subject.why()};
                 return {};
               });
  });
}

void test_configure(const Target& target, Report& report) {
  for_each_type(target, report, [&](Subject& subject, check::CheckType& type) {
    try_configuration(subject, type, empty_params(), report, "nothing");
    for (const check::ParamInfo& param : type.params()) {
      for (const std::string& value : hostile_values(param.type)) {
        try_configuration(subject, type, with_value(target, type, param.name, value), report,
                          format("{}: {}", param.name, printable(value, 40)));
      }
    }
  });
}

void test_process_state(const Target& target, Report& report) {
  ProcessState::watch_forks();
  { const uv::Loop ours; }  // what the agent itself sets is not the plugin's doing
  const ProcessState before = ProcessState::now();
  for_each_type(target, report, [&](Subject& subject, check::CheckType& type) {
    auto check = make_or_tell(subject, type, report);
    if (check == nullptr) return;
    report.phase(format("collect() of '{}'", type.name()));
    for (int i = 0; i < 3; ++i) {
      subject.run(*check, std::chrono::seconds(5));
      left_behind(*check, type, report);
    }
    report.phase(format("cancel() of '{}'", type.name()));
    subject.run(*check, Duration(1));
    left_behind(*check, type, report);
    report.phase(format("destroy() of '{}'", type.name()));
    check.reset();
    // While the module is loaded: what it puts right only in unload() was wrong so long.
    for (const std::string& change : before.changes_to(ProcessState::now())) report.finding(change);
  });
}

void test_late_calls(const Target& target, Report& report) {
  for_each_type(target, report, [&](Subject& subject, check::CheckType& type) {
    for (const Duration cancel_after : {Duration(std::chrono::seconds(5)), Duration(1)}) {
      auto check = make_or_tell(subject, type, report);
      if (check == nullptr) return;
      report.phase(format("after the end of a run of '{}'", type.name()));
      subject.run(*check, cancel_after);
      // What it does later cannot be waited for.
      left_behind(*check, type, report);
      subject.idle(std::chrono::milliseconds(100));
      report.phase(format("after destroy() of '{}'", type.name()));
      check.reset();
      Recorder::get().destroyed(true);
      subject.idle(std::chrono::milliseconds(200));
      Recorder::get().destroyed(false);
    }
  });
}

}  // namespace virgo::conform
