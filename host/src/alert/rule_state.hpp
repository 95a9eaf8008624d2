// What a rule remembers from run to run: for each series that is beyond its threshold,
// since when. Series that are well leave nothing behind.
//
//           bad                     bad for `for`
//   (none) ------> pending --------------------------> firing <---------+
//     ^              | not bad any more                  | good         | bad again,
//     +--------------+                                   v              | or between
//     +-------------------------- good for `clear_for` clearing --------+
//
// Times are when the runs were due, monotonic. A run that says nothing of a series (it
// failed, the value is NaN) changes nothing; a series that is gone from a run that went
// well is good. Not thread-safe.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "alert/rule.hpp"

namespace virgo::alert {

class RuleState {
 public:
  explicit RuleState(Rule rule) : rule_(std::move(rule)) {}

  // Takes a report in, whose run was due at `now`. At most `room` further series are remembered,
  // and deducted.
  void take(const metric::Report& report, TimePoint now, std::size_t& room);

  const Rule& rule() const { return rule_; }
  // How many series are alerts now.
  std::size_t firing() const { return firing_ + unremembered_; }
  // Says of one of them why; only when firing() > 0.
  std::string reason() const;
  // The last report had no sample to judge by.
  bool blind() const { return blind_; }
  // Series beyond their threshold for which there was no room in the last report.
  bool overfull() const { return overfull_; }
  // No report so far had a sample that the rule is about.
  bool never_saw_a_sample() const { return never_; }

 private:
  struct Track {
    TimePoint since;        // bad since
    bool firing = false;    // else pending
    bool clearing = false;  // `good_since` counts
    TimePoint good_since;
    Verdict last = Verdict::bad;
    std::uint64_t run = 0;  // that said something of it
    std::string value;      // then
    std::string bad_value;  // the last that was bad
    std::string labels;     // for a sentence
  };
  using Tracks = std::map<std::uint64_t, Track>;  // by series_key()

  void take_samples(const metric::Report& report, TimePoint now, std::size_t& room);
  Tracks::iterator step(Tracks::iterator at, Verdict verdict, TimePoint now, std::size_t& room);
  // `labels` and `value` are only made when they are needed.
  template <class Labels, class Text>
  void see(std::uint64_t key, Verdict verdict, const metric::Report& report, TimePoint now,
           std::size_t& room, const Labels& labels, const Text& value);
  std::string sentence(const Track& track) const;
  std::string subject(const Track& track) const;

  Rule rule_;
  Tracks tracks_;
  std::size_t firing_ = 0;
  std::size_t unremembered_ = 0;  // firing at once, and no room
  std::optional<Track> example_;  // of these
  std::uint64_t run_ = 0;         // of the last report
  bool blind_ = false;
  bool overfull_ = false;
  bool never_ = true;
};

}  // namespace virgo::alert
