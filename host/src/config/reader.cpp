#include "config/reader.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "base/format.hpp"
#include "base/text.hpp"
#include "config/path.hpp"

namespace virgo::config {
namespace {

// Of the texts and labels of alert rules.
constexpr std::size_t kMaxScalar = 1024;
constexpr std::size_t kMaxLabels = 16;

std::string below(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : format("{}.{}", path, key);
}

// Messages leave out what came from ${...}.
Error out_of_range(const Node& node, const std::string& value, const std::string& min,
                   const std::string& max) {
  return {Errc::invalid,
          format("{} is out of range, use {} to {}", node.secret ? "the value" : value, min, max)};
}
Error conceal(const Node& node, const Error& error, std::string_view instead) {
  return node.secret ? Error{Errc::invalid, std::string(instead)} : error;
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

Result<std::uint32_t> read_whole(const Node& node, const Option& option) {
  const auto value = as_int(node);
  if (!value) return value.error();
  if (*value < option.min || *value > option.max)
    return out_of_range(node, format("{}", *value), format("{}", option.min),
                        format("{}", option.max));
  return static_cast<std::uint32_t>(*value);
}

Result<std::uint64_t> read_size(const Node& node, const Option& option) {
  const auto text = as_text(node);
  if (!text) return text.error();
  const auto value = parse_size(*text);
  if (!value) return conceal(node, value.error(), "expected a size, as in 64MiB");
  const auto min = static_cast<std::uint64_t>(option.min);
  const auto max = static_cast<std::uint64_t>(option.max);
  if (*value < min || *value > max)
    return out_of_range(node, format_size(*value), format_size(min), format_size(max));
  return *value;
}

Result<Duration> read_duration(const Node& node, const Option& option) {
  const auto text = as_text(node);
  if (!text) return text.error();
  const auto value = parse_duration(*text);
  if (!value) return conceal(node, value.error(), "expected a duration, as in 10s");
  if (value->count() < option.min || value->count() > option.max)
    return out_of_range(node, format_duration(*value), format_duration(Duration(option.min)),
                        format_duration(Duration(option.max)));
  return *value;
}

Result<LogLevel> read_level(const Node& node) {
  const auto text = as_text(node);
  if (!text) return text.error();
  const auto names = level_names();
  const auto name = std::find(names.begin(), names.end(), *text);
  if (name != names.end()) return static_cast<LogLevel>(name - names.begin() + 1);
  const std::string_view near = did_you_mean(*text, names);
  const std::string hint =
      near.empty() ? "use error, warn, info, debug or trace" : format("did you mean '{}'?", near);
  return conceal(node,
                 {Errc::invalid, format("'{}' is not a log level, {}", printable(*text), hint)},
                 "expected error, warn, info, debug or trace");
}

Result<std::string> read_text(const Node& node, const Option& option) {
  auto text = as_text(node);
  if (!text) return text;
  if (text->empty() && option.min > 0) return Error{Errc::invalid, "must not be empty"};
  if (text->size() > static_cast<std::size_t>(option.max))
    return Error{Errc::invalid, format("is longer than {} bytes", option.max)};
  if (has_control_character(*text))
    return Error{Errc::invalid, "must be one line without control characters"};
  return text;
}

Result<Node> read_scalar(const Node& node) {
  const auto text = as_text(node);
  if (!text) return text.error();
  if (text->size() > kMaxScalar)
    return Error{Errc::invalid, format("is longer than {} bytes", kMaxScalar)};
  return node;
}

Result<Node> read_number(const Node& node) {
  const auto value = as_number(node);
  if (!value) return value.error();
  if (!std::isfinite(*value)) return Error{Errc::invalid, "must be a finite number"};
  return node;
}

Result<std::string> read_choice(const Node& node, const Option& option) {
  auto text = as_text(node);
  if (!text) return text;
  std::string all;
  for (const std::string_view choice : option.choices) {
    if (*text == choice) return text;
    all += format("{}{}", all.empty() ? "" : " or ", choice);
  }
  return conceal(node, {Errc::invalid, format("'{}' is not known, use {}", printable(*text), all)},
                 format("expected {}", all));
}

std::string listed(std::span<const std::string_view> names) {
  std::string all;
  for (const std::string_view name : names) all += format("{}{}", all.empty() ? "" : ", ", name);
  return all;
}

template <class T>
Result<void> store(Result<T> value, const Slot& slot) {
  if (!value) return value.error();
  *std::get<T*>(slot) = *std::move(value);
  return {};
}

}  // namespace

void sort_by_place(Problems& problems) {
  std::stable_sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
    return std::tie(a.where.line, a.where.column) < std::tie(b.where.line, b.where.column);
  });
}

void Reader::problem(const Position& where, const std::string& path, std::string text) {
  problems_.push_back({where, path, std::move(text)});
}

void Reader::preset(std::span<const Option> options) {
  for (const Option& option : options) {
    if (option.type == OptionType::map) preset(option.inside);
    if (option.preset.empty()) continue;
    Node node;
    node.kind = NodeKind::scalar;
    node.text = option.preset == "\"\"" ? "" : option.preset;
    if (!set(node, option)) __builtin_trap();  // the table itself is wrong
  }
}

void Reader::read_map(const Node& node, std::span<const Option> options, const std::string& path) {
  if (node.invalid) return;
  if (node.kind != NodeKind::map && node.kind != NodeKind::null)
    return problem(node.where, path,
                   format("expected a map of options, found {}",
                          node.kind == NodeKind::sequence ? "a list" : "text"));
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    const auto option = std::find_if(options.begin(), options.end(),
                                     [&](const Option& o) { return o.key == node.keys[i]; });
    if (option == options.end()) {
      refuse_unknown(node, i, options, path);
    } else {
      read_value(node.items[i], *option, below(path, option->key));
    }
  }
  for (const Option& option : options)
    if (option.required && node.find(option.key) == nullptr)
      problem(node.where, path, format("'{}' is missing", option.key));
}

void Reader::refuse_unknown(const Node& node, std::size_t index, std::span<const Option> options,
                            const std::string& path) {
  std::vector<std::string_view> known;
  for (const Option& o : options) known.push_back(o.key);
  const std::string_view near = did_you_mean(node.keys[index], known);
  std::string hint;
  if (!near.empty()) {
    hint = format("did you mean '{}'?", near);
  } else {
    for (const std::string_view key : known) hint += format("{}{}", hint.empty() ? "" : ", ", key);
    hint = (known.size() == 1 ? "only this one is allowed here: " : "known are: ") + hint;
  }
  problem(node.key_positions[index], path,
          format("unknown key '{}', {}", printable(node.keys[index]), hint));
}

void Reader::read_value(const Node& node, const Option& option, const std::string& path) {
  if (node.invalid || option.type == OptionType::checks || option.type == OptionType::alerts ||
      option.type == OptionType::plugins)
    return;
  if (option.type == OptionType::map) return read_map(node, option.inside, path);
  if (option.type == OptionType::paths) return read_paths(node, option, path);
  if (option.type == OptionType::words) return read_words(node, option, path);
  if (option.type == OptionType::subset || option.type == OptionType::patterns)
    return read_list(node, option, path);
  if (option.type == OptionType::labels) return read_labels(node, option, path);
  if (option.type == OptionType::params) {
    if (node.kind == NodeKind::scalar || node.kind == NodeKind::sequence)
      return problem(node.where, path, "expected a map of parameters");
    *std::get<Node*>(option.slot(draft_)) = node;
    return;
  }
  if (const auto done = set(node, option); !done)
    problem(node.where, path, done.error().message);
  else if (node.secret && (option.type == OptionType::text || option.type == OptionType::path) &&
           !path.starts_with("checks["))  // names and types are public, every report has them
    draft_.spec.masked.push_back(path);
}

void Reader::read_paths(const Node& node, const Option& option, const std::string& path) {
  if (node.kind == NodeKind::null) return;
  if (node.kind != NodeKind::sequence)
    return problem(node.where, path, "expected a list of folders, as in [/opt/checks]");
  std::vector<std::string> folders;
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const Node& item = node.items[i];
    const std::string item_path = format("{}[{}]", path, i);
    if (item.invalid) continue;
    const auto text = read_text(item, option);
    if (!text) {
      problem(item.where, item_path, text.error().message);
      continue;
    }
    folders.push_back(join(folder_, *text));
    if (item.secret) draft_.spec.masked.push_back(item_path);
  }
  *std::get<std::vector<std::string>*>(option.slot(draft_)) = std::move(folders);
}

void Reader::read_words(const Node& node, const Option& option, const std::string& path) {
  const std::span<const Node> items =
      node.kind == NodeKind::sequence ? std::span(node.items) : std::span(&node, 1);
  std::vector<std::string> words;
  for (const Node& item : items) {
    if (item.invalid) continue;
    auto word = as_text(item);
    const auto& choices = option.choices;
    if (!word) {
      problem(item.where, path, word.error().message);
    } else if (std::find(choices.begin(), choices.end(), *word) == choices.end()) {
      const std::string_view near = did_you_mean(*word, choices);
      const std::string hint =
          near.empty() ? "use " + listed(choices) : format("did you mean '{}'?", near);
      problem(item.where, path, format("'{}' is not known, {}", printable(*word), hint));
    } else if (std::find(words.begin(), words.end(), *word) == words.end()) {
      words.push_back(*std::move(word));
    }
  }
  if (items.empty()) problem(node.where, path, "must not be empty, use " + listed(option.choices));
  *std::get<std::vector<std::string>*>(option.slot(draft_)) = std::move(words);
}

void Reader::read_list(const Node& node, const Option& option, const std::string& path) {
  if (node.kind != NodeKind::sequence)
    return problem(node.where, path, "expected a list, [] for nothing");
  std::vector<std::string> out;
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const Node& item = node.items[i];
    if (item.invalid) continue;
    auto text =
        option.type == OptionType::subset ? read_choice(item, option) : read_text(item, option);
    if (text && option.type == OptionType::patterns && !text->starts_with('/'))
      text = Error{Errc::invalid, "must be an absolute path"};
    if (text)
      out.push_back(*std::move(text));
    else
      problem(item.where, format("{}[{}]", path, i), text.error().message);
  }
  *std::get<std::optional<std::vector<std::string>>*>(option.slot(draft_)) = std::move(out);
}

void Reader::read_labels(const Node& node, const Option& option, const std::string& path) {
  if (node.kind == NodeKind::null) return;
  if (node.kind != NodeKind::map)
    return problem(node.where, path, "expected a map of labels, as in {cpu.mode: user}");
  if (node.items.size() > kMaxLabels)
    return problem(node.where, path, format("more than {} labels", kMaxLabels));
  for (std::size_t i = 0; i < node.items.size(); ++i)
    if (const auto value = read_scalar(node.items[i]); !value && !node.items[i].invalid)
      problem(node.items[i].where, below(path, printable(node.keys[i])), value.error().message);
  *std::get<Node*>(option.slot(draft_)) = node;
}

Result<void> Reader::set(const Node& node, const Option& option) {
  const Slot slot = option.slot(draft_);
  switch (option.type) {
    case OptionType::text:
      return store(read_text(node, option), slot);
    case OptionType::path: {
      auto path = read_text(node, option);
      if (path && !path->empty()) path = join(folder_, *path);
      return store(std::move(path), slot);
    }
    case OptionType::flag:
      return store(as_bool(node), slot);
    case OptionType::whole:
      return store(read_whole(node, option), slot);
    case OptionType::size:
      return store(read_size(node, option), slot);
    case OptionType::duration:
      return store(read_duration(node, option), slot);
    case OptionType::level:
      return store(read_level(node), slot);
    case OptionType::choice:
      return store(read_choice(node, option), slot);
    case OptionType::number:
      return store(read_number(node), slot);
    case OptionType::scalar:
      return store(read_scalar(node), slot);
    case OptionType::paths:
    case OptionType::words:
    case OptionType::labels:
    case OptionType::subset:
    case OptionType::patterns:
    case OptionType::plugins:
    case OptionType::map:
    case OptionType::checks:
    case OptionType::alerts:
    case OptionType::params:
      break;  // read_value deals with them
  }
  return {};
}

}  // namespace virgo::config
