#include "metric/sample.hpp"

#include <bit>
#include <cstring>

#include "base/text.hpp"

namespace virgo::metric {
namespace {

constexpr std::size_t kKeepSamples = 256;
constexpr std::size_t kKeepArena = 16 * 1024;

std::uint64_t number_bits(const Value& v) {
  return v.type == Type::f64 ? std::bit_cast<std::uint64_t>(v.f64) : v.u64;
}

}  // namespace

const char* kind_name(Kind kind) {
  switch (kind) {
    case Kind::gauge: return "gauge";
    case Kind::counter: return "counter";
    case Kind::state: return "state";
  }
  return "gauge";
}

const char* type_name(Type type) {
  switch (type) {
    case Type::i64: return "i64";
    case Type::u64: return "u64";
    case Type::f64: return "f64";
    case Type::text: return "text";
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
  arena_ += to_utf8(text);
  return {offset, static_cast<std::uint32_t>(arena_.size() - offset)};
}

AddResult SampleBuffer::add(const MetricInfo& metric, const Value& value,
                            std::span<const Label> labels, std::int64_t unix_ns) {
  if (value.type != metric.type) return AddResult::wrong_type;
  std::size_t bytes = value.type == Type::text ? value.text.size() : 0;
  bool fit = samples_.size() < limits_.samples && labels.size() <= limits_.labels &&
             (value.type != Type::text || fits(value.text));
  for (const Label& l : labels) {
    fit = fit && fits(l.key) && fits(l.value);
    bytes += l.key.size() + l.value.size();
  }
  if (!fit || arena_.size() + bytes > limits_.arena) {
    ++refused_;
    return AddResult::limit;
  }
  Record record{&metric, 0, unix_ns, static_cast<std::uint32_t>(labels_.size()),
                static_cast<std::uint16_t>(labels.size()), value.type};
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
  if (!fits(metric.name) || !fits(metric.unit)) {
    ++refused_;
    return AddResult::limit;
  }
  undeclared_.push_back(std::make_unique<MetricInfo>(metric));
  undeclared_.back()->name = to_utf8(metric.name);
  undeclared_.back()->unit = to_utf8(metric.unit);
  const AddResult result = add(*undeclared_.back(), value, labels, unix_ns);
  if (result != AddResult::ok) undeclared_.pop_back();
  return result;
}

void SampleBuffer::clear() {
  samples_.clear();
  labels_.clear();
  arena_.clear();
  undeclared_.clear();
  refused_ = 0;
  if (samples_.capacity() > kKeepSamples) std::vector<Record>().swap(samples_);
  if (labels_.capacity() > kKeepSamples) std::vector<std::pair<Slice, Slice>>().swap(labels_);
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
