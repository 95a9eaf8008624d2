#include "native/handles.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <span>
#include <utility>

#include "base/text.hpp"
#include "native/immortal.hpp"
#include "native/loop_objects.hpp"
#include "native/native_check.hpp"

namespace virgo::native {
namespace {

constexpr std::size_t kSampleSize = offsetof(virgo_sample, reserved) + sizeof(uint32_t);
constexpr std::size_t kMaxExplanation = 2048;
constexpr std::uint32_t kMaxLabels = 64;

// Reads a plugin's label array; an entry more than allowed stands for them all.
struct Labels {
  std::array<metric::Label, kMaxLabels + 1> items;
  std::uint32_t count = 0;
  bool good = true;

  Labels(const virgo_array& array, std::uint32_t limit) {
    if (array.count == 0) return;
    good = array.data != nullptr && array.stride >= sizeof(virgo_label);
    if (!good) return;
    count = std::min(array.count, std::min(limit, kMaxLabels) + 1);
    for (std::uint32_t i = 0; i < count; ++i) {
      virgo_label label;
      std::memcpy(&label, static_cast<const char*>(array.data) + std::size_t{i} * array.stride,
                  sizeof label);
      good = good && readable(label.key) && readable(label.value);
      if (good) items[i] = {{label.key.ptr, label.key.len}, {label.value.ptr, label.value.len}};
    }
  }
  static bool readable(const virgo_str& s) { return s.ptr != nullptr || s.len == 0; }
};

// False when a text is NULL or a number is not one.
bool read_value(const virgo_sample& sample, metric::Value& out) {
  switch (sample.type) {
    case VIRGO_I64:
      out = metric::Value::of(sample.value.i64);
      return true;
    case VIRGO_U64:
      out = metric::Value::of(sample.value.u64);
      return true;
    case VIRGO_F64:
      out = metric::Value::of(sample.value.f64);
      return std::isfinite(sample.value.f64);
    default:
      out = metric::Value::of(std::string_view(sample.value.text.ptr, sample.value.text.len));
      return Labels::readable(sample.value.text);
  }
}

bool known_type(std::uint32_t type) {
  return type >= VIRGO_I64 && type <= VIRGO_TEXT;
}

}  // namespace

void Handles::shut_down() {
  const std::lock_guard lock(mutex_);
  loop_ = nullptr;
  checks_ = {};
  runs_ = {};
}

virgo_check Handles::add_check(CheckEntry& entry) {
  const std::lock_guard lock(mutex_);
  return checks_.insert(&entry);
}

void Handles::remove_check(virgo_check check) {
  const std::lock_guard lock(mutex_);
  checks_.erase(check);
}

NativeCheck* Handles::find(virgo_check check) const {
  const std::lock_guard lock(mutex_);
  const CheckEntry* entry = checks_.get(check);
  return entry == nullptr ? nullptr : entry->check;
}

void Handles::end_check(CheckEntry& entry) {
  const std::lock_guard lock(mutex_);
  entry.ending = true;
}

NativeCheck* Handles::find_owner(virgo_check check) const {
  const std::lock_guard lock(mutex_);
  const CheckEntry* entry = checks_.get(check);
  return entry == nullptr || entry->ending ? nullptr : entry->check;
}

void Handles::open(OpenRun& run) {
  const std::lock_guard lock(mutex_);
  run.id = runs_.insert(&run);
  run.open = true;
}

void Handles::close(OpenRun& run) {
  const std::lock_guard lock(mutex_);
  runs_.erase(run.id);
  run.open = false;
}

bool Handles::call_returned(OpenRun& run, virgo_status status) {
  const std::lock_guard lock(mutex_);
  run.executing = false;
  if (run.completed) return true;
  if (status == VIRGO_PENDING) return false;
  runs_.erase(run.id);
  run.open = false;
  run.status = status;
  return true;
}

bool Handles::cancel(OpenRun& run) {
  const std::lock_guard lock(mutex_);
  run.cancelled = true;
  return !run.completed;
}

template <class Task>
void Handles::post(virgo_check check, Task task) {
  if (loop_ == nullptr) return;
  // On the loop, so the check found is not destroyed while the task runs.
  loop_->post([this, check, task = std::move(task)]() mutable {
    if (NativeCheck* found = find(check); found != nullptr) task(*found);
  });
}

void Handles::post_returned(virgo_check check, virgo_run run, CallResult result) {
  const std::lock_guard lock(mutex_);
  post(check,
       [run, result = std::move(result)](NativeCheck& c) { c.worker_returned(run, result); });
}

bool Handles::is_open(virgo_run run) const {
  const std::lock_guard lock(mutex_);
  return runs_.get(run) != nullptr;
}

bool Handles::is_open(virgo_run run, virgo_check check) const {
  const std::lock_guard lock(mutex_);
  const OpenRun* open = runs_.get(run);
  return open != nullptr && open->check == check;
}

virgo_status Handles::post_task(virgo_check check, const PluginPost& task) {
  const std::lock_guard lock(mutex_);
  CheckEntry* entry = checks_.get(check);
  if (entry == nullptr || entry->ending) return VIRGO_ERR_STALE;
  if (task.run != 0) {
    const OpenRun* run = runs_.get(task.run);
    if (run == nullptr || run->check != check) return VIRGO_ERR_STALE;
  }
  if (entry->posts.size() >= kMaxPosts) return VIRGO_ERR_LIMIT;
  entry->posts.push_back(task);
  if (entry->posts.size() == 1) post(check, [](NativeCheck& c) { c.run_posts(); });
  return VIRGO_OK;
}

std::vector<PluginPost> Handles::take_posts(CheckEntry& entry) {
  const std::lock_guard lock(mutex_);
  return std::exchange(entry.posts, {});
}

void Handles::put_back(CheckEntry& entry, std::vector<PluginPost> posts) {
  const std::lock_guard lock(mutex_);
  // A task to run them is on its way if there are newer ones.
  const bool due = !entry.posts.empty();
  entry.posts.insert(entry.posts.begin(), posts.begin(), posts.end());
  if (!due) post(entry.check->self(), [](NativeCheck& c) { c.run_posts(); });
}

void Handles::post_work(std::shared_ptr<WorkItem> item) {
  const std::lock_guard lock(mutex_);
  if (loop_ == nullptr) {
    // The agent has left without this call. Nobody may touch the plugin any more.
    keep_for_ever(std::make_unique<std::shared_ptr<WorkItem>>(std::move(item)));
    return;
  }
  loop_->post([item = std::move(item)] { item->came_back(); });
}

virgo_status Handles::emit(virgo_run id, const virgo_sample* samples, std::uint32_t count,
                           std::uint32_t stride) {
  std::string complaint;
  virgo_status status = VIRGO_OK;
  ModuleVoice nobody;
  virgo_check check = 0;
  {
    const std::lock_guard lock(mutex_);
    OpenRun* run = runs_.get(id);
    if (run == nullptr) return VIRGO_ERR_STALE;
    if (count > 0 && (samples == nullptr || stride < kSampleSize)) return VIRGO_ERR_INVALID;
    const std::uint64_t unfit_before = run->unfit;
    for (std::uint32_t i = 0; i < count; ++i) {
      if (run->samples->size() >= run->samples->limits().samples) {
        // Full: the rest need not be looked at, a million as little as one.
        run->beyond_count += count - i;
        if (status == VIRGO_OK) status = VIRGO_ERR_LIMIT;
        break;
      }
      virgo_sample sample{};
      std::memcpy(&sample, reinterpret_cast<const char*>(samples) + std::size_t{i} * stride,
                  std::min<std::size_t>(stride, sizeof sample));
      const virgo_status one = add(*run, sample);
      if (status == VIRGO_OK) status = one;
    }
    if (run->unfit > unfit_before && unfit_before == 0) {
      complaint = run->unfit_why;
      check = run->check;
    }
  }
  if (!complaint.empty()) log(nobody, check, LogLevel::warn, complaint);
  return status;
}

virgo_status Handles::unfit(OpenRun& run, virgo_status status, std::string why) {
  if (run.unfit++ == 0) run.unfit_why = std::move(why);
  return status;
}

virgo_status Handles::add(OpenRun& run, const virgo_sample& sample) {
  const bool declared = sample.metric != VIRGO_UNDECLARED;
  const auto& metrics = run.type->metrics;
  if (declared && sample.metric >= metrics.size())
    return unfit(run, VIRGO_ERR_INVALID,
                 format("a sample names metric {}, but only {} are declared", sample.metric,
                        metrics.size()));
  const std::string_view name = declared ? std::string_view(metrics[sample.metric].name)
                                : sample.name.ptr != nullptr
                                    ? std::string_view(sample.name.ptr, sample.name.len)
                                    : "";
  if (name.empty())
    return unfit(run, VIRGO_ERR_INVALID, "a sample of an undeclared metric has no name");
  if (!declared && sample.unit.ptr == nullptr && sample.unit.len > 0)
    return unfit(run, VIRGO_ERR_INVALID,
                 format("a sample of metric '{}' has a unit at NULL", printable(name)));
  if (!known_type(sample.type) || (declared && !run.type->known_type[sample.metric]))
    return unfit(run, VIRGO_ERR_UNSUPPORTED,
                 format("metric '{}' has value type {}, which this agent does not know",
                        printable(name), sample.type));
  metric::Value value;
  const Labels labels(sample.labels, run.samples->limits().labels);
  if (!read_value(sample, value) || !labels.good)
    return unfit(run, VIRGO_ERR_INVALID,
                 format("a sample of metric '{}' is not a finite number, or holds a text at NULL",
                        printable(name)));
  const std::span<const metric::Label> span(labels.items.data(), labels.count);
  metric::AddResult result;
  if (declared) {
    result = run.samples->add(metrics[sample.metric], value, span, sample.unix_ns);
  } else {
    metric::MetricInfo info;
    info.name = name;
    if (sample.unit.ptr != nullptr) info.unit.assign(sample.unit.ptr, sample.unit.len);
    info.kind = kind_of(sample.kind);
    info.type = value.type;
    result = run.samples->add_undeclared(info, value, span, sample.unix_ns);
  }
  if (result == metric::AddResult::ok) return VIRGO_OK;
  if (result == metric::AddResult::limit) {
    ++run.beyond_size;
    return VIRGO_ERR_LIMIT;
  }
  return unfit(
      run, VIRGO_ERR_INVALID,
      format("metric '{}' is declared as {}, but a sample of it is {}", name,
             metric::type_name(metrics[sample.metric].type), metric::type_name(value.type)));
}

virgo_status Handles::explain(virgo_run id, std::string_view text) {
  const std::lock_guard lock(mutex_);
  OpenRun* run = runs_.get(id);
  if (run == nullptr) return VIRGO_ERR_STALE;
  run->explanation = to_utf8(cut_utf8(text, kMaxExplanation));
  return VIRGO_OK;
}

std::uint64_t Handles::time_left(virgo_run id) const {
  const std::lock_guard lock(mutex_);
  const OpenRun* run = runs_.get(id);
  if (run == nullptr || run->cancelled) return 0;
  const TimePoint now = clock_.now();
  return now >= run->deadline ? 0 : static_cast<std::uint64_t>((run->deadline - now).count());
}

virgo_status Handles::complete(virgo_run id, virgo_status status) {
  if (status == VIRGO_PENDING) return VIRGO_ERR_INVALID;
  NativeCheck* check = nullptr;
  {
    const std::lock_guard lock(mutex_);
    OpenRun* run = runs_.get(id);
    if (run == nullptr) return VIRGO_ERR_STALE;
    runs_.erase(id);
    run->open = false;
    run->completed = true;
    run->status = status;
    if (const CheckEntry* entry = checks_.get(run->check); entry != nullptr) check = entry->check;
    // While collect() executes, its return is what ends the run.
    if (!run->executing) post(run->check, [id](NativeCheck& c) { c.run_completed(id); });
  }
  if (check != nullptr && on_loop_thread()) check->completed_on_loop(id);
  return VIRGO_OK;
}

void Handles::log(ModuleVoice& voice, virgo_check check, LogLevel level, std::string_view text) {
  if (!log_enabled(level)) return;
  std::string who;
  std::uint64_t suppressed = 0;
  {
    const std::lock_guard lock(mutex_);
    CheckEntry* entry = checks_.get(check);
    LogBudget& budget = entry != nullptr ? entry->log : voice.log;
    if (!budget.take(clock_.now(), suppressed)) return;
    who = entry != nullptr ? format("check '{}'", entry->name) : format("module {}", voice.id);
    if (entry != nullptr && !voice.id.empty()) who += format(" ({})", voice.id);
  }
  // Outside the mutex: writing may block.
  if (suppressed > 0)
    log_message(level, "native", format("{}: {} more lines suppressed", who, suppressed));
  log_message(level, "native", format("{}: {}", who, text));
}

std::uint64_t Handles::now_ns() const {
  return static_cast<std::uint64_t>(clock_.now().time_since_epoch().count());
}

}  // namespace virgo::native
