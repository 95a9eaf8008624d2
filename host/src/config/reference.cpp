// The options as a list for people, from the tables that validate.
#include "base/format.hpp"
#include "base/text.hpp"
#include "config/load.hpp"
#include "config/schema.hpp"

namespace virgo::config {
namespace {

const char* type_name(OptionType type) {
  switch (type) {
    case OptionType::text:
      return "text";
    case OptionType::path:
      return "path";
    case OptionType::flag:
      return "true or false";
    case OptionType::whole:
      return "whole number";
    case OptionType::size:
      return "size";
    case OptionType::duration:
      return "duration";
    case OptionType::level:
      return "log level";
    case OptionType::choice:
      return "word";
    case OptionType::paths:
      return "list of paths";
    case OptionType::map:
      return "section";
    case OptionType::checks:
      return "list of checks";
    case OptionType::params:
      return "map";
    case OptionType::alerts:
      return "list of rules";
    case OptionType::number:
      return "number";
    case OptionType::scalar:
      return "number or text";
    case OptionType::labels:
      return "map of texts";
    case OptionType::words:
      return "word, or list of words";
    case OptionType::subset:
      return "list of words";
    case OptionType::patterns:
      return "list of paths";
    case OptionType::plugins:
      return "map by file name";
  }
  return "";
}

std::string range(const Option& option) {
  const auto bounds = [](const std::string& min, const std::string& max) {
    return format("{} .. {}", min, max);
  };
  switch (option.type) {
    case OptionType::whole:
      return bounds(format("{}", option.min), format("{}", option.max));
    case OptionType::size:
      return bounds(format_size(static_cast<std::uint64_t>(option.min)),
                    format_size(static_cast<std::uint64_t>(option.max)));
    case OptionType::duration:
      return bounds(format_duration(Duration(option.min)), format_duration(Duration(option.max)));
    case OptionType::text:
    case OptionType::path:
    case OptionType::paths:
    case OptionType::patterns:
      return format("{} .. {} bytes", option.min, option.max);
    case OptionType::level: {
      std::string names;
      for (const std::string_view name : level_names())
        names += format("{}{}", names.empty() ? "" : ", ", name);
      return names;
    }
    case OptionType::choice:
    case OptionType::subset:
    case OptionType::words: {
      std::string names;
      for (const std::string_view name : option.choices)
        names += format("{}{}", names.empty() ? "" : ", ", name);
      return names;
    }
    default:
      return "";
  }
}

std::string preset(const Option& option) {
  if (!option.preset.empty()) return std::string(option.preset);
  if (!option.note.empty()) return format("({})", option.note);
  return option.required ? "(required)" : "(none)";
}

void collect(std::span<const Option> from, const std::string& path, std::vector<OptionInfo>& out) {
  for (const Option& option : from) {
    const std::string full =
        path.empty() ? std::string(option.key) : format("{}.{}", path, option.key);
    out.push_back(
        {full, type_name(option.type), preset(option), range(option), std::string(option.help)});
    const bool list = option.type == OptionType::checks || option.type == OptionType::alerts;
    const bool named = option.type == OptionType::plugins;
    collect(option.inside, full + (list ? "[]" : named ? ".FILE" : ""), out);
  }
}

}  // namespace

std::vector<OptionInfo> options() {
  std::vector<OptionInfo> out;
  collect(main_options(), "", out);
  return out;
}

std::string options_reference() {
  std::string out =
      "| Option | Type | Default | Range | Meaning |\n"
      "|---|---|---|---|---|\n";
  for (const OptionInfo& o : options()) {
    const bool words = o.preset.starts_with('(');
    out += format("| `{}` | {} | {} | {} | {} |\n", o.path, o.type,
                  words ? o.preset.substr(1, o.preset.size() - 2) : format("`{}`", o.preset),
                  o.range, o.meaning);
  }
  return out;
}

}  // namespace virgo::config
