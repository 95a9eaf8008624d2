#include "alert/rule_state.hpp"

#include "base/format.hpp"
#include "base/text.hpp"

namespace virgo::alert {
namespace {

using metric::Status;
using Test = Rule::Test;

constexpr std::size_t kMaxLabelsText = 200;
// The time that passes between the scheduler's look at the clock and ours is in the times
// we are given. With it, `for: 2s` is two intervals of a second and not sometimes three.
constexpr Duration kJitter = std::chrono::microseconds(500);

// The same whatever the order of the labels.
std::uint64_t series_key(const metric::SampleBuffer& samples, std::size_t i) {
  std::uint64_t key = 0;
  std::string text;
  for (std::size_t n = 0; n < samples.label_count(i); ++n) {
    const metric::Label label = samples.label(i, n);
    text.assign(label.key);
    text += '\0';
    text += label.value;
    key += stable_hash(text);
  }
  return key;
}

std::string labels_text(const metric::SampleBuffer& samples, std::size_t i) {
  std::string out;
  for (std::size_t n = 0; n < samples.label_count(i) && out.size() < kMaxLabelsText; ++n) {
    const metric::Label label = samples.label(i, n);
    out += format("{}{}={}", out.empty() ? "" : " ", label.key, label.value);
  }
  return std::string(cut_utf8(out, kMaxLabelsText));
}

std::string labels_text(const Rule& rule) {
  std::string out;
  for (const auto& [key, value] : rule.labels)
    out += format("{}{}={}", out.empty() ? "" : " ", key, value);
  return std::string(cut_utf8(out, kMaxLabelsText));
}

}  // namespace

void RuleState::take(const metric::Report& report, TimePoint now, std::size_t& room) {
  run_ = report.run;
  blind_ = overfull_ = false;
  unremembered_ = 0;
  example_.reset();
  const auto nothing = [] { return std::string(); };
  if (rule_.test == Test::status) {
    const Verdict verdict = rule_.has(report.status) ? Verdict::bad : Verdict::good;
    see(0, verdict, report, now, room, nothing,
        [&] { return std::string(metric::status_name(report.status)); });
    return;
  }
  if (rule_.test != Test::absent) return take_samples(report, now, room);
  bool there = false;
  for (std::size_t i = 0; i < report.samples->size() && !there; ++i)
    there = concerns(rule_, *report.samples, i);
  never_ = never_ && !there;
  see(
      0, there ? Verdict::good : Verdict::bad, report, now, room,
      [this] { return labels_text(rule_); },
      [there] { return std::string(there ? "there" : "absent"); });
}

void RuleState::take_samples(const metric::Report& report, TimePoint now, std::size_t& room) {
  const metric::SampleBuffer& samples = *report.samples;
  blind_ = true;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (!concerns(rule_, samples, i)) continue;
    blind_ = never_ = false;
    const metric::Value value = samples.value(i);
    const Verdict verdict = judge(rule_, value);
    // By far the most frequent case.
    if (verdict != Verdict::bad && tracks_.empty()) continue;
    see(
        series_key(samples, i), verdict, report, now, room, [&] { return labels_text(samples, i); },
        [&] { return value_text(value); });
  }
  if (report.status != Status::ok) return;
  for (auto at = tracks_.begin(); at != tracks_.end();)
    at = at->second.run == report.run ? std::next(at) : step(at, Verdict::good, now, room);
}

template <class Labels, class Text>
void RuleState::see(std::uint64_t key, Verdict verdict, const metric::Report& report, TimePoint now,
                    std::size_t& room, const Labels& labels, const Text& value) {
  auto at = tracks_.find(key);
  if (at == tracks_.end()) {
    if (verdict != Verdict::bad) return;
    Track track;
    track.since = now;
    track.run = report.run;
    track.labels = labels();
    if (room == 0) {
      overfull_ = true;
      if (rule_.hold.count() > 0) return;  // since when is what cannot be told
      ++unremembered_;
      track.value = value();
      if (!example_) example_ = std::move(track);
      return;
    }
    --room;
    at = tracks_.emplace(key, std::move(track)).first;
  }
  Track& track = at->second;
  track.run = report.run;
  if (verdict == Verdict::unclear) return;
  track.value = value();
  if (verdict == Verdict::bad) track.bad_value = track.value;
  step(at, verdict, now, room);
}

// The transitions of the drawing in the header.
RuleState::Tracks::iterator RuleState::step(Tracks::iterator at, Verdict verdict, TimePoint now,
                                            std::size_t& room) {
  Track& track = at->second;
  track.last = verdict;
  const auto forget = [&] {
    firing_ -= track.firing ? 1 : 0;
    ++room;
    return tracks_.erase(at);
  };
  if (verdict != Verdict::good) track.clearing = false;
  if (verdict == Verdict::bad) {
    if (!track.firing && now - track.since + kJitter >= rule_.hold) {
      track.firing = true;
      ++firing_;
    }
    return std::next(at);
  }
  if (!track.firing) return forget();
  if (verdict == Verdict::between) return std::next(at);
  if (!track.clearing) {
    track.clearing = true;
    track.good_since = now;
  }
  return now - track.good_since + kJitter >= rule_.clear_for ? forget() : std::next(at);
}

std::string RuleState::subject(const Track& track) const {
  if (rule_.test == Test::status) return "the run's status";
  return track.labels.empty() ? rule_.metric : format("{} of {}", rule_.metric, track.labels);
}

std::string RuleState::sentence(const Track& track) const {
  const std::string who = subject(track);
  const bool plain = rule_.test == Test::equals || rule_.test == Test::absent ||
                     rule_.test == Test::status;  // the value is the condition
  const std::string was = rule_.test == Test::status ? track.bad_value : condition_text(rule_);
  if (track.run != run_)
    return format("{} was {} when it was last seen{}{}", who, track.value, plain ? "" : ", ",
                  plain ? "" : was);
  switch (track.last) {
    case Verdict::between:
      return format("{} is {}, was {} and is not back at {}", who, track.value, was,
                    rule_.clear_text);
    case Verdict::good:
      return format("{} is {}, was {} less than {} ago", who, track.value, was,
                    format_duration(rule_.clear_for));
    case Verdict::bad:
    case Verdict::unclear:
      break;
  }
  std::string text = format("{} is {}", who, track.value);
  if (!plain) text += ", " + was;
  if (rule_.hold.count() > 0) text += " for " + format_duration(rule_.hold);
  return text;
}

std::string RuleState::reason() const {
  const Track* chosen = example_ ? &*example_ : nullptr;
  for (const auto& [key, track] : tracks_)
    if (track.firing && (chosen == nullptr || track.labels < chosen->labels)) chosen = &track;
  if (chosen == nullptr) return "";
  const std::string text = sentence(*chosen);
  return rule_.text.empty() ? text : format("{}: {}", rule_.text, text);
}

}  // namespace virgo::alert
