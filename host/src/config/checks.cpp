// The list under `checks`, in the main file and in drop-ins.
#include <algorithm>

#include "base/format.hpp"
#include "base/text.hpp"
#include "config/characters.hpp"
#include "config/load.hpp"
#include "config/reader.hpp"

namespace virgo::config {
namespace {

class CheckReader {
 public:
  CheckReader(Draft& draft, Problems& problems, const std::string& folder, CheckNames& names)
      : draft_(draft), problems_(problems), reader_(draft, problems, folder), names_(names) {}

  std::vector<CheckSpec> read(const Node& list) {
    std::vector<CheckSpec> out;
    if (list.kind == NodeKind::null) return out;
    if (list.kind != NodeKind::sequence) {
      reader_.problem(list.where, "checks", "expected a list, each item starting with '- '");
      return out;
    }
    for (std::size_t i = 0; i < list.items.size(); ++i) {
      const std::size_t before = problems_.size();
      if (names_.size() >= kMaxChecks) {
        reader_.problem(list.items[i].where, "checks",
                        format("more than {} checks in all files together", kMaxChecks));
        break;
      }
      if (list.items[i].invalid) continue;
      read_item(list.items[i], format("checks[{}]", i));
      if (problems_.size() == before) out.push_back(std::move(draft_.check));
    }
    return out;
  }

 private:
  void read_item(const Node& item, const std::string& path) {
    CheckSpec& check = draft_.check;
    check = CheckSpec();
    check.naming = draft_.spec.naming;
    check.where = item.where;
    check.path = path;
    if (item.kind == NodeKind::scalar) {
      Node map;  // "- cpu" is "- name: cpu"
      map.kind = NodeKind::map;
      map.where = item.where;
      map.keys = {"name"};
      map.key_positions = {item.where};
      map.items = {item};
      return read_map(map, path);
    }
    if (item.kind != NodeKind::map)
      return reader_.problem(item.where, path, "expected a check: a name, or a map with 'name'");
    read_map(item, path);
  }

  void read_map(const Node& map, const std::string& path) {
    reader_.read_map(map, check_options(), path);
    const Node* name = map.find("name");
    if (name != nullptr && !draft_.check.name.empty()) take_name(*name, path);
    take_type(map, path);
    take_times(map, path);
    if (const Node* alerts = map.find("alert"); alerts != nullptr && !alerts->invalid)
      draft_.check.alerts = read_alerts(*alerts, draft_, reader_, path);
  }

  void take_name(const Node& node, const std::string& path) {
    const std::string& name = draft_.check.name;
    if (!has_only(name, kNamePunctuation))
      return reader_.problem(node.where, path + ".name",
                             "may consist of letters, digits and _ . : / - only");
    const auto [taken, is_new] = names_.emplace(name, node.where);
    if (!is_new)
      reader_.problem(node.where, path + ".name",
                      format("the name '{}' is taken already at {}; each check needs its own", name,
                             to_string(taken->second)));
  }

  void take_type(const Node& map, const std::string& path) {
    CheckSpec& check = draft_.check;
    const Node* given = map.find("type");
    if (given == nullptr) check.type = check.name;
    if (check.type.empty()) return;  // its problem is reported
    if (!has_only(check.type, "_.-")) {
      if (given != nullptr)
        reader_.problem(given->where, path + ".type",
                        "may consist of letters, digits and _ . - only");
      else if (has_only(check.type, kNamePunctuation))
        reader_.problem(map.where, path,
                        format("'type' is missing, and the name '{}' cannot be one", check.name));
      return;
    }
    if (check.type.find('.') == std::string::npos) check.type.insert(0, "virgo.");
  }

  void take_times(const Node& map, const std::string& path) {
    CheckSpec& check = draft_.check;
    if (map.find("interval") == nullptr) check.interval = draft_.interval;
    if (check.interval.count() == 0) return;  // its problem is reported
    const auto bounded = [&](const char* key, Duration& value, Duration preset) {
      const Node* given = map.find(key);
      if (given == nullptr) {
        value = std::min(preset, check.interval);
      } else if (value > check.interval) {
        reader_.problem(
            given->where, format("{}.{}", path, key),
            format("is longer than the check's interval of {}", format_duration(check.interval)));
      }
    };
    bounded("timeout", check.timeout, draft_.timeout);
    bounded("splay", check.splay, draft_.splay.count() < 0 ? check.interval : draft_.splay);
  }

  Draft& draft_;
  Problems& problems_;
  Reader reader_;
  CheckNames& names_;
};

}  // namespace

namespace {

bool same_rule(const AlertRule& a, const AlertRule& b) {
  return a.metric == b.metric && same_content(a.labels, b.labels) &&
         same_content(a.above, b.above) && same_content(a.below, b.below) &&
         same_content(a.equals, b.equals) && same_content(a.not_equals, b.not_equals) &&
         a.absent == b.absent && a.status == b.status && a.hold == b.hold &&
         same_content(a.clear, b.clear) && a.clear_for == b.clear_for && a.severity == b.severity &&
         a.text == b.text;
}

}  // namespace

bool same_check(const CheckSpec& a, const CheckSpec& b) {
  return a.name == b.name && a.type == b.type && a.enabled == b.enabled &&
         a.interval == b.interval && a.timeout == b.timeout && a.splay == b.splay &&
         a.naming == b.naming && same_content(a.params, b.params) &&
         std::equal(a.alerts.begin(), a.alerts.end(), b.alerts.begin(), b.alerts.end(), same_rule);
}

std::vector<CheckSpec> read_checks(const Node& list, Draft& draft, Problems& problems,
                                   const std::string& folder, CheckNames& names) {
  return CheckReader(draft, problems, folder, names).read(list);
}

}  // namespace virgo::config
