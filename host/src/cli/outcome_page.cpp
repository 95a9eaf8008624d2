#include "cli/outcome_page.hpp"

#include <utility>

#include "base/format.hpp"
#include "cli/text_table.hpp"

namespace virgo::cli {
namespace {

std::string number_text(double value) {
  return format("{:.10g}", value);
}

std::string value_text(const metric::Value& v) {
  switch (v.type) {
    case metric::Type::i64:
      return std::to_string(v.i64);
    case metric::Type::u64:
      return std::to_string(v.u64);
    case metric::Type::f64:
      return number_text(v.f64);
    case metric::Type::text:
      return std::string(v.text);
  }
  return "";
}

double as_number(const metric::Value& v) {
  if (v.type == metric::Type::i64) return static_cast<double>(v.i64);
  if (v.type == metric::Type::u64) return static_cast<double>(v.u64);
  return v.f64;
}

std::string labels_text(const metric::SampleBuffer& samples, std::size_t i) {
  std::string out;
  for (std::size_t n = 0; n < samples.label_count(i); ++n) {
    const metric::Label l = samples.label(i, n);
    out += format("{}{}={}", n > 0 ? " " : "", l.key, l.value);
  }
  return out;
}

void write_value(json::Writer& out, const metric::Value& v) {
  switch (v.type) {
    case metric::Type::i64:
      return out.integer(v.i64);
    case metric::Type::u64:
      return out.integer(v.u64);
    case metric::Type::f64:
      return out.number(v.f64);
    case metric::Type::text:
      return out.string(v.text);
  }
}

void write_sample(json::Writer& out, const metric::SampleBuffer& samples, std::size_t i) {
  const metric::MetricInfo& info = samples.metric(i);
  out.begin_object();
  out.key("metric");
  out.string(info.name);
  out.key("labels");
  out.begin_object();
  for (std::size_t n = 0; n < samples.label_count(i); ++n) {
    const metric::Label l = samples.label(i, n);
    out.key(l.key);
    out.string(l.value);
  }
  out.end_object();
  out.key("value");
  write_value(out, samples.value(i));
  out.key("unit");
  out.string(info.unit);
  out.key("kind");
  out.string(metric::kind_name(info.kind));
  out.key("type");
  out.string(metric::type_name(samples.value(i).type));
  out.end_object();
}

}  // namespace

std::string OutcomePages::rate(const std::string& series, Reading now) {
  const auto [at, first] = counters_.try_emplace(series, now);
  if (first) return "";
  const Reading before = std::exchange(at->second, now);
  // A counter that went back was reset; nobody knows how far it had come.
  if (now.at <= before.at || now.value < before.value) return "";
  return format("{:.6g}",
                (now.value - before.value) * 1e9 / static_cast<double>(now.at - before.at));
}

std::string OutcomePages::next(const schedule::SoloRunner::Outcome& outcome) {
  const metric::SampleBuffer& samples = *outcome.samples;
  std::string out =
      format("run {}: {}, {} sample{} in {:.3f} ms{}{}\n", outcome.number,
             metric::status_name(outcome.status), samples.size(), samples.size() == 1 ? "" : "s",
             static_cast<double>(outcome.duration.count()) / 1e6,
             outcome.explanation.empty() ? "" : ": ", one_line(outcome.explanation));
  if (outcome.health != metric::Health::none)
    out += format("state {}{}{}\n", metric::health_name(outcome.health),
                  outcome.health_reason.empty() ? "" : ": ", one_line(outcome.health_reason));
  TextTable table(
      {{"Metric"}, {"Labels"}, {"Value", true}, {"Unit"}, {"Kind"}, {"Per second", true}});
  TextTable without_rates({{"Metric"}, {"Labels"}, {"Value", true}, {"Unit"}, {"Kind"}});
  bool rates = false;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const metric::MetricInfo& info = samples.metric(i);
    const std::string labels = labels_text(samples, i);
    std::vector<std::string> cells{info.name, labels, value_text(samples.value(i)), info.unit,
                                   metric::kind_name(info.kind)};
    without_rates.add(cells);
    if (info.kind == metric::Kind::counter) {
      const WallTime at = samples.unix_ns(i) != 0 ? samples.unix_ns(i) : outcome.started;
      cells.push_back(rate(info.name + "{" + labels, {as_number(samples.value(i)), at}));
      rates = rates || !cells.back().empty();
    }
    table.add(std::move(cells));
  }
  if (samples.size() > 0) out += rates ? table.text() : without_rates.text();
  return out;
}

std::string outcome_json(const schedule::SoloRunner::Outcome& outcome, const std::string& type,
                         const std::function<void(json::Writer&)>& more) {
  std::string text;
  json::Writer out(text);
  out.begin_object();
  out.key("run");
  out.integer(outcome.number);
  out.key("type");
  out.string(type);
  out.key("started_us");
  out.integer(outcome.started / 1000);
  out.key("duration_us");
  out.integer(static_cast<std::int64_t>(outcome.duration.count() / 1000));
  out.key("status");
  out.string(metric::status_name(outcome.status));
  out.key("explanation");
  out.string(outcome.explanation);
  if (outcome.health != metric::Health::none) {
    out.key("state");
    out.string(metric::health_name(outcome.health));
    out.key("state_reason");
    out.text(outcome.health_reason);
  }
  out.key("samples");
  out.begin_array();
  for (std::size_t i = 0; i < outcome.samples->size(); ++i) write_sample(out, *outcome.samples, i);
  out.end_array();
  more(out);
  out.end_object();
  return text + "\n";
}

}  // namespace virgo::cli
