#include "script/series_meter.hpp"

#include <functional>

namespace virgo::script {
namespace {

std::uint64_t mix(std::uint64_t hash, std::string_view text) {
  return (hash ^ std::hash<std::string_view>()(text)) * 0x9e3779b97f4a7c15u;
}

}  // namespace

bool SeriesMeter::admit(std::string_view name, std::span<const metric::Label> labels) {
  std::uint64_t hash = mix(0, name);
  for (const metric::Label& l : labels) hash = mix(mix(hash, l.key), l.value);
  if (newer_.contains(hash)) return true;
  if (older_.erase(hash) == 0 && size() >= max_) return false;
  newer_.insert(hash);
  return true;
}

void SeriesMeter::pass_time(TimePoint now) {
  if (now - turned_ < kTurn) return;
  turned_ = now;
  older_ = std::move(newer_);
  newer_.clear();
}

}  // namespace virgo::script
