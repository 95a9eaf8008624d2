#include "check/check.hpp"

#include "base/format.hpp"
#include "base/text.hpp"

namespace virgo::check {
namespace {

using config::Node;
using config::NodeKind;

// "" if `node` can be read as `type`, else the sentence that says why not.
std::string mismatch(ParamType type, const Node& node) {
  switch (type) {
    case ParamType::boolean: {
      auto v = config::as_bool(node);
      return v ? "" : v.error().message;
    }
    case ParamType::integer: {
      auto v = config::as_int(node);
      return v ? "" : v.error().message;
    }
    case ParamType::number: {
      auto v = config::as_number(node);
      return v ? "" : v.error().message;
    }
    case ParamType::text: {
      auto v = config::as_text(node);
      return v ? "" : v.error().message;
    }
    case ParamType::duration: {
      auto t = config::as_text(node);
      if (!t) return t.error().message;
      auto v = parse_duration(*t);
      return v ? "" : v.error().message;
    }
    case ParamType::size: {
      auto t = config::as_text(node);
      if (!t) return t.error().message;
      auto v = parse_size(*t);
      return v ? "" : v.error().message;
    }
    case ParamType::list:
      return node.kind == NodeKind::sequence ? "" : "must be a list";
    case ParamType::map:
      return node.kind == NodeKind::map ? "" : "must be a map (key: value)";
  }
  return "";
}

}  // namespace

const char* param_type_name(ParamType type) {
  switch (type) {
    case ParamType::boolean:
      return "bool";
    case ParamType::integer:
      return "int";
    case ParamType::number:
      return "number";
    case ParamType::text:
      return "text";
    case ParamType::duration:
      return "duration";
    case ParamType::size:
      return "size";
    case ParamType::list:
      return "list";
    case ParamType::map:
      return "map";
  }
  return "text";
}

std::string param_type_text(const ParamInfo& param) {
  if (!param.items) return param_type_name(param.type);
  return format("{} of {}", param_type_name(param.type), param_type_name(*param.items));
}

const Node* find_param(const Node& params, std::string_view name) {
  const Node* node = params.find(name);
  return node == nullptr || node->kind == NodeKind::null ? nullptr : node;
}

namespace {

void mark_secret(Node& node) {
  node.secret = true;
  for (Node& item : node.items) mark_secret(item);
}

// Appends what is wrong with a given value, or with the values in it.
void validate_value(const ParamInfo& info, const Node& value, const std::string& path,
                    config::Problems& problems) {
  const std::string wrong = mismatch(info.type, value);
  if (!wrong.empty()) problems.push_back({value.where, path, wrong});
  if (!wrong.empty() || !info.items) return;
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    const Node& item = value.items[i];
    const std::string inside = mismatch(*info.items, item);
    if (inside.empty()) continue;
    const std::string place = value.kind == NodeKind::sequence
                                  ? format("{}[{}]", path, i)
                                  : format("{}.{}", path, printable(value.keys[i]));
    // What is empty stands nowhere.
    const bool placed = item.where.line > 0;
    problems.push_back({placed ? item.where : value.where, place, inside});
  }
}

}  // namespace

void mark_secrets(const CheckType& type, Node& params) {
  for (std::size_t i = 0; i < params.keys.size(); ++i)
    for (const ParamInfo& p : type.params())
      if (p.secret && p.name == params.keys[i]) mark_secret(params.items[i]);
}

bool validate_params(const CheckType& type, const config::CheckSpec& spec,
                     config::Problems& problems) {
  const std::size_t before = problems.size();
  const std::string path = spec.path + ".params";
  std::vector<std::string_view> names;
  for (const ParamInfo& p : type.params()) names.push_back(p.name);

  for (std::size_t i = 0; i < spec.params.keys.size(); ++i) {
    const std::string& key = spec.params.keys[i];
    const ParamInfo* info = nullptr;
    for (const ParamInfo& p : type.params())
      if (p.name == key) info = &p;
    if (info == nullptr) {
      std::string text = format("'{}' has no parameter '{}'", type.name(), printable(key));
      const std::string_view near = did_you_mean(key, names);
      if (!near.empty()) text += format(", did you mean '{}'?", near);
      problems.push_back({spec.params.key_positions[i], path, text});
      continue;
    }
    const Node& value = spec.params.items[i];
    if (value.kind == NodeKind::null) continue;  // "key:" alone = the default
    const std::string place = path + "." + key;
    if (info->secret) {
      Node secret = value;
      mark_secret(secret);
      validate_value(*info, secret, place, problems);
    } else {
      validate_value(*info, value, place, problems);
    }
  }
  for (const ParamInfo& p : type.params())
    if (p.required && find_param(spec.params, p.name) == nullptr)
      problems.push_back({spec.where, path,
                          format("parameter '{}' ({}) of '{}' is required", p.name,
                                 param_type_text(p), type.name())});
  return problems.size() == before;
}

}  // namespace virgo::check
