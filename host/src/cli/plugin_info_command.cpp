// virgo plugin info: what is known about a plugin's file.
#include <cstdio>

#include "base/child_process.hpp"
#include "base/format.hpp"
#include "base/text.hpp"
#include "cli/cli.hpp"
#include "cli/commands.hpp"
#include "cli/plugin_description.hpp"
#include "cli/text_table.hpp"
#include "native/elf_note.hpp"

namespace virgo::cli {
namespace {

constexpr Duration kPatience = std::chrono::seconds(5);

struct Info {
  std::string file;
  native::AbiNote note;
  json::Value description;  // null if the plugin could not be asked
  std::string problem;      // then why
};

// Why a child said nothing of use.
std::string failure(const ChildResult& child) {
  if (child.timed_out)
    return format("hung when it was loaded and asked for its tables: ended after {}",
                  format_duration(kPatience));
  if (child.signal != 0)
    return format("crashed with {} when it was loaded and asked for its tables",
                  signal_name(child.signal));
  const Result<json::Value> answer = json::parse(child.out);
  if (answer && !text_member(*answer, "problem").empty()) return text_member(*answer, "problem");
  return format("ended the process with exit code {} when it was loaded", child.exit_code);
}

void ask(Info& info) {
  const std::vector<std::string> argv{own_program(), "plugin", "describe", "--", info.file};
  const auto child = run_child(argv, kPatience);
  if (!child) {
    info.problem = child.error().message;
    return;
  }
  auto answer = json::parse(child->out);
  if (child->exit_code == 0 && answer && answer->find("types") != nullptr) {
    info.description = std::move(*answer);
    return;
  }
  info.problem = failure(*child);
}

std::string to_json(const Info& info) {
  std::string out;
  json::Writer w(out);
  w.begin_object();
  w.key("file");
  w.string(to_utf8(info.file));
  w.key("abi_major");
  w.integer(std::uint64_t{info.note.abi_major});
  w.key("abi_minor");
  w.integer(std::uint64_t{info.note.abi_minor});
  w.key("requires_minor");
  w.integer(std::uint64_t{info.note.requires_minor});
  if (!info.problem.empty()) {
    w.key("problem");
    w.string(to_utf8(info.problem));
  }
  for (const char* key : {"module", "version", "vendor", "types"}) {
    const json::Value* member = info.description.find(key);
    if (member == nullptr) continue;
    w.key(key);
    w.raw(json::to_json(*member));
  }
  w.end_object();
  return out + "\n";
}

std::string page(const Info& info) {
  std::string out = format("File    {}\n", one_line(info.file));
  out += format("ABI     {}.{}, works with agents from {}.{}\n", info.note.abi_major,
                info.note.abi_minor, info.note.abi_major, info.note.requires_minor);
  const json::Value* types = info.description.find("types");
  if (types == nullptr) return out;
  const std::string vendor = text_member(info.description, "vendor");
  out += one_line(format("Module  {} {}{}", text_member(info.description, "module"),
                         text_member(info.description, "version"),
                         vendor.empty() ? "" : format(" ({})", vendor)));
  return out + "\n" + types_page(*types);
}

int info(const Args& args) {
  Info info{args.operands()[0], {}, {}, {}};
  const auto note = native::read_abi_note(info.file);
  if (!note) {
    std::fprintf(stderr, "virgo plugin info: %s: %s\n", info.file.c_str(),
                 note.error().message.c_str());
    return kUsage;
  }
  info.note = *note;
  ask(info);
  const json::Value* types = info.description.find("types");
  if (args.has("json"))
    std::fputs(to_json(info).c_str(), stdout);
  else if (!args.has("markdown"))
    std::fputs(page(info).c_str(), stdout);
  else if (types != nullptr)
    std::fputs(types_markdown(*types).c_str(), stdout);
  std::fflush(stdout);
  if (info.problem.empty()) return kOk;
  std::fprintf(stderr, "virgo plugin info: %s\n", info.problem.c_str());
  return kFailed;
}

}  // namespace

const Command& plugin_info_command() {
  static constexpr Option kOptions[] = {
      {"json", 'j', nullptr, "as JSON"},
      {"markdown", 'm', nullptr, "only the tables, as Markdown for a README"},
  };
  static const Command command{
      "plugin info",
      "FILE [--json | --markdown]",
      "show what a plugin offers: check types, parameters, metrics",
      "The ABI versions are read from FILE without running any of its code, also when it was\n"
      "stripped. The rest comes from a process of its own that loads FILE and reads its tables;\n"
      "if it crashes, hangs or is refused, this is said and the versions are still shown.\n"
      "Exit codes: 0 all shown, 1 the plugin could not be asked, 2 FILE is no plugin.",
      kOptions,
      1,
      1,
      info};
  return command;
}

}  // namespace virgo::cli
