#include "deliver/encode.hpp"

#include "base/format.hpp"
#include "json/writer.hpp"

namespace virgo::deliver {
namespace {

// Integers that a double cannot hold travel as text.
constexpr std::int64_t kExact = std::int64_t{1} << 53;

void write_value(json::Writer& out, const metric::Value& v) {
  switch (v.type) {
    case metric::Type::i64:
      if (v.i64 > kExact || v.i64 < -kExact)
        out.string(std::to_string(v.i64));
      else
        out.integer(v.i64);
      break;
    case metric::Type::u64:
      if (v.u64 > static_cast<std::uint64_t>(kExact))
        out.string(std::to_string(v.u64));
      else
        out.integer(v.u64);
      break;
    case metric::Type::f64:
      out.number(v.f64);
      break;
    case metric::Type::text:
      out.string(v.text);
      break;
  }
}

void write_sample(json::Writer& out, const metric::SampleBuffer& samples, std::size_t i) {
  const metric::MetricInfo& info = samples.metric(i);
  out.begin_object();
  out.key("n");
  out.string(info.name);
  out.key("k");
  out.string(metric::kind_name(info.kind));
  out.key("t");
  out.string(metric::type_name(info.type));
  out.key("v");
  write_value(out, samples.value(i));
  if (!info.unit.empty()) {
    out.key("u");
    out.string(info.unit);
  }
  if (samples.unix_ns(i) != 0) {
    out.key("ts_us");
    out.integer(samples.unix_ns(i) / 1000);
  }
  if (samples.label_count(i) > 0) {
    out.key("l");
    out.begin_object();
    for (std::size_t n = 0; n < samples.label_count(i); ++n) {
      const metric::Label label = samples.label(i, n);
      out.key(label.key);
      out.string(label.value);
    }
    out.end_object();
  }
  out.end_object();
}

void write_head(json::Writer& out, const metric::Report& report) {
  out.key("check");
  out.string(report.check->check);
  out.key("type");
  out.string(report.check->type);
  out.key("runtime");
  out.string(report.check->runtime);
  out.key("run");
  out.integer(report.run);
  out.key("started_us");
  out.integer(report.started / 1000);
  out.key("duration_us");
  out.integer(static_cast<std::int64_t>(report.duration.count() / 1000));
  out.key("late_us");
  out.integer(static_cast<std::int64_t>(report.lateness.count() / 1000));
}

void write_status(json::Writer& out, metric::Status status, std::string_view message) {
  out.key("status");
  out.string(metric::status_name(status));
  if (message.empty()) return;
  out.key("message");
  out.string(message);
}

void write_health(json::Writer& out, const metric::Report& report) {
  if (report.health == metric::Health::none) return;
  out.key("state");
  out.string(metric::health_name(report.health));
  if (report.health_reason.empty()) return;
  out.key("state_reason");
  out.string(report.health_reason);
}

}  // namespace

std::string encode(const metric::Report& report) {
  std::string text;
  json::Writer out(text);
  write_head(out, report);
  write_status(out, report.status, report.explanation);
  write_health(out, report);
  out.key("samples");
  out.begin_array();
  const std::size_t count = report.samples == nullptr ? 0 : report.samples->size();
  for (std::size_t i = 0; i < count; ++i) write_sample(out, *report.samples, i);
  out.end_array();
  if (text.size() <= kMaxRecord) return text;

  const std::size_t size = text.size();
  text.clear();
  json::Writer small(text);
  write_head(small, report);
  write_status(small, metric::Status::limit,
               format("the report of {} samples takes {} bytes, the limit is {}: its samples were "
                      "left out",
                      count, size, kMaxRecord));
  write_health(small, report);
  small.key("samples");
  small.begin_array();
  small.end_array();
  return text;
}

std::string encode(const metric::Gap& gap) {
  std::string text;
  json::Writer out(text);
  out.key("gap");
  out.begin_object();
  out.key("check");
  out.string(gap.check->check);
  out.key("from");
  out.integer(gap.from);
  out.key("to");
  out.integer(gap.to);
  out.key("reason");
  out.string(metric::gap_reason_name(gap.reason));
  out.key("noticed_us");
  out.integer(gap.noticed / 1000);
  out.end_object();
  return text;
}

}  // namespace virgo::deliver
