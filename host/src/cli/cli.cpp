#include "cli/cli.hpp"

#include <cstdio>
#include <string>
#include <vector>

#include "base/format.hpp"
#include "base/text.hpp"
#include "base/version.hpp"
#include "cli/args.hpp"
#include "cli/commands.hpp"

namespace virgo::cli {
namespace {

std::vector<const Command*> all_commands() {
  return {&run_command(),          &endpoint_command(),        &demo_command(),
          &config_check_command(), &config_show_command(),     &config_options_command(),
          &ctl_status_command(),   &ctl_checks_command(),      &plugin_info_command(),
          &plugin_run_command(),   &plugin_describe_command(), &plugin_list_command(),
          &plugin_retry_command(), &plugin_test_command(),     &plugin_new_command(),
          &lua_command()};
}

std::string overview() {
  std::string text =
      "virgo: a small host agent. It runs native and Lua checks and reports what they find.\n\n"
      "Usage: virgo COMMAND [OPTIONS]\n\nCommands:\n";
  for (const Command* c : all_commands())
    if (!c->hidden) text += format("  {:<16} {}\n", c->name, c->summary);
  text += "\n'virgo COMMAND --help' tells more. 'virgo --version' prints the version.\n";
  return text;
}

// The command whose words `argv` begins with; sets how many words that is.
const Command* find_command(const std::vector<std::string>& words, std::size_t& used) {
  for (const Command* c : all_commands()) {
    const std::string name = c->name;
    if (!words.empty() && words[0] == name) {
      used = 1;
      return c;
    }
    if (words.size() > 1 && words[0] + " " + words[1] == name) {
      used = 2;
      return c;
    }
  }
  return nullptr;
}

// "plugin" of "plugin info".
bool is_group(const std::string& word) {
  for (const Command* c : all_commands())
    if (std::string_view(c->name).starts_with(word + " ")) return true;
  return false;
}

void list_group(const std::string& word, std::FILE* out) {
  for (const Command* c : all_commands())
    if (!c->hidden && std::string_view(c->name).starts_with(word + " "))
      std::fprintf(out, "  %-16s %s\n", c->name, c->summary);
}

int unknown_command(const std::string& word) {
  if (is_group(word)) {
    std::fprintf(stderr, "virgo: which '%s' command? There are:\n", word.c_str());
    list_group(word, stderr);
    return kUsage;
  }
  std::vector<std::string_view> names;
  for (const Command* c : all_commands())
    if (!c->hidden) names.emplace_back(c->name);
  std::string text = format("virgo: unknown command '{}'", printable(word));
  const auto near = did_you_mean(word, names);
  if (!near.empty()) text += format(", did you mean '{}'?", near);
  const std::string group = word.substr(0, word.find(' '));
  if (near.empty() && is_group(group)) {
    std::fprintf(stderr, "%s; there are:\n", text.c_str());
    list_group(group, stderr);
    return kUsage;
  }
  std::fprintf(stderr, "%s\nTry 'virgo --help'.\n", text.c_str());
  return kUsage;
}

}  // namespace

int run(int argc, char** argv) {
  std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  const bool is_lua = argc > 0 && std::string_view(argv[0]).ends_with("virgo-lua");
  if (is_lua) words.insert(words.begin(), "lua");
  if (words.empty()) {
    std::fputs(overview().c_str(), stderr);
    return kUsage;
  }
  if (words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    std::fputs(overview().c_str(), stdout);
    return kOk;
  }
  if (words[0] == "--version" || words[0] == "-v") {
    std::printf("virgo %s\n", kVersion);
    return kOk;
  }
  if (words.size() > 1 && is_group(words[0]) && (words[1] == "--help" || words[1] == "-h")) {
    std::printf("Usage: virgo %s COMMAND [OPTIONS]\n\nCommands:\n", words[0].c_str());
    list_group(words[0], stdout);
    std::printf("\n'virgo %s COMMAND --help' tells more.\n", words[0].c_str());
    return kOk;
  }
  std::size_t used = 0;
  const Command* command = find_command(words, used);
  if (command == nullptr)
    return unknown_command(words.size() > 1 && is_group(words[0]) ? words[0] + " " + words[1]
                                                                  : words[0]);
  for (std::size_t i = used; i < words.size() && words[i] != "--"; ++i) {
    if (command->passes_rest_on && !words[i].starts_with("-")) break;
    if (words[i] != "--help" && words[i] != "-h") continue;
    std::fputs(help(*command).c_str(), stdout);
    return kOk;
  }
  const auto args = Args::parse(*command, {argv + (is_lua ? 0 : 1) + used, argv + argc});
  if (!args) {
    std::fprintf(stderr, "virgo %s: %s\nTry 'virgo %s --help'.\n", command->name,
                 args.error().message.c_str(), command->name);
    return kUsage;
  }
  return command->run(*args);
}

}  // namespace virgo::cli
