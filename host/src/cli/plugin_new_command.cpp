// virgo plugin new
#include <array>
#include <cstdio>

#include "agent/paths.hpp"
#include "base/format.hpp"
#include "base/text.hpp"
#include "cli/cli.hpp"
#include "cli/commands.hpp"
#include "cli/plugin_project.hpp"

namespace virgo::cli {
namespace {

int complain(const Error& error, int code) {
  std::fprintf(stderr, "virgo plugin new: %s\n", error.message.c_str());
  return code;
}

Result<std::string> language(const Args& args) {
  if (!args.has("lang")) return std::string("cpp");
  const std::string& lang = args.get("lang");
  if (lang == "c" || lang == "cpp" || lang == "lua") return lang;
  return Error{Errc::invalid, format("--lang: there is no template for '{}': write c, cpp or lua",
                                     printable(lang))};
}

// For pasting into a shell.
std::string quoted(const std::string& path) {
  if (path.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                             "/._-+") == std::string::npos)
    return path;
  std::string out = "'";
  for (const char c : path) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// CMake looks into these by itself.
std::string prefix_option() {
  const std::string prefix = agent::prefix();
  if (prefix == "/usr" || prefix == "/usr/local") return "";
  return " -DCMAKE_PREFIX_PATH=" + quoted(prefix);
}

std::string in_one_line(const std::vector<std::string>& files) {
  std::string list;
  for (const std::string& file : files) list += (list.empty() ? "" : ", ") + file;
  return list;
}

void print_next_steps_in_lua(const std::string& folder, const ProjectNames& names,
                             const std::vector<std::string>& files) {
  const std::string file = quoted(folder + "/" + names.file + ".lua");
  std::printf(
      "made %s: %s\n"
      "  check type  %s\n"
      "\n"
      "Next:\n"
      "  virgo plugin test %s\n"
      "  virgo plugin run %s --once\n"
      "For an agent, put %s.lua into a folder of its plugins.lua, and %s.yaml into its conf.d.\n",
      folder.c_str(), in_one_line(files).c_str(), names.type.c_str(), file.c_str(), file.c_str(),
      names.file.c_str(), names.file.c_str());
}

void print_next_steps(const std::string& folder, const ProjectNames& names,
                      const std::vector<std::string>& files) {
  std::printf(
      "made %s: %s\n"
      "  check type  %s\n"
      "  module id   %s\n"
      "\n"
      "Next:\n"
      "  cmake -S %s -B build%s\n"
      "  cmake --build build\n"
      "  virgo plugin test build/%s.so\n"
      "  virgo plugin run build/%s.so --set path=/tmp --once\n",
      folder.c_str(), in_one_line(files).c_str(), names.type.c_str(), names.id.c_str(),
      quoted(folder).c_str(), prefix_option().c_str(), names.name.c_str(), names.name.c_str());
}

int make(const Args& args) {
  const auto lang = language(args);
  if (!lang) return complain(lang.error(), kUsage);
  if (*lang == "lua" && args.has("id"))
    return complain({Errc::invalid, "--id: a Lua plugin has no module id"}, kUsage);
  if (args.has("id") && args.get("id").empty())
    return complain({Errc::invalid, "--id: write one, as in com.acme.queue"}, kUsage);
  const auto names = project_names(args.operands()[0], args.get("id"));
  if (!names) return complain(names.error(), kUsage);
  const std::string into = args.get("into");
  const std::string folder = (into.empty() ? "" : into + "/") + names->name;
  const auto made =
      make_project(agent::prefix() + "/share/virgo/sdk/template/" + *lang, folder, *names);
  if (!made) return complain(made.error(), kFailed);
  if (*lang == "lua")
    print_next_steps_in_lua(folder, *names, *made);
  else
    print_next_steps(folder, *names, *made);
  return kOk;
}

}  // namespace

const Command& plugin_new_command() {
  static constexpr std::array kOptions{
      Option{"lang", 'l', "LANG", "c, cpp or lua (cpp)"},
      Option{"into", 0, "FOLDER", "make the project in FOLDER, which exists (here)"},
      Option{"id", 0, "ID", "the module's id: a domain of yours reversed, as com.acme.queue"},
  };
  static const Command command{
      "plugin new",
      "NAME",
      "make a project for a plugin of your own",
      "NAME is yours or your company's, a '-', and what is checked: acme-queue makes the folder\n"
      "acme-queue, with a complete check of the type acme.queue to change into what you want, its\n"
      "tests, CMakeLists.txt and README; in Lua its tests and an example for the configuration.\n"
      "Nothing that exists is replaced.\n"
      "Exit codes: 0 made, 1 could not be made, 2 wrong usage.",
      kOptions,
      1,
      1,
      make};
  return command;
}

}  // namespace virgo::cli
