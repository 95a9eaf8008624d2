#include "cli/plugin_description.hpp"

#include "base/format.hpp"
#include "base/text.hpp"
#include "cli/text_table.hpp"
#include "script/lua_check_type.hpp"

namespace virgo::cli {
namespace {

void text(json::Writer& out, const char* key, const std::string& value) {
  out.key(key);
  out.string(to_utf8(value));
}

void write_param(json::Writer& out, const check::ParamInfo& p) {
  out.begin_object();
  text(out, "name", p.name);
  text(out, "type", check::param_type_name(p.type));
  if (p.items) text(out, "items", check::param_type_name(*p.items));
  if (p.has_fallback) text(out, "default", p.secret ? "********" : p.fallback);
  out.key("required");
  out.boolean(p.required);
  out.key("secret");
  out.boolean(p.secret);
  text(out, "help", p.help);
  out.end_object();
}

void write_metric(json::Writer& out, const metric::MetricInfo& m, bool known_type) {
  out.begin_object();
  text(out, "name", m.name);
  text(out, "unit", m.unit);
  text(out, "kind", metric::kind_name(m.kind));
  text(out, "type", known_type ? metric::type_name(m.type) : "unknown");
  text(out, "help", m.help);
  out.end_object();
}

void write_needs(json::Writer& out, const binding::Grants& needs) {
  out.key("needs");
  out.begin_array();
  for (const binding::Net kind : binding::net_kinds())
    if ((needs.net & static_cast<std::uint8_t>(kind)) != 0)
      out.string(format("net {}", binding::net_name(kind)));
  for (const std::string& program : needs.exec) out.text("exec " + program);
  for (const std::string& path : needs.read) out.text("read " + path);
  out.end_array();
}

void write_type(json::Writer& out, const script::LuaCheckType& type) {
  out.begin_object();
  text(out, "name", type.name());
  text(out, "summary", type.summary());
  write_needs(out, type.needs());
  if (type.interval() > Duration(0)) text(out, "interval", format_duration(type.interval()));
  out.key("params");
  out.begin_array();
  for (const auto& p : type.params()) write_param(out, p);
  out.end_array();
  out.key("metrics");
  out.begin_array();
  for (const auto& m : type.metrics()) write_metric(out, m, true);
  out.end_array();
  out.end_object();
}

void write_type(json::Writer& out, const native::TypeDescription& type) {
  out.begin_object();
  text(out, "name", type.name);
  text(out, "summary", type.summary);
  text(out, "thread", type.on_worker ? "worker" : "loop");
  out.key("flags");
  out.begin_array();
  if (type.serial) out.string("serial");
  if (type.isolate) out.string("isolate");
  if (type.reconfigures) out.string("reconfigures");
  out.end_array();
  out.key("params");
  out.begin_array();
  for (const auto& p : type.params) write_param(out, p);
  out.end_array();
  out.key("metrics");
  out.begin_array();
  for (std::size_t i = 0; i < type.metrics.size(); ++i)
    write_metric(out, type.metrics[i], type.known_type[i]);
  out.end_array();
  out.end_object();
}

bool is_set(const json::Value& object, const char* key) {
  const json::Value* v = object.find(key);
  return v != nullptr && v->boolean;
}

const std::vector<json::Value>& list_member(const json::Value& object, const char* key) {
  static const std::vector<json::Value> none;
  const json::Value* v = object.find(key);
  return v == nullptr ? none : v->items;
}

// Plain text, or Markdown.
enum class Style { plain, markdown };

std::string code(const std::string& s, Style style) {
  return style == Style::markdown ? markdown_code(s) : s;
}

TextTable params_table(const json::Value& type, Style style) {
  TextTable table({{"Parameter"}, {"Type"}, {"Default"}, {"Meaning"}});
  for (const json::Value& p : list_member(type, "params")) {
    std::string preset = code(text_member(p, "default"), style);
    if (is_set(p, "required")) preset = style == Style::markdown ? "required" : "(required)";
    std::string help = text_member(p, "help");
    if (is_set(p, "secret"))
      help += help.empty() ? "Secret." : help.ends_with('.') ? " Secret." : ". Secret.";
    std::string kind = text_member(p, "type");
    if (p.find("items") != nullptr) kind += " of " + text_member(p, "items");
    table.add({code(text_member(p, "name"), style), kind, preset, help});
  }
  return table;
}

TextTable metrics_table(const json::Value& type, Style style) {
  TextTable table({{"Metric"}, {"Kind"}, {"Unit"}, {"Type"}, {"Meaning"}});
  for (const json::Value& m : list_member(type, "metrics"))
    table.add({code(text_member(m, "name"), style), text_member(m, "kind"),
               code(text_member(m, "unit"), style), text_member(m, "type"),
               text_member(m, "help")});
  return table;
}

std::string what_it_needs(const json::Value& type) {
  std::string out;
  for (const json::Value& need : list_member(type, "needs"))
    out += (out.empty() ? "Needs " : ", ") + one_line(need.text);
  if (out.empty()) out = "Needs nothing of the host";
  const std::string interval = text_member(type, "interval");
  if (!interval.empty()) out += "; runs by itself every " + interval;
  return out + ".";
}

std::string where_it_runs(const json::Value& type) {
  if (type.find("needs") != nullptr) return what_it_needs(type);
  std::string out =
      format("Runs on {}", text_member(type, "thread") == "worker" ? "a worker thread"
                                                                   : "the loop: it must not block");
  for (const json::Value& flag : list_member(type, "flags")) {
    if (flag.text == "serial") out += "; one run at a time in the whole module";
    if (flag.text == "isolate") out += "; asks for a process of its own";
    if (flag.text == "reconfigures") out += "; can be configured anew while it lives";
  }
  return out + ".";
}

}  // namespace

std::string text_member(const json::Value& object, const char* key) {
  const json::Value* v = object.find(key);
  return v == nullptr ? "" : v->text;
}

std::string to_json(const native::ModuleDescription& module) {
  std::string out;
  json::Writer w(out);
  w.begin_object();
  text(w, "module", module.id);
  text(w, "version", module.version);
  text(w, "vendor", module.vendor);
  w.key("abi_major");
  w.integer(std::int64_t{VIRGO_ABI_MAJOR});
  w.key("abi_minor");
  w.integer(std::int64_t{module.abi_minor});
  w.key("requires_minor");
  w.integer(std::int64_t{module.requires_minor});
  w.key("types");
  w.begin_array();
  for (const auto& type : module.types) write_type(w, type);
  w.end_array();
  w.end_object();
  return out;
}

std::string to_json(const std::vector<std::unique_ptr<check::CheckType>>& lua_types) {
  std::string out;
  json::Writer w(out);
  w.begin_array();
  for (const auto& type : lua_types) write_type(w, static_cast<const script::LuaCheckType&>(*type));
  w.end_array();
  return out;
}

std::string types_page(const json::Value& types) {
  std::string out;
  for (const json::Value& type : types.items) {
    out += format("\n{}: {}\n  {}\n", one_line(text_member(type, "name")),
                  one_line(text_member(type, "summary")), where_it_runs(type));
    const TextTable params = params_table(type, Style::plain);
    out += params.empty() ? "\n  No parameters.\n" : "\n" + params.text("  ");
    const TextTable metrics = metrics_table(type, Style::plain);
    out += metrics.empty() ? "\n  No declared metrics.\n" : "\n" + metrics.text("  ");
  }
  return out;
}

std::string types_markdown(const json::Value& types) {
  std::string out;
  for (const json::Value& type : types.items) {
    if (!out.empty()) out += "\n";
    if (types.items.size() > 1)
      out += format("### {}\n\n{}\n\n", one_line(text_member(type, "name")),
                    one_line(text_member(type, "summary")));
    const TextTable params = params_table(type, Style::markdown);
    out += params.empty() ? "No parameters.\n" : params.markdown();
    const TextTable metrics = metrics_table(type, Style::markdown);
    out += metrics.empty() ? "\nNo declared metrics.\n" : "\n" + metrics.markdown();
  }
  return out;
}

}  // namespace virgo::cli
