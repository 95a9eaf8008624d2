// The list under a check's `alert`: what the table of options cannot say.
#include <array>

#include "base/format.hpp"
#include "config/load.hpp"
#include "config/reader.hpp"

namespace virgo::config {
namespace {

// What a rule about a metric has exactly one of.
constexpr std::array<std::string_view, 5> kTests{"above", "below", "equals", "not_equals",
                                                 "absent"};

class AlertReader {
 public:
  AlertReader(const Node& map, Draft& draft, Reader& reader, const std::string& path)
      : map_(map), rule_(draft.alert), reader_(reader), path_(path) {
    rule_ = AlertRule();
    reader.preset(alert_options());
    const Node* metric = map.find("metric");
    rule_.where = metric != nullptr ? metric->where : map.where;
    rule_.path = path;
  }

  // False if a problem was found.
  bool read() {
    const std::size_t before = reader_.problem_count();
    reader_.read_map(map_, alert_options(), path_);
    if (reader_.problem_count() == before) {
      if (map_.find("status") != nullptr)
        check_status();
      else
        check_metric();
    }
    return reader_.problem_count() == before;
  }

 private:
  void refuse(std::string_view key, std::string text) {
    reader_.problem(map_.find(key)->where, format("{}.{}", path_, key), std::move(text));
  }
  bool given(std::string_view key) const {
    const Node* node = map_.find(key);
    return node != nullptr && node->kind != NodeKind::null;
  }

  void check_status() {
    for (const std::string_view key : {"metric", "labels", "clear"})
      if (given(key)) return refuse(key, "is for metrics, not for a rule about the run's status");
    for (const std::string_view key : kTests)
      if (given(key)) return refuse(key, "is for metrics, not for a rule about the run's status");
  }

  void check_metric() {
    if (!given("metric"))
      return reader_.problem(map_.where, path_,
                             "what is to be looked at? Give 'metric' or 'status'");
    std::string_view test;
    for (const std::string_view key : kTests) {
      if (!given(key) || (key == "absent" && !rule_.absent)) continue;
      if (!test.empty())
        return refuse(key, format("there is '{}' already: write a rule for each", test));
      test = key;
    }
    if (test.empty())
      return reader_.problem(map_.where, path_,
                             "when? Give one of above, below, equals, not_equals, absent: true");
    if (given("clear")) check_clear(test);
  }

  void check_clear(std::string_view test) {
    if (test != "above" && test != "below")
      return refuse("clear", format("goes with 'above' and 'below', not with '{}'", test));
    const Node& threshold = test == "above" ? rule_.above : rule_.below;
    const double clear = as_number(rule_.clear).value();
    const double limit = as_number(threshold).value();
    if (test == "above" ? clear > limit : clear < limit)
      refuse("clear", format("is {} the threshold: the alert would end while it holds", test));
  }

  const Node& map_;
  AlertRule& rule_;
  Reader& reader_;
  const std::string& path_;
};

}  // namespace

std::vector<AlertRule> read_alerts(const Node& list, Draft& draft, Reader& reader,
                                   const std::string& path) {
  std::vector<AlertRule> out;
  if (list.kind == NodeKind::null) return out;
  if (list.kind != NodeKind::sequence) {
    reader.problem(list.where, path + ".alert", "expected a list, each item starting with '- '");
    return out;
  }
  if (list.items.size() > kMaxAlerts) {
    reader.problem(list.items[kMaxAlerts].where, path + ".alert",
                   format("more than {} rules for one check", kMaxAlerts));
    return out;
  }
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    const Node& item = list.items[i];
    const std::string item_path = format("{}.alert[{}]", path, i);
    if (item.invalid) continue;
    if (item.kind != NodeKind::map) {
      reader.problem(item.where, item_path, "expected a rule: a map with 'metric' or 'status'");
      continue;
    }
    if (AlertReader(item, draft, reader, item_path).read()) out.push_back(std::move(draft.alert));
  }
  return out;
}

}  // namespace virgo::config
