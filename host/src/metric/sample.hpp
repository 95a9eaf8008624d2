// Samples: what one run of a check measured.
//
// A SampleBuffer is filled by one run and read once, by the encoder. Metric
// descriptions are referred to, not copied; label and text values are copied
// into one arena that is reused from run to run. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace virgo::metric {

enum class Kind : std::uint8_t {
  gauge = 1,    // a value that goes up and down
  counter = 2,  // only grows, but for resets
  state = 3,    // one of a few values or texts
};
enum class Type : std::uint8_t { i64 = 1, u64 = 2, f64 = 3, text = 4 };

const char* kind_name(Kind kind);  // "gauge"
const char* type_name(Type type);  // "f64"

// A declared metric. Its name is final: nothing is put in front of it.
struct MetricInfo {
  std::string name;  // "system.cpu.time"
  std::string unit;  // UCUM: "s", "By", "1", "{process}"; may be ""
  std::string help;
  Kind kind = Kind::gauge;
  Type type = Type::f64;
};

struct Value {
  Type type = Type::f64;
  union {
    std::int64_t i64;
    std::uint64_t u64;
    double f64 = 0;
  };
  std::string_view text;  // Type::text

  static Value of(std::int64_t v);
  static Value of(std::uint64_t v);
  static Value of(double v);
  static Value of(std::string_view v);
};

struct Label {
  std::string_view key;
  std::string_view value;
};

struct SampleLimits {
  std::uint32_t samples = 5000;
  std::uint32_t labels = 16;          // per sample
  std::uint32_t text = 1024;          // bytes of one text value, label key or label value
  std::uint32_t arena = 1024 * 1024;  // bytes of all texts of a run, before mending
};

enum class AddResult : std::uint8_t {
  ok,
  limit,       // a SampleLimits bound; the sample was counted as refused
  wrong_type,  // value's type is not the declared one
};

class SampleBuffer {
 public:
  // A run of so many samples, of four labels and 128 bytes of text each, allocates
  // nothing once the buffer has been used for one. What grew beyond is given back.
  static constexpr std::size_t kSteadySamples = 256;

  explicit SampleBuffer(const SampleLimits& limits = {}) : limits_(limits) {}
  SampleBuffer(SampleBuffer&&) = default;
  SampleBuffer& operator=(SampleBuffer&&) = default;

  // `metric` must outlive the reading of this buffer (it belongs to the check
  // type). `unix_ns` 0 = the time the run started. Texts that are not UTF-8 are
  // mended with U+FFFD.
  AddResult add(const MetricInfo& metric, const Value& value, std::span<const Label> labels,
                std::int64_t unix_ns = 0);
  // The same for a metric nobody declared; `metric` is copied, all but its help,
  // and counts towards the arena.
  AddResult add_undeclared(const MetricInfo& metric, const Value& value,
                           std::span<const Label> labels, std::int64_t unix_ns = 0);

  // Keeps the memory, up to a bound, for the next run.
  void clear();

  std::size_t size() const { return samples_.size(); }
  // Samples refused because of a limit.
  std::uint64_t refused() const { return refused_; }
  const SampleLimits& limits() const { return limits_; }

  const MetricInfo& metric(std::size_t i) const { return *samples_[i].metric; }
  Value value(std::size_t i) const;  // its text lives until clear() or the next add
  std::int64_t unix_ns(std::size_t i) const { return samples_[i].unix_ns; }
  std::size_t label_count(std::size_t i) const { return samples_[i].label_count; }
  Label label(std::size_t i, std::size_t n) const;

 private:
  struct Slice {
    std::uint32_t offset = 0;
    std::uint32_t length = 0;
  };
  struct Record {
    const MetricInfo* metric;
    std::uint64_t bits;  // the number's bits, or a Slice of the arena
    std::int64_t unix_ns;
    std::uint32_t first_label;
    std::uint16_t label_count;
    Type type;
  };
  bool has_room(const Value& value, std::span<const Label> labels, std::size_t more) const;
  bool fits(std::string_view text) const { return text.size() <= limits_.text; }
  Slice store(std::string_view text);
  std::string_view view(Slice slice) const {
    return std::string_view(arena_).substr(slice.offset, slice.length);
  }

  SampleLimits limits_;
  std::vector<Record> samples_;
  std::vector<std::pair<Slice, Slice>> labels_;
  std::string arena_;
  std::vector<std::unique_ptr<MetricInfo>> undeclared_;
  std::size_t undeclared_bytes_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace virgo::metric
