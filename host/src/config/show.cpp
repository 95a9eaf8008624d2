// The effective configuration as YAML. Writing YAML needs no library: what is
// not plainly harmless goes into double quotes.
#include <algorithm>

#include "base/format.hpp"
#include "base/text.hpp"
#include "config/characters.hpp"
#include "config/load.hpp"
#include "config/schema.hpp"

namespace virgo::config {
namespace {

constexpr std::string_view kMask = "\"********\"";

// Whether the text can stand without quotes, as a key or a value.
bool is_harmless(std::string_view text) {
  if (text.empty() || text.ends_with(':') || text.starts_with("...")) return false;
  if (text == "null" || text == "Null" || text == "NULL") return false;
  const bool signed_number = text.size() > 1 && (text[0] == '-' || text[0] == '+') &&
                             (is_alnum(text[1]) || text[1] == '.');
  if (!is_alnum(text[0]) && !signed_number && std::string_view("/_.").find(text[0]) == text.npos)
    return false;
  return has_only(text, "_.:/+-");
}

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += text[i];
    } else if (text.substr(i).starts_with("${")) {
      out += "$$";  // what stands here is text, not a reference
    } else if (c == '\n') {
      out += "\\n";
    } else if (c < 0x20 || c == 0x7f) {
      out += format("\\x{:02x}", c);
    } else {
      out += text[i];
    }
  }
  return out + '"';
}

// Text as a value that is still text to a reader that has no type in mind.
std::string text_value(const std::string& text) {
  Node plain;
  plain.kind = NodeKind::scalar;
  plain.text = text;
  const bool harmless = is_harmless(text) && scalar_type(plain) == ScalarType::text;
  return harmless ? text : in_quotes(text);
}

std::string scalar_value(const Node& node) {
  if (node.secret) return std::string(kMask);
  if (node.quoted) return text_value(node.text);
  return is_harmless(node.text) ? node.text : in_quotes(node.text);
}

std::string in_line(const Node& node) {
  switch (node.kind) {
    case NodeKind::null:
      return "null";
    case NodeKind::scalar:
      return scalar_value(node);
    case NodeKind::sequence:
      return "[]";
    case NodeKind::map:
      return "{}";
  }
  return "null";
}

std::string in_brackets(const std::vector<std::string>& words) {
  std::string out = "[";
  for (const std::string& word : words) out += (out.size() > 1 ? ", " : "") + text_value(word);
  return out + "]";
}

// A node after its "key:" or "-", on the same line or below it.
void write_node(std::string& out, const Node& node, std::size_t indent) {
  if (node.items.empty()) {
    out += format(" {}\n", in_line(node));
    return;
  }
  out += '\n';
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    out.append(indent, ' ');
    out += node.kind == NodeKind::map ? text_value(node.keys[i]) + ":" : "-";
    write_node(out, node.items[i], indent + 2);
  }
}

class Writer {
 public:
  explicit Writer(const AgentSpec& spec) {
    draft_.spec = spec;
    const EndpointSpec& endpoint = spec.endpoint;
    const bool ipv6 = endpoint.host.find(':') != std::string::npos;
    draft_.address =
        format("{}{}{}:{}", ipv6 ? "[" : "", endpoint.host, ipv6 ? "]" : "", endpoint.port);
  }

  std::string write() {
    write_heading();
    for (const Option& option : main_options()) {
      if (option.key == "defaults") continue;  // every check has its own values below
      if (option.key == "endpoint" && !draft_.spec.endpoint.configured) continue;
      if (option.type == OptionType::plugins)
        write_plugins();
      else if (option.type != OptionType::checks)
        write_option(option, "", 0);
    }
    write_checks();
    return std::move(out_);
  }

 private:
  void write_heading() {
    out_ += "# Effective configuration, read from:\n";
    for (const std::string& file : draft_.spec.files)
      out_ += format("#   {}\n", printable(file, 512));
    for (const FailedDropIn& failed : draft_.spec.failed_drop_ins)
      for (const Problem& problem : failed.problems)
        out_ += format("# Not used: {}\n", printable(to_string(problem), 512));
  }

  void write_option(const Option& option, const std::string& path, std::size_t indent) {
    const std::string full =
        path.empty() ? std::string(option.key) : format("{}.{}", path, option.key);
    out_.append(indent, ' ');
    out_ += format("{}:", option.key);
    if (option.type == OptionType::map) {
      out_ += '\n';
      for (const Option& inner : option.inside) write_option(inner, full, indent + 2);
    } else if (option.type == OptionType::paths) {
      write_paths(*std::get<std::vector<std::string>*>(option.slot(draft_)), full, indent + 2);
    } else if (const Slot slot = option.slot(draft_); std::holds_alternative<Node*>(slot)) {
      write_node(out_, *std::get<Node*>(slot), indent + 2);
    } else {
      out_ += format(" {}\n", option.hidden || masked(full) ? std::string(kMask) : value(option));
    }
  }

  void write_paths(const std::vector<std::string>& paths, const std::string& path,
                   std::size_t indent) {
    if (paths.empty()) out_ += " []";
    out_ += '\n';
    for (std::size_t i = 0; i < paths.size(); ++i) {
      out_.append(indent, ' ');
      out_ += format("- {}\n",
                     masked(format("{}[{}]", path, i)) ? std::string(kMask) : text_value(paths[i]));
    }
  }

  void write_checks() {
    out_ += draft_.spec.checks.empty() ? "checks: []\n" : "checks:\n";
    for (CheckSpec& check : draft_.spec.checks) {
      draft_.check = std::move(check);
      const std::size_t start = out_.size();
      for (const Option& option : check_options()) {
        if (option.type == OptionType::alerts)
          write_alerts();
        else if (option.type != OptionType::params || draft_.check.params.kind != NodeKind::null)
          write_option(option, "checks[]", 4);
      }
      out_[start + 2] = '-';
    }
  }

  void write_plugins() {
    if (draft_.spec.lua_plugins.empty()) return;
    out_ += "lua_plugins:\n";
    for (LuaPluginSpec& plugin : draft_.spec.lua_plugins) {
      draft_.plugin = std::move(plugin);
      out_ += format("  {}:", text_value(draft_.plugin.file));
      const std::size_t start = out_.size();
      for (const Option& section : plugin_options()) write_plugin_section(section);
      out_.insert(start, out_.size() == start ? " {}\n" : "\n");
    }
  }

  void write_plugin_section(const Option& section) {
    bool any = false;
    for (const Option& option : section.inside) {
      if (!is_set(option)) continue;
      if (!any) out_ += format("    {}:\n", section.key);
      any = true;
      write_option(option, "lua_plugins[]", 6);
    }
  }

  void write_alerts() {
    if (draft_.check.alerts.empty()) return;
    out_ += "    alert:\n";
    for (AlertRule& rule : draft_.check.alerts) {
      draft_.alert = std::move(rule);
      const std::size_t start = out_.size();
      for (const Option& option : alert_options())
        if (is_set(option)) write_option(option, "checks[].alert[]", 8);
      out_[start + 6] = '-';
    }
  }

  // Whether an option that has no default was given.
  bool is_set(const Option& option) {
    const Slot slot = option.slot(draft_);
    if (const auto* node = std::get_if<Node*>(&slot)) return (*node)->kind != NodeKind::null;
    if (const auto* words = std::get_if<std::vector<std::string>*>(&slot))
      return !(*words)->empty();
    if (const auto* text = std::get_if<std::string*>(&slot)) return !(*text)->empty();
    if (const auto* flag = std::get_if<bool*>(&slot)) return **flag;
    if (const auto* list = std::get_if<std::optional<std::vector<std::string>>*>(&slot))
      return (*list)->has_value();
    if (!option.preset.empty()) return true;
    if (const auto* whole = std::get_if<std::uint32_t*>(&slot)) return **whole != 0;
    if (const auto* size = std::get_if<std::uint64_t*>(&slot)) return **size != 0;
    if (const auto* time = std::get_if<Duration*>(&slot)) return time[0]->count() != 0;
    return true;
  }

  std::string value(const Option& option) {
    const Slot slot = option.slot(draft_);
    switch (option.type) {
      case OptionType::text:
      case OptionType::path:
      case OptionType::choice:
        return text_value(*std::get<std::string*>(slot));
      case OptionType::flag:
        return *std::get<bool*>(slot) ? "true" : "false";
      case OptionType::whole:
        return format("{}", *std::get<std::uint32_t*>(slot));
      case OptionType::size:
        return format_size(*std::get<std::uint64_t*>(slot));
      case OptionType::duration:
        return format_duration(*std::get<Duration*>(slot));
      case OptionType::words:
        return in_brackets(*std::get<std::vector<std::string>*>(slot));
      case OptionType::subset:
      case OptionType::patterns:
        return in_brackets(std::get<std::optional<std::vector<std::string>>*>(slot)->value());
      case OptionType::level: {
        const auto index = static_cast<std::size_t>(*std::get<LogLevel*>(slot)) - 1;
        return std::string(level_names()[index]);
      }
      default:
        return "null";
    }
  }

  bool masked(const std::string& path) const {
    const auto& all = draft_.spec.masked;
    return std::find(all.begin(), all.end(), path) != all.end();
  }

  std::string out_;
  Draft draft_;
};

}  // namespace

std::string show(const AgentSpec& spec) {
  return Writer(spec).write();
}

}  // namespace virgo::config
