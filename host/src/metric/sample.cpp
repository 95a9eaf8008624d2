#include "metric/sample.hpp"

#include <bit>
#include <cstring>

#include "base/text.hpp"

namespace virgo::metric {
namespace {

// Kept for the next run: what a run of kSteadySamples of four labels needs.
constexpr std::size_t kKeepSamples = SampleBuffer::kSteadySamples;
constexpr std::size_t kKeepLabels = 4 * kKeepSamples;
constexpr std::size_t kKeepArena = 32 * 1024;

std::uint64_t number_bits(const Value& v) {
  return v.type == Type::f64 ? std::bit_cast<std::uint64_t>(v.f64) : v.u64;
}

bool same_declaration(const MetricInfo& a, const MetricInfo& b) {
  return a.name == b.name && a.unit == b.unit && a.kind == b.kind && a.type == b.type;
}

}  // namespace

const char* kind_name(Kind kind) {
  switch (kind) {
    case Kind::gauge:
      return "gauge";
    case Kind::counter:
      return "counter";
    case Kind::state:
      return "state";
  }
  return "gauge";
}

const char* type_name(Type type) {
  switch (type) {
    case Type::i64:
      return "i64";
    case Type::u64:
      return "u64";
    case Type::f64:
      return "f64";
    case Type::text:
      return "text";
  }
  return "f64";
}

Value Value::of(std::int64_t v) {
  Value out;
  out.type = Type::i64;
  out.i64 = v;
  return out;
}
Value Value::of(std::uint64_t v) {
  Value out;
  out.type = Type::u64;
  out.u64 = v;
  return out;
}
Value Value::of(double v) {
  Value out;
  out.type = Type::f64;
  out.f64 = v;
  return out;
}
Value Value::of(std::string_view v) {
  Value out;
  out.type = Type::text;
  out.text = v;
  return out;
}

SampleBuffer::Slice SampleBuffer::store(std::string_view text) {
  const auto offset = static_cast<std::uint32_t>(arena_.size());
  append_utf8(arena_, text);
  return {offset, static_cast<std::uint32_t>(arena_.size() - offset)};
}

// Whether a sample with these texts, and `more` bytes beside them, is within the
// limits.
bool SampleBuffer::has_room(const Value& value, std::span<const Label> labels,
                            std::size_t more) const {
  if (samples_.size() >= limits_.samples || labels.size() > limits_.labels) return false;
  std::size_t bytes = more;
  if (value.type == Type::text) {
    if (!fits(value.text)) return false;
    bytes += value.text.size();
  }
  for (const Label& l : labels) {
    if (!fits(l.key) || !fits(l.value)) return false;
    bytes += l.key.size() + l.value.size();
  }
  return arena_.size() + undeclared_bytes_ + bytes <= limits_.arena;
}

AddResult SampleBuffer::add(const MetricInfo& metric, const Value& value,
                            std::span<const Label> labels, std::int64_t unix_ns) {
  if (value.type != metric.type) return AddResult::wrong_type;
  if (!has_room(value, labels, 0)) {
    ++refused_;
    return AddResult::limit;
  }
  Record record{&metric,
                0,
                unix_ns,
                static_cast<std::uint32_t>(labels_.size()),
                static_cast<std::uint16_t>(labels.size()),
                value.type};
  record.bits = value.type == Type::text ? std::bit_cast<std::uint64_t>(store(value.text))
                                         : number_bits(value);
  for (const Label& l : labels) {
    const Slice key = store(l.key);
    labels_.emplace_back(key, store(l.value));
  }
  samples_.push_back(record);
  return AddResult::ok;
}

AddResult SampleBuffer::add_undeclared(const MetricInfo& metric, const Value& value,
                                       std::span<const Label> labels, std::int64_t unix_ns) {
  // Often the same as just before, with other labels.
  if (!undeclared_.empty() && same_declaration(*undeclared_.back(), metric))
    return add(*undeclared_.back(), value, labels, unix_ns);
  if (value.type != metric.type) return AddResult::wrong_type;
  const std::size_t bytes = sizeof(MetricInfo) + metric.name.size() + metric.unit.size();
  if (!fits(metric.name) || !fits(metric.unit) || !has_room(value, labels, bytes)) {
    ++refused_;
    return AddResult::limit;
  }
  auto copy = std::make_unique<MetricInfo>();
  copy->name = to_utf8(metric.name);
  copy->unit = to_utf8(metric.unit);
  copy->kind = metric.kind;
  copy->type = metric.type;
  undeclared_.push_back(std::move(copy));
  const AddResult result = add(*undeclared_.back(), value, labels, unix_ns);
  undeclared_bytes_ += bytes;  // only now: add() asks for room again
  return result;
}

void SampleBuffer::clear() {
  samples_.clear();
  labels_.clear();
  arena_.clear();
  undeclared_.clear();
  undeclared_bytes_ = 0;
  refused_ = 0;
  if (undeclared_.capacity() > kKeepSamples)
    std::vector<std::unique_ptr<MetricInfo>>().swap(undeclared_);
  if (samples_.capacity() > kKeepSamples) std::vector<Record>().swap(samples_);
  if (labels_.capacity() > kKeepLabels) std::vector<std::pair<Slice, Slice>>().swap(labels_);
  if (arena_.capacity() > kKeepArena) std::string().swap(arena_);
}

Value SampleBuffer::value(std::size_t i) const {
  const Record& r = samples_[i];
  Value v;
  v.type = r.type;
  if (r.type == Type::text)
    v.text = view(std::bit_cast<Slice>(r.bits));
  else if (r.type == Type::f64)
    v.f64 = std::bit_cast<double>(r.bits);
  else
    v.u64 = r.bits;
  return v;
}

Label SampleBuffer::label(std::size_t i, std::size_t n) const {
  const auto& [key, value] = labels_[samples_[i].first_label + n];
  return {view(key), view(value)};
}

}  // namespace virgo::metric
