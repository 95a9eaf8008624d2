#include "conform/checked_tables.hpp"

#include <cstring>

#include "conform/guarded_table.hpp"
#include "conform/recorder.hpp"

namespace virgo::conform {
namespace {

#define VIRGO_SIZE_TO(type, member) (offsetof(type, member) + sizeof(type::member))

constexpr Release kReleases[] = {
    {"1.0", VIRGO_SIZE_TO(virgo_host, now_ns), VIRGO_SIZE_TO(virgo_config_api, reject),
     VIRGO_SIZE_TO(virgo_run_api, complete), VIRGO_SIZE_TO(virgo_loop, work), 0},
};

#undef VIRGO_SIZE_TO

// The agent's own, behind the checked ones. One module is tested per process.
struct Agent {
  const virgo_host* host = nullptr;
  const virgo_loop* loop = nullptr;
  const virgo_loop* checked_loop = nullptr;
} agent;

// ---- Configuration. Nodes are gone once configure() has returned.

bool readable(const char* function) {
  if (Recorder::get().may_read_config()) return true;
  Recorder::get().finding(std::string("the configuration was read outside configure(): ") +
                          function + "()");
  return false;
}

template <auto Member>
struct ConfigCall;
template <class R, class... A, R (VIRGO_CALL* virgo_config_api::*Member)(A...)>
struct ConfigCall<Member> {
  template <const char* const& Name>
  static R call(A... args) noexcept {
    if (!readable(Name)) return R();
    return (agent.host->config->*Member)(args...);
  }
};

#define VIRGO_CONFIG_CALL(member)                   \
  static const char* const member##_name = #member; \
  constexpr auto member##_checked = &ConfigCall<&virgo_config_api::member>::call<member##_name>
VIRGO_CONFIG_CALL(get);
VIRGO_CONFIG_CALL(at);
VIRGO_CONFIG_CALL(size);
VIRGO_CONFIG_CALL(key_at);
VIRGO_CONFIG_CALL(kind);
VIRGO_CONFIG_CALL(as_bool);
VIRGO_CONFIG_CALL(as_i64);
VIRGO_CONFIG_CALL(as_f64);
VIRGO_CONFIG_CALL(as_text);
VIRGO_CONFIG_CALL(as_duration);
VIRGO_CONFIG_CALL(as_size);
#undef VIRGO_CONFIG_CALL

void reject_checked(const virgo_config* node, virgo_str why) noexcept {
  if (!readable("reject")) return;
  Recorder::get().text("the reason of a reject()", why);
  agent.host->config->reject(node, why);
}

constexpr virgo_config_api kConfig = {sizeof(virgo_config_api),
                                      0,
                                      get_checked,
                                      at_checked,
                                      size_checked,
                                      key_at_checked,
                                      kind_checked,
                                      as_bool_checked,
                                      as_i64_checked,
                                      as_f64_checked,
                                      as_text_checked,
                                      as_duration_checked,
                                      as_size_checked,
                                      &reject_checked};

// ---- Runs

constexpr std::size_t kSampleSize = offsetof(virgo_sample, reserved) + sizeof(uint32_t);

void look_at(const virgo_sample& sample) {
  Recorder& recorder = Recorder::get();
  if (sample.metric == VIRGO_UNDECLARED) {
    recorder.text("a metric's name", sample.name);
    recorder.text("a metric's unit", sample.unit);
  }
  if (sample.type == VIRGO_TEXT) recorder.text("a sample's text", sample.value.text);
  const virgo_array& labels = sample.labels;
  if (labels.count == 0 || labels.data == nullptr || labels.stride < sizeof(virgo_label)) return;
  for (std::uint32_t i = 0; i < labels.count && i < 64; ++i) {
    virgo_label label;
    std::memcpy(&label, static_cast<const char*>(labels.data) + std::size_t{i} * labels.stride,
                sizeof label);
    recorder.text("a label's key", label.key);
    recorder.text("a label's value", label.value);
  }
}

virgo_status emit(const virgo_host* host, virgo_run run, const virgo_sample* samples,
                  std::uint32_t count, std::uint32_t stride) noexcept {
  const bool strides = count == 0 || (stride >= kSampleSize && stride % alignof(virgo_sample) == 0);
  if (!strides)
    Recorder::get().finding("emit() was given a stride that is not that of a virgo_sample");
  for (std::uint32_t i = 0; strides && samples != nullptr && i < count && i < 10'000; ++i) {
    virgo_sample sample;
    std::memcpy(&sample, reinterpret_cast<const char*>(samples) + std::size_t{i} * stride,
                kSampleSize);
    look_at(sample);
  }
  const virgo_status status = agent.host->run->emit(host, run, samples, count, stride);
  Recorder::get().answered("emit", run, status);
  return status;
}

virgo_status explain(const virgo_host* host, virgo_run run, virgo_str text) noexcept {
  Recorder::get().text("the text of explain()", text);
  const virgo_status status = agent.host->run->explain(host, run, text);
  Recorder::get().answered("explain", run, status);
  return status;
}

std::uint64_t time_left(const virgo_host* host, virgo_run run) noexcept {
  Recorder::get().called("time_left");
  return agent.host->run->time_left(host, run);
}

virgo_status complete(const virgo_host* host, virgo_run run, virgo_status how) noexcept {
  const virgo_status status = agent.host->run->complete(host, run, how);
  Recorder::get().answered("complete", run, status);
  return status;
}

constexpr virgo_run_api kRun = {sizeof(virgo_run_api), 0, &emit, &explain, &time_left, &complete};

// ---- The loop

// A check that is not there any more is never the plugin's right to speak of.
virgo_status seen(const char* function, virgo_run run, virgo_status status) {
  Recorder::get().answered(function, run, status);
  return status;
}
// To stop what has ended by itself is no fault.
virgo_status seen_stop(const char* function, virgo_status status) {
  Recorder::get().called(function);
  if (status != VIRGO_ERR_STALE) Recorder::get().answered(function, 0, status);
  return status;
}

virgo_status timer_start(const virgo_host* host, virgo_check self, virgo_run run,
                         std::uint64_t delay, std::uint64_t period, virgo_timer_fn fn, void* user,
                         virgo_timer* timer) noexcept {
  return seen("timer_start", run,
              agent.loop->timer_start(host, self, run, delay, period, fn, user, timer));
}
virgo_status timer_stop(const virgo_host* host, virgo_timer timer) noexcept {
  return seen_stop("timer_stop", agent.loop->timer_stop(host, timer));
}
virgo_status watch_start(const virgo_host* host, virgo_check self, virgo_run run, virgo_fd fd,
                         std::uint32_t events, virgo_watch_fn fn, void* user,
                         virgo_watch* watch) noexcept {
  return seen("watch_start", run,
              agent.loop->watch_start(host, self, run, fd, events, fn, user, watch));
}
virgo_status watch_modify(const virgo_host* host, virgo_watch watch,
                          std::uint32_t events) noexcept {
  return seen_stop("watch_modify", agent.loop->watch_modify(host, watch, events));
}
virgo_status watch_stop(const virgo_host* host, virgo_watch watch) noexcept {
  return seen_stop("watch_stop", agent.loop->watch_stop(host, watch));
}
virgo_status post(const virgo_host* host, virgo_check self, virgo_run run, virgo_task_fn fn,
                  virgo_task_fn release, void* user) noexcept {
  return seen("post", run, agent.loop->post(host, self, run, fn, release, user));
}
virgo_status work(const virgo_host* host, virgo_check self, virgo_run run, virgo_task_fn fn,
                  virgo_task_fn done, virgo_task_fn release, void* user) noexcept {
  return seen("work", run, agent.loop->work(host, self, run, fn, done, release, user));
}

constexpr virgo_loop kLoop = {
    sizeof(virgo_loop), 0,           &timer_start, &timer_stop, &watch_start,
    &watch_modify,      &watch_stop, &post,        &work};

// ---- The host

const void* get_extension(const virgo_host*, const char* id) noexcept {
  Recorder::get().called("get_extension");
  if (id == nullptr) {
    Recorder::get().finding("get_extension() was given NULL");
    return nullptr;
  }
  return std::strcmp(id, VIRGO_EXT_LOOP) == 0 ? agent.checked_loop : nullptr;
}
const void* no_extension(const virgo_host*, const char*) noexcept {
  return nullptr;
}

std::int32_t log_enabled(const virgo_host* host, virgo_check check, std::int32_t level) noexcept {
  Recorder::get().called("log_enabled");
  return agent.host->log_enabled(host, check, level);
}

// log() is allowed to the last moment, destroy() included.
void log(const virgo_host* host, virgo_check check, std::int32_t level, virgo_str text) noexcept {
  Recorder::get().called("log");
  Recorder::get().text("the text of log()", text);
  agent.host->log(host, check, level, text);
}

std::uint64_t now_ns(const virgo_host* host) noexcept {
  Recorder::get().called("now_ns");
  return agent.host->now_ns(host);
}

}  // namespace

std::span<const Release> releases() {
  return kReleases;
}

const virgo_host* checked_table(const virgo_host* table, const Release& release, bool extensions) {
  agent.host = table;
  agent.loop = static_cast<const virgo_loop*>(table->get_extension(table, VIRGO_EXT_LOOP));
  agent.checked_loop = release.loop == 0 ? nullptr : guard(kLoop, release.loop);
  virgo_host host = *table;  // impl stays, so the agent's functions find their way
  host.abi_minor = release.minor;
  host.config = guard(kConfig, release.config);
  host.run = guard(kRun, release.run);
  host.get_extension = extensions ? &get_extension : &no_extension;
  host.log_enabled = &log_enabled;
  host.log = &log;
  host.now_ns = &now_ns;
  return guard(host, release.host);
}

}  // namespace virgo::conform
