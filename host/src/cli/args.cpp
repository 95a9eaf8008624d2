#include "cli/args.hpp"

#include "base/format.hpp"
#include "base/text.hpp"

namespace virgo::cli {
namespace {

const Option* find_option(const Command& command, std::string_view word) {
  for (const Option& o : command.options) {
    if (word.starts_with("--") ? word.substr(2) == o.name : word.size() == 2 && word[1] == o.letter)
      return &o;
  }
  return nullptr;
}

bool has_optional_value(const Option& option) {
  return option.value != nullptr && option.value[0] == '[';
}

Error unknown_option(const Command& command, std::string_view word) {
  std::vector<std::string_view> names;
  for (const Option& o : command.options) names.push_back(o.name);
  std::string text = format("unknown option '{}'", word);
  const auto near = did_you_mean(word.substr(std::min<std::size_t>(2, word.size())), names);
  if (!near.empty()) text += format(", did you mean '--{}'?", near);
  return {Errc::invalid, text};
}

}  // namespace

Result<Args> Args::parse(const Command& command, std::span<char* const> argv) {
  Args out;
  bool options_end = false;
  for (std::size_t i = 0; i < argv.size(); ++i) {
    std::string_view word = argv[i];
    if (options_end || word.size() < 2 || word[0] != '-') {
      out.operands_.emplace_back(word);
      options_end = options_end || command.passes_rest_on;
      continue;
    }
    if (word == "--") {
      options_end = true;
      continue;
    }
    const std::size_t equals = word.starts_with("--") ? word.find('=') : std::string_view::npos;
    const std::string_view name = word.substr(0, equals);
    const Option* option = find_option(command, name);
    if (option == nullptr) return unknown_option(command, name);
    if (has_optional_value(*option) && equals == std::string_view::npos) {
      out.values_[option->name] = {""};
    } else if (option->value == nullptr) {
      if (equals != std::string_view::npos)
        return Error{Errc::invalid, format("option '{}' takes no value", name)};
      out.values_[option->name] = {""};
    } else if (equals != std::string_view::npos) {
      out.values_[option->name].emplace_back(word.substr(equals + 1));
    } else if (i + 1 < argv.size()) {
      out.values_[option->name].emplace_back(argv[++i]);
    } else {
      return Error{Errc::invalid, format("option '{}' needs a value: {}", name, option->value)};
    }
  }
  if (out.operands_.size() < command.min_operands)
    return Error{Errc::invalid,
                 format("an argument is missing: virgo {} {}", command.name, command.arguments)};
  if (out.operands_.size() > command.max_operands)
    return Error{Errc::invalid,
                 format("unexpected argument '{}'", out.operands_[command.max_operands])};
  return out;
}

const std::string& Args::get(std::string_view name) const {
  static const std::string none;
  const std::vector<std::string>& values = all(name);
  return values.empty() ? none : values.back();
}

const std::vector<std::string>& Args::all(std::string_view name) const {
  static const std::vector<std::string> none;
  const auto it = values_.find(name);
  return it == values_.end() ? none : it->second;
}

std::string help(const Command& command) {
  std::string text =
      format("Usage: virgo {} {}\n\n{}\n", command.name, command.arguments, command.summary);
  if (command.details[0] != '\0') text += format("\n{}\n", command.details);
  text += "\nOptions:\n";
  for (const Option& o : command.options) {
    std::string left =
        o.letter != 0 ? format("  -{}, --{}", o.letter, o.name) : format("      --{}", o.name);
    if (o.value != nullptr) left += format("{}{}", has_optional_value(o) ? "" : " ", o.value);
    text += format("{:<30} {}\n", left, o.help);
  }
  text += format("{:<30} {}\n", "  -h, --help", "this help");
  return text;
}

}  // namespace virgo::cli
