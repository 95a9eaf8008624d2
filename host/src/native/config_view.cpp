#include "native/config_view.hpp"

#include "base/format.hpp"
#include "base/text.hpp"
#include "config/load.hpp"

namespace virgo::native {
namespace {

using config::Node;
using config::NodeKind;

constexpr std::size_t kMaxReason = 1024;
constexpr std::size_t kMaxProblems = 100;  // per check

std::string_view view_of(virgo_str s) {
  return s.ptr == nullptr ? "" : std::string_view(s.ptr, s.len);
}

bool is_scalar(const virgo_config* c) {
  return c != nullptr && c->node->kind == NodeKind::scalar;
}

const virgo_config* api_get(const virgo_config* map, virgo_str key) noexcept {
  return map == nullptr ? nullptr : map->view->get(*map, view_of(key));
}

const virgo_config* api_at(const virgo_config* node, std::uint32_t index) noexcept {
  return node == nullptr ? nullptr : node->view->at(*node, index);
}

std::uint32_t api_size(const virgo_config* node) noexcept {
  return node == nullptr ? 0 : static_cast<std::uint32_t>(node->node->items.size());
}

virgo_str api_key_at(const virgo_config* map, std::uint32_t index) noexcept {
  if (map == nullptr || index >= map->node->keys.size()) return {nullptr, 0};
  const std::string& key = map->node->keys[index];
  return {key.data(), key.size()};
}

std::uint32_t api_kind(const virgo_config* node) noexcept {
  if (node == nullptr) return VIRGO_NODE_NONE;
  // "params:" left out altogether is a map without keys to a plugin.
  if (node->view->is_root(*node)) return VIRGO_NODE_MAP;
  switch (node->node->kind) {
    case NodeKind::scalar:
      return VIRGO_NODE_SCALAR;
    case NodeKind::sequence:
      return VIRGO_NODE_LIST;
    case NodeKind::map:
      return VIRGO_NODE_MAP;
    case NodeKind::null:
      break;
  }
  return VIRGO_NODE_NONE;
}

std::int32_t api_bool(const virgo_config* node, std::int32_t fallback) noexcept {
  if (!is_scalar(node)) return fallback;
  const auto v = config::as_bool(*node->node);
  return v ? (*v ? 1 : 0) : fallback;
}

std::int64_t api_i64(const virgo_config* node, std::int64_t fallback) noexcept {
  if (!is_scalar(node)) return fallback;
  const auto v = config::as_int(*node->node);
  return v ? *v : fallback;
}

double api_f64(const virgo_config* node, double fallback) noexcept {
  if (!is_scalar(node)) return fallback;
  const auto v = config::as_number(*node->node);
  return v ? *v : fallback;
}

virgo_str api_text(const virgo_config* node, virgo_str fallback) noexcept {
  if (!is_scalar(node)) return fallback;
  return {node->node->text.data(), node->node->text.size()};
}

std::uint64_t api_duration(const virgo_config* node, std::uint64_t fallback) noexcept {
  if (!is_scalar(node)) return fallback;
  const auto v = parse_duration(node->node->text);
  return v ? static_cast<std::uint64_t>(v->count()) : fallback;
}

std::uint64_t api_bytes(const virgo_config* node, std::uint64_t fallback) noexcept {
  if (!is_scalar(node)) return fallback;
  const auto v = parse_size(node->node->text);
  return v ? *v : fallback;
}

void api_reject(const virgo_config* node, virgo_str why) noexcept {
  if (node != nullptr) node->view->reject(*node, view_of(why));
}

// One sentence for a terminal: UTF-8, no control characters, of bounded length.
std::string clean(std::string_view text) {
  std::string out = to_utf8(cut_utf8(text, kMaxReason));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  if (text.size() > kMaxReason) out += "...";
  return out.empty() ? "refused by the check" : out;
}

}  // namespace

ConfigView::ConfigView(const std::vector<check::ParamInfo>& params,
                       const std::vector<Node>& defaults, const config::CheckSpec& spec,
                       config::Problems& problems)
    : params_(params), defaults_(defaults), spec_(spec), problems_(problems) {
  naming_.kind = spec.naming.empty() ? NodeKind::null : NodeKind::scalar;
  naming_.text = spec.naming;
}

const virgo_config* ConfigView::wrap(const Node* node, const std::string& path) {
  return &nodes_.try_emplace(node, virgo_config{this, node, path}).first->second;
}

const virgo_config* ConfigView::get(const virgo_config& map, std::string_view key) {
  const std::string path = map.path + "." + std::string(key);
  const Node* node = check::find_param(*map.node, key);
  if (node != nullptr) return wrap(node, path);
  if (!is_root(map)) return nullptr;
  for (std::size_t i = 0; i < params_.size(); ++i)
    if (params_[i].name == key) {
      const Node& fallback =
          key == "naming" && naming_.kind != NodeKind::null ? naming_ : defaults_[i];
      if (fallback.kind != NodeKind::null) return wrap(&fallback, path);
    }
  return nullptr;
}

const virgo_config* ConfigView::at(const virgo_config& node, std::uint32_t index) {
  if (index >= node.node->items.size()) return nullptr;
  const std::string step =
      index < node.node->keys.size() ? "." + node.node->keys[index] : format("[{}]", index);
  return wrap(&node.node->items[index], node.path + step);
}

void ConfigView::reject(const virgo_config& node, std::string_view why) {
  if (problems_.size() >= kMaxProblems) return;
  // A default, or params that are not there, stand nowhere: show the check.
  const bool placed = node.node->where.line > 0;
  problems_.push_back({placed ? node.node->where : spec_.where, node.path, clean(why)});
}

const virgo_config_api& config_api() {
  static constexpr virgo_config_api api = {sizeof(virgo_config_api),
                                           0,
                                           &api_get,
                                           &api_at,
                                           &api_size,
                                           &api_key_at,
                                           &api_kind,
                                           &api_bool,
                                           &api_i64,
                                           &api_f64,
                                           &api_text,
                                           &api_duration,
                                           &api_bytes,
                                           &api_reject};
  return api;
}

Result<std::vector<Node>> parse_defaults(const check::CheckType& type) {
  const auto& params = type.params();
  std::vector<Node> out(params.size());
  const config::Sources nothing{[](const std::string&) { return std::nullopt; }, {}};
  for (std::size_t i = 0; i < params.size(); ++i) {
    if (!params[i].has_fallback) continue;
    const std::string where =
        format("the default of parameter '{}' of '{}'", params[i].name, type.name());
    config::Parsed parsed = config::parse("v: " + params[i].fallback, where, nothing);
    if (!parsed.problems.empty() || parsed.root.items.size() != 1)
      return Error{Errc::invalid,
                   format("{} is not YAML: {}", where, printable(params[i].fallback))};
    config::CheckSpec spec;
    spec.params.kind = NodeKind::map;
    spec.params.keys = {params[i].name};
    spec.params.key_positions.resize(1);
    spec.params.items = {parsed.root.items[0]};
    out[i] = std::move(parsed.root.items[0]);
    out[i].where = {};
    config::Problems problems;
    check::validate_params(type, spec, problems);
    for (const auto& p : problems)
      if (p.path == ".params." + params[i].name)
        return Error{Errc::invalid, format("{} does not fit its type: {}", where, p.text)};
  }
  return out;
}

}  // namespace virgo::native
