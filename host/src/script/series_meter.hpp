// How many different series a check reports: a name and its labels are one. What was not
// seen for some minutes is forgotten, so that names which come and go do not add up for
// ever. Loop thread only.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_set>

#include "base/clock.hpp"
#include "metric/sample.hpp"

namespace virgo::script {

class SeriesMeter {
 public:
  SeriesMeter(std::size_t max, TimePoint now) : max_(max), turned_(now) {}

  // False if it is a new one, and there are as many as there may be already. `labels` in
  // a stable order.
  bool admit(std::string_view name, std::span<const metric::Label> labels);
  // At the start of a run.
  void pass_time(TimePoint now);

  std::size_t size() const { return older_.size() + newer_.size(); }
  std::size_t max() const { return max_; }

 private:
  static constexpr Duration kTurn = std::chrono::minutes(5);
  std::size_t max_;
  TimePoint turned_;
  // By hash; a series is in one of the two.
  std::unordered_set<std::uint64_t> newer_;
  std::unordered_set<std::uint64_t> older_;
};

}  // namespace virgo::script
