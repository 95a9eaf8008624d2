// What can be seen without an instance.
#include <set>

#include "base/format.hpp"
#include "conform/quiet_load.hpp"
#include "conform/tests.hpp"
#include "native/elf_file.hpp"
#include "native/elf_note.hpp"

namespace virgo::conform {
namespace {

void look_at_type(const check::CheckType& type, Report& report) {
  const std::string what = format("'{}'", type.name());
  if (type.summary().empty()) report.finding(what + " has no summary");
  std::set<std::string> names;
  for (const check::ParamInfo& param : type.params()) {
    if (!names.insert(param.name).second)
      report.finding(format("{} declares the parameter '{}' twice", what, param.name));
    if (param.required && param.has_fallback)
      report.finding(format("{}: parameter '{}' is required and has a default", what, param.name));
    if (param.help.empty())
      report.note(format("{}: parameter '{}' has no help text", what, param.name));
  }
  names.clear();
  for (const metric::MetricInfo& metric : type.metrics()) {
    if (!names.insert(metric.name).second)
      report.finding(format("{} declares the metric '{}' twice", what, metric.name));
    if (metric.unit.empty() && metric.kind != metric::Kind::state)
      report.note(
          format("{}: metric '{}' has no unit; \"1\" is that of plain numbers", what, metric.name));
    if (metric.kind == metric::Kind::counter && metric.type == metric::Type::text)
      report.finding(format("{}: metric '{}' is a counter of type text", what, metric.name));
  }
}

}  // namespace

void test_descriptor(const Target& target, Report& report) {
  const auto note = native::read_abi_note(target.file);
  if (!note) {
    report.finding(note.error().message);
    return;
  }
  report.phase("virgo_module_v1()");
  const auto module = native::describe_module(target.file, native::Trust::any);
  if (!module) {
    report.finding(module.error().message);
    return;
  }
  if (note->abi_minor != module->abi_minor)
    report.finding(
        format("its ELF note says ABI 1.{}, its virgo_module 1.{}: is the note that of "
               "another file?",
               note->abi_minor, module->abi_minor));
  if (module->version.empty()) report.finding("the module has no version");
  std::set<std::string> names;
  for (const auto& type : module->types)
    if (!names.insert(type.name).second)
      report.finding(format("the check type '{}' is there twice", type.name));
  // Defaults are looked at when types are made of it, and load() is called.
  report.phase("load()");
  auto subject = Subject::load(target);
  if (!subject) {
    report.finding(subject.error().message);
    return;
  }
  for (const check::CheckType* type : (*subject)->types()) look_at_type(*type, report);
}

void test_exports(const Target& target, Report& report) {
  const auto elf = native::ElfFile::open(target.file);
  if (!elf) {
    report.finding(elf.error().message);
    return;
  }
  const auto symbols = elf->exported_symbols();
  if (!symbols) {
    report.finding(symbols.error().message);
    return;
  }
  bool entry = false;
  std::string others;
  unsigned count = 0;
  for (const std::string& symbol : *symbols) {
    if (symbol == "virgo_module_v1") {
      entry = true;
    } else if (++count <= 5) {
      others += (others.empty() ? "" : ", ") + symbol;
    }
  }
  if (!entry) report.finding("it does not export virgo_module_v1");
  if (count > 0)
    report.finding(
        format("it exports {} symbol{} beside virgo_module_v1 ({}{}): link it with "
               "virgo_plugin.map, as virgo_add_plugin() does",
               count, count == 1 ? "" : "s", others, count > 5 ? ", ..." : ""));
}

void test_quiet_load(const Target& target, Report& report) {
  report.phase("loading it, static constructors included");
  const auto calls = calls_while_loading(target.file, report.fd());
  if (!calls) {
    // Where the kernel has no such filters nothing can be said.
    if (calls.error().code == Errc::unsupported)
      report.note("not tried: " + calls.error().message);
    else
      report.finding(calls.error().message);
    return;
  }
  std::string names;
  for (const std::string& call : *calls) names += (names.empty() ? "" : ", ") + call + "()";
  if (!names.empty())
    report.finding(
        format("static constructors or virgo_module_v1() called {}: looking at the file must do "
               "nothing; put it into load() or create()",
               names));
}

}  // namespace virgo::conform
