// virgo plugin info: what is known about a plugin's file.
#include <cstdio>

#include "base/format.hpp"
#include "base/text.hpp"
#include "cli/cli.hpp"
#include "cli/commands.hpp"
#include "cli/lua_plugin.hpp"
#include "cli/plugin_answer.hpp"
#include "cli/plugin_description.hpp"
#include "cli/text_table.hpp"
#include "native/elf_note.hpp"

namespace virgo::cli {
namespace {

struct Info {
  std::string file;
  native::AbiNote note;
  PluginAnswer answer;
};

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
  if (!info.answer.problem.empty()) {
    w.key("problem");
    w.string(to_utf8(info.answer.problem));
  }
  for (const char* key : {"module", "version", "vendor", "types"}) {
    const json::Value* member = info.answer.description.find(key);
    if (member == nullptr) continue;
    w.key(key);
    w.raw(json::to_json(*member));
  }
  w.end_object();
  return out + "\n";
}

std::string page(const Info& info) {
  std::string out = format("File    {}\n", one_line(info.file));
  out += format("ABI     {}.{}, for agents with plugin ABI {}.{} or later\n", info.note.abi_major,
                info.note.abi_minor, info.note.abi_major, info.note.requires_minor);
  const json::Value* types = info.answer.description.find("types");
  if (types == nullptr) return out;
  const std::string vendor = text_member(info.answer.description, "vendor");
  out += one_line(format("Module  {} {}{}", text_member(info.answer.description, "module"),
                         text_member(info.answer.description, "version"),
                         vendor.empty() ? "" : format(" ({})", vendor)));
  return out + "\n" + types_page(*types);
}

int print_types(const json::Value& types, const std::string& file, const Args& args) {
  if (args.has("json")) {
    std::string out;
    json::Writer w(out);
    w.begin_object();
    w.key("file");
    w.string(to_utf8(file));
    w.key("types");
    w.raw(json::to_json(types));
    w.end_object();
    std::printf("%s\n", out.c_str());
  } else if (args.has("markdown")) {
    std::fputs(types_markdown(types).c_str(), stdout);
  } else {
    std::printf("File    %s\n%s", one_line(file).c_str(), types_page(types).c_str());
  }
  return kOk;
}

// Its sandbox is what a native plugin has a process of its own for.
int info_of_lua(const std::string& file, const Args& args) {
  uv::Loop loop;
  LuaPlugin plugin(loop, "");
  if (const auto loaded = plugin.load(file); !loaded) {
    std::fprintf(stderr, "virgo plugin info: %s\n", loaded.error().message.c_str());
    return kUsage;
  }
  const auto types = json::parse(virgo::cli::to_json(plugin.types()));
  return print_types(types ? *types : json::Value(), file, args);
}

int info(const Args& args) {
  if (is_lua_plugin(args.operands()[0])) return info_of_lua(args.operands()[0], args);
  Info info{args.operands()[0], {}, {}};
  const auto note = native::read_abi_note(info.file);
  if (!note) {
    std::fprintf(stderr, "virgo plugin info: %s: %s\n", info.file.c_str(),
                 note.error().message.c_str());
    return kUsage;
  }
  info.note = *note;
  info.answer = ask_plugin(info.file);
  const json::Value* types = info.answer.description.find("types");
  if (args.has("json"))
    std::fputs(to_json(info).c_str(), stdout);
  else if (!args.has("markdown"))
    std::fputs(page(info).c_str(), stdout);
  else if (types != nullptr)
    std::fputs(types_markdown(*types).c_str(), stdout);
  std::fflush(stdout);
  if (info.answer.problem.empty()) return kOk;
  std::fprintf(stderr, "virgo plugin info: %s\n", info.answer.problem.c_str());
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
      "A Lua plugin (*.lua) is run once, in its sandbox, for what it declares.\n"
      "Exit codes: 0 all shown, 1 the plugin could not be asked, 2 FILE is no plugin.",
      kOptions,
      1,
      1,
      info};
  return command;
}

}  // namespace virgo::cli
