// The text format of Prometheus.
#include "fuzz/fuzz.hpp"
#include "textfile/seen_series.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  plugin::Exposition lines(fuzz::text(data, size));
  plugin::Series series;
  plugin::SeenSeries seen;
  uint64_t count = 0;
  while (lines.next(&series)) {
    fuzz::require(!series.name.empty() && series.name.size() <= plugin::kMostText);
    fuzz::require(series.label_count <= plugin::kMostLabels);
    fuzz::require(!series.finite || __builtin_isfinite(series.value));
    size_t bytes = 0;
    for (unsigned i = 0; i < series.label_count; ++i) {
      fuzz::require(series.labels[i].value.size() <= plugin::kMostText);
      for (const char c : series.labels[i].value) bytes += static_cast<unsigned char>(c) > 0;
    }
    fuzz::require(bytes <= size);
    uint32_t file = static_cast<uint32_t>(count % 3);
    if (seen.add(plugin::identity_of(series), &file) == plugin::SeenSeries::Added::added) ++count;
    fuzz::require(seen.count() == count);
  }
  fuzz::require(lines.line() <= size + 1);
  for (uint32_t file = 0; file < 3; ++file) seen.forget(file);
  fuzz::require(seen.count() == 0);
  return 0;
}
