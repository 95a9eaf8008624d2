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

const Node* find_param(const Node& params, std::string_view name) {
  const Node* node = params.find(name);
  return node == nullptr || node->kind == NodeKind::null ? nullptr : node;
}

namespace {

void mark_secret(Node& node) {
  node.secret = true;
  for (Node& item : node.items) mark_secret(item);
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
    std::string wrong;
    if (info->secret) {
      Node secret = value;
      mark_secret(secret);
      wrong = mismatch(info->type, secret);
    } else {
      wrong = mismatch(info->type, value);
    }
    if (!wrong.empty()) problems.push_back({value.where, path + "." + key, wrong});
  }
  for (const ParamInfo& p : type.params())
    if (p.required && find_param(spec.params, p.name) == nullptr)
      problems.push_back({spec.where, path,
                          format("parameter '{}' ({}) of '{}' is required", p.name,
                                 param_type_name(p.type), type.name())});
  return problems.size() == before;
}

}  // namespace virgo::check
