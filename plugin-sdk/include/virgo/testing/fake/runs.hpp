// SPDX-License-Identifier: MIT
//
// The runs and checks of a fake host and what may be done with their handles: the
// functions of virgo_run_api. One mutex guards all of it, and the loop's things too;
// no code of a plugin is called while it is held.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "declared.hpp"
#include "record.hpp"

namespace virgo::fake {

// The agent's bounds; what is beyond them is refused with VIRGO_ERR_LIMIT.
struct Limits {
  size_t samples = 5000;   // per run
  size_t labels = 16;      // per sample
  size_t text = 1024;      // bytes of one text
  size_t texts = 1 << 20;  // bytes of all texts of a run
};

namespace detail {

// Longer than any machine stays up, and no sum of it overflows.
inline uint64_t bounded(uint64_t ns) {
  return std::min<uint64_t>(ns, INT64_MAX / 4);
}

// Never given out twice in a process, so that a handle of another host is unknown.
inline uint64_t new_handle() {
  static std::atomic<uint64_t> count{0};
  const uint64_t n = ++count;
  return (n << 32) | n;
}

struct RunState {
  virgo_run id = 0;
  virgo_check check = 0;
  const Declared* declared = nullptr;
  uint64_t deadline = 0;   // on the fake clock
  bool open = true;        // the handle is valid
  bool executing = true;   // collect() has not returned
  bool completed = false;  // by complete()
  bool cancelled = false;
  uint64_t cancelled_at = 0;
  bool abandoned = false;
  bool ended = false;  // its outcome stands
  virgo_status status = VIRGO_PENDING;
  std::string explanation;
  std::vector<Sample> samples;
  size_t text_bytes = 0;  // of the samples
  uint64_t beyond = 0;    // samples refused because of a limit
  unsigned late = 0;      // calls with the handle after cancel() or the end of the grace
};

struct CheckState {
  std::string name;
  bool ending = false;  // destroy() is next: nothing new is started
};

class Runs {
 public:
  explicit Runs(Ledger& ledger) : ledger_(ledger) {}

  static constexpr uint64_t kGrace = 250000000;  // ns from cancel() to the end
  static constexpr size_t kMaxExplanation = 2048;
  // What a sample has in 1.0; a later one may have more, and this reads what it knows.
  static constexpr size_t kSampleSize = offsetof(virgo_sample, reserved) + sizeof(uint32_t);

  std::mutex& mutex() const { return mutex_; }
  // Called, with the mutex held, when a run's handle has become stale.
  std::function<void(const RunState&)> on_closed;
  // Called when something may have changed for who waits on the loop.
  std::function<void()> wake;
  Limits limits;

  uint64_t now() const { return now_; }
  void set_now(uint64_t ns) { now_ = ns; }

  // ---- The host's side ----

  virgo_check add_check(std::string name) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const virgo_check self = new_handle();
    checks_[self].name = std::move(name);
    return self;
  }
  void end_check(virgo_check self) {
    const std::lock_guard<std::mutex> lock(mutex_);
    checks_[self].ending = true;
  }
  void remove_check(virgo_check self) {
    const std::lock_guard<std::mutex> lock(mutex_);
    checks_.erase(self);
    gone_.push_back(self);
  }
  std::shared_ptr<RunState> open(virgo_check self, const Declared& declared, uint64_t timeout) {
    const std::lock_guard<std::mutex> lock(mutex_);
    auto run = std::make_shared<RunState>();
    run->id = new_handle();
    run->check = self;
    run->declared = &declared;
    run->deadline = now_ + bounded(timeout);
    runs_[run->id] = run;
    return run;
  }
  // collect() has returned.
  void returned(RunState& run, virgo_status status) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      run.executing = false;
      if (!run.abandoned && run.completed) end(run);
      if (run.open && status != VIRGO_PENDING) {
        run.status = status;
        close(run);
        end(run);
      }
    }
    wake();
  }
  // False when it is over, or was cancelled, already.
  bool cancel(RunState& run) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (run.ended || run.cancelled) return false;
    run.cancelled = true;
    run.cancelled_at = now_;
    return run.open;
  }
  bool was_cancelled(const RunState& run) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return run.cancelled;
  }
  // When the run is to be cancelled, or abandoned; UINT64_MAX when neither.
  uint64_t next_limit(const RunState& run) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (run.ended) return UINT64_MAX;
    return run.cancelled ? run.cancelled_at + kGrace : run.deadline;
  }
  void abandon(RunState& run, virgo_status status) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (run.ended) return;
    run.abandoned = true;
    if (!run.completed) run.status = status;
    if (run.open) close(run);
    end(run);
  }

  // With the mutex held: whether what is owned by check and run may go on.
  bool is_alive(virgo_check self, virgo_run run) const {
    const auto check = checks_.find(self);
    if (check == checks_.end() || check->second.ending) return false;
    if (run == 0) return true;
    const auto found = runs_.find(run);
    return found != runs_.end() && found->second->open && found->second->check == self;
  }
  // With the mutex held: were these ever handles?
  bool was_check(virgo_check self) const {
    return checks_.count(self) > 0 || std::find(gone_.begin(), gone_.end(), self) != gone_.end();
  }
  bool was_run(virgo_run run) const { return runs_.count(run) > 0; }

  // ---- The plugins' side: any thread ----

  virgo_status emit(virgo_run id, const virgo_sample* samples, uint32_t count, uint32_t stride) {
    const std::lock_guard<std::mutex> lock(mutex_);
    RunState* run = usable(id, "emit()");
    if (run == nullptr) return VIRGO_ERR_STALE;
    if (count > 0 && (samples == nullptr || stride < kSampleSize)) {
      ledger_.misuse("emit(): samples at NULL, or a stride of " + std::to_string(stride) +
                     " bytes, which is less than a sample has");
      return VIRGO_ERR_INVALID;
    }
    virgo_status first = VIRGO_OK;
    for (uint32_t i = 0; i < count; ++i) {
      virgo_sample sample{};
      memcpy(&sample, reinterpret_cast<const char*>(samples) + size_t{i} * stride,
             std::min<size_t>(stride, sizeof sample));
      const virgo_status status = add(*run, sample);
      if (first == VIRGO_OK) first = status;
    }
    return first;
  }

  virgo_status explain(virgo_run id, virgo_str text) {
    const std::lock_guard<std::mutex> lock(mutex_);
    RunState* run = usable(id, "explain()");
    if (run == nullptr) return VIRGO_ERR_STALE;
    ledger_.check_utf8(view(text), "explain()");
    run->explanation = cut_utf8(view(text), kMaxExplanation);
    return VIRGO_OK;
  }

  uint64_t time_left(virgo_run id) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = runs_.find(id);
    if (found == runs_.end()) {
      ledger_.misuse("time_left() of " + hex(id) + ", which never was a run");
      return 0;
    }
    const RunState& run = *found->second;
    return !run.open || run.cancelled || now_ >= run.deadline ? 0 : run.deadline - now_;
  }

  virgo_status complete(virgo_run id, virgo_status status) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      RunState* run = usable(id, "complete()");
      if (run == nullptr) return VIRGO_ERR_STALE;
      if (status == VIRGO_PENDING) {
        ledger_.misuse("complete() with VIRGO_PENDING");
        return VIRGO_ERR_INVALID;
      }
      run->completed = true;
      run->status = status;
      close(*run);
      if (!run->executing) end(*run);
    }
    wake();
    return VIRGO_OK;
  }

  void log(virgo_check self, int32_t level, virgo_str text) {
    LogLine line{known_level(level), "", std::string(view(text))};
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      const auto found = checks_.find(self);
      if (found != checks_.end())
        line.check = found->second.name;
      else if (self != 0)
        ledger_.misuse(
            "log() for " + hex(self) +
            (was_check(self) ? ", a check that has been destroyed" : ", which never was a check") +
            ": " + line.text);
    }
    ledger_.check_utf8(line.text, "log()");
    ledger_.log(std::move(line));
  }

 private:
  // The run, when its handle is still good. Late calls are what VIRGO_ERR_STALE is
  // for once a run was cancelled; without that, the check has lost its way.
  RunState* usable(virgo_run id, const char* function) {
    const auto found = runs_.find(id);
    if (found == runs_.end()) {
      ledger_.misuse(std::string(function) + " with " + hex(id) + ", which never was a run");
      return nullptr;
    }
    RunState& run = *found->second;
    if (run.open) return &run;
    if (run.cancelled || run.abandoned)
      ++run.late;
    else
      ledger_.misuse(std::string(function) + " on a run that has ended already: " +
                     (run.completed ? "it was completed" : "collect() has returned its status"));
    return nullptr;
  }
  void close(RunState& run) {
    run.open = false;
    on_closed(run);
  }
  void end(RunState& run) {
    if (run.ended) return;
    run.ended = true;
    if (run.beyond == 0) return;
    run.explanation += (run.explanation.empty() ? "" : "; ") + std::to_string(run.beyond) +
                       " samples were refused: beyond a limit";
    if (run.status >= 0) run.status = VIRGO_ERR_LIMIT;
  }

  virgo_status unfit(virgo_status status, const std::string& what) {
    ledger_.misuse("emit(): " + what);
    return status;
  }
  virgo_status add(RunState& run, const virgo_sample& sample);
  // What is wrong with value or labels; "" when nothing is.
  std::string read(const virgo_sample& sample, Sample& out);
  // Bytes of the texts it would add to the run.
  static size_t text_bytes(const Sample& sample, bool declared);
  bool beyond_limits(const RunState& run, const Sample& sample, bool declared) const;

  Ledger& ledger_;
  mutable std::mutex mutex_;
  std::atomic<uint64_t> now_{1000000000000};
  std::map<virgo_check, CheckState> checks_;
  std::vector<virgo_check> gone_;
  std::map<virgo_run, std::shared_ptr<RunState>> runs_;
};

inline std::string Runs::read(const virgo_sample& sample, Sample& out) {
  const auto good = [](virgo_str s) { return s.ptr != nullptr || s.len == 0; };
  if (sample.type == VIRGO_I64) out.value = sample.value.i64;
  if (sample.type == VIRGO_U64) out.value = sample.value.u64;
  if (sample.type == VIRGO_F64) {
    out.value = sample.value.f64;
    if (!std::isfinite(sample.value.f64)) return "is not a finite number";
  }
  if (sample.type == VIRGO_TEXT) {
    if (!good(sample.value.text)) return "has a text at NULL";
    out.value = std::string(view(sample.value.text));
    if (!is_utf8(view(sample.value.text))) ledger_.misuse("emit(): a text that is not UTF-8");
  }
  if (sample.labels.count > 0 &&
      (sample.labels.data == nullptr || sample.labels.stride < sizeof(virgo_label)))
    return "has labels at NULL, or with a stride less than a label has";
  for (const virgo_label& l : elements<virgo_label>(sample.labels)) {
    if (!good(l.key) || !good(l.value)) return "has a label with a text at NULL";
    if (!is_utf8(view(l.key)) || !is_utf8(view(l.value)))
      ledger_.misuse("emit(): a label that is not UTF-8");
    out.labels.emplace_back(view(l.key), view(l.value));
  }
  return "";
}

inline size_t Runs::text_bytes(const Sample& sample, bool declared) {
  size_t bytes = declared ? 0 : sample.name.size() + sample.unit.size();
  if (const auto* text = std::get_if<std::string>(&sample.value)) bytes += text->size();
  for (const auto& [key, value] : sample.labels) bytes += key.size() + value.size();
  return bytes;
}

inline bool Runs::beyond_limits(const RunState& run, const Sample& sample, bool declared) const {
  const auto* text = std::get_if<std::string>(&sample.value);
  bool beyond = run.samples.size() >= limits.samples || sample.labels.size() > limits.labels ||
                (text != nullptr && text->size() > limits.text) ||
                (!declared && std::max(sample.name.size(), sample.unit.size()) > limits.text) ||
                run.text_bytes + text_bytes(sample, declared) > limits.texts;
  for (const auto& [key, value] : sample.labels)
    beyond = beyond || key.size() > limits.text || value.size() > limits.text;
  return beyond;
}

inline virgo_status Runs::add(RunState& run, const virgo_sample& sample) {
  static constexpr const char* kTypes[] = {"", "i64", "u64", "f64", "text"};
  Sample out;
  const bool declared = sample.metric != VIRGO_UNDECLARED;
  const auto& metrics = run.declared->metrics;
  if (declared && sample.metric >= metrics.size())
    return unfit(VIRGO_ERR_INVALID, "a sample names metric " + std::to_string(sample.metric) +
                                        ", but only " + std::to_string(metrics.size()) +
                                        " are declared");
  if (declared) {
    const virgo_metric& metric = metrics[sample.metric];
    out.name = metric.name == nullptr ? "" : metric.name;
    out.unit = metric.unit == nullptr ? "" : metric.unit;
    out.kind = metric.kind;
  } else {
    if ((sample.name.ptr == nullptr && sample.name.len > 0) ||
        (sample.unit.ptr == nullptr && sample.unit.len > 0))
      return unfit(VIRGO_ERR_INVALID, "a sample has its name or unit at NULL");
    out.name = view(sample.name);
    out.unit = view(sample.unit);
    if (sample.kind != 0) out.kind = sample.kind;
  }
  if (out.name.empty())
    return unfit(VIRGO_ERR_INVALID, "a sample of an undeclared metric has no name");
  if (sample.type < VIRGO_I64 || sample.type > VIRGO_TEXT)
    return unfit(VIRGO_ERR_UNSUPPORTED, "metric '" + out.name + "' has value type " +
                                            std::to_string(sample.type) + ", which is none");
  out.unix_ns = sample.unix_ns;
  const std::string wrong = read(sample, out);
  if (!wrong.empty())
    return unfit(VIRGO_ERR_INVALID, "a sample of metric '" + out.name + "' " + wrong);
  if (declared && sample.type != metrics[sample.metric].type)
    return unfit(VIRGO_ERR_INVALID, "metric '" + out.name + "' is declared as " +
                                        kTypes[std::min(metrics[sample.metric].type, 4u)] +
                                        ", but a sample of it is " + kTypes[sample.type]);
  if (beyond_limits(run, out, declared)) {
    ++run.beyond;
    return VIRGO_ERR_LIMIT;
  }
  run.text_bytes += text_bytes(out, declared);
  run.samples.push_back(std::move(out));
  return VIRGO_OK;
}

}  // namespace detail
}  // namespace virgo::fake
