// SPDX-License-Identifier: MIT
//
// The functions of virgo::fake::Host. Included by fake_host.hpp, and by nobody else.
#pragma once

#include "../fake_host.hpp"

namespace virgo::fake {

inline Host::Host() {
  runs_.on_closed = [this](const detail::RunState& run) { loop_.end_run(run); };
  runs_.wake = [this] { loop_.wake(); };
  extensions_[VIRGO_EXT_LOOP] = loop_api();
  table_ = {sizeof(virgo_host),
            VIRGO_ABI_MAJOR,
            VIRGO_ABI_MINOR,
            this,
            "virgo",
            "0.0.0-fake",
            detail::ConfigView::api(),
            run_api(),
            &get_extension,
            &log_enabled,
            &log_line,
            &clock};
}

inline Host::~Host() {
  for (const virgo_module* module : modules_)
    if (VIRGO_HAS(virgo_module, module, unload))
      detail::guarded(ledger_, "unload()", [&] { module->unload(); });
  if (asked_) return;
  for (const std::string& line : ledger_.misuse())
    fprintf(stderr, "virgo::fake::Host: misuse: %s\n", line.c_str());
}

inline void Host::load(const virgo_module* module) {
  if (module == nullptr || module->magic != VIRGO_MODULE_MAGIC)
    detail::fail("virgo_module_v1() returned no module");
  if (module->abi_major != VIRGO_ABI_MAJOR || module->requires_minor > VIRGO_ABI_MINOR)
    detail::fail("the module wants plugin ABI " + std::to_string(module->abi_major) + "." +
                 std::to_string(module->requires_minor) + ", this header has " +
                 std::to_string(VIRGO_ABI_MAJOR) + "." + std::to_string(VIRGO_ABI_MINOR));
  for (const virgo_module* known : modules_)
    if (known == module) return;
  if (VIRGO_HAS(virgo_module, module, load)) {
    virgo_status status = VIRGO_ERR_FAILED;
    detail::guarded(ledger_, "load()", [&] { status = module->load(&table_); });
    if (status < 0) detail::fail("load() of the module answered " + status_text(status));
  }
  modules_.push_back(module);
}

inline uint64_t Host::next_event() const {
  uint64_t next = loop_.next_due();
  for (const Check* check : checks_)
    if (check->run_ != nullptr) next = std::min(next, runs_.next_limit(*check->run_));
  return next;
}

inline void Host::keep_deadlines() {
  const std::set<Check*> checks = checks_;
  for (Check* check : checks) {
    if (check->run_ == nullptr || runs_.next_limit(*check->run_) > runs_.now()) continue;
    const Outcome run(check->run_, runs_.mutex());
    if (!runs_.was_cancelled(*check->run_))
      check->cancel(run);
    else
      check->abandon(run);
  }
}

inline void Host::turn() {
  // Posts may post again, but not for ever.
  for (int i = 0; i < 1000; ++i) {
    loop_.turn(0);
    if (!loop_.has_posts()) return;
  }
}

inline void Host::advance(Duration duration) {
  const uint64_t until = runs_.now() + static_cast<uint64_t>(duration.count());
  // A timer without delay that starts itself anew would hold time for ever.
  for (int i = 0; i < 1000000; ++i) {
    turn();
    keep_deadlines();
    const uint64_t next = next_event();
    if (next > until) break;
    runs_.set_now(std::max(next, runs_.now()));
  }
  runs_.set_now(until);
  turn();
}

inline bool Host::run_until(const std::function<bool()>& done, Duration limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  for (;;) {
    turn();
    if (done()) return true;
    if (std::chrono::steady_clock::now() >= end) return false;
    // What other threads do need not wake the loop.
    loop_.turn(5);
  }
}

inline const void* VIRGO_CALL Host::get_extension(const virgo_host* host, const char* id) {
  const auto& all = of(host).extensions_;
  const auto found = all.find(id == nullptr ? "" : id);
  return found == all.end() ? nullptr : found->second;
}

inline const virgo_run_api* Host::run_api() {
  static constexpr virgo_run_api kApi = {
      sizeof(virgo_run_api),
      0,
      [](const virgo_host* h, virgo_run run, const virgo_sample* samples, uint32_t count,
         uint32_t stride) { return of(h).runs_.emit(run, samples, count, stride); },
      [](const virgo_host* h, virgo_run run, virgo_str text) {
        return of(h).runs_.explain(run, text);
      },
      [](const virgo_host* h, virgo_run run) { return of(h).runs_.time_left(run); },
      [](const virgo_host* h, virgo_run run, virgo_status status) {
        return of(h).runs_.complete(run, status);
      }};
  return &kApi;
}

inline const virgo_loop* Host::loop_api() {
  static constexpr virgo_loop kApi = {
      sizeof(virgo_loop),
      0,
      [](const virgo_host* h, virgo_check self, virgo_run run, uint64_t delay, uint64_t period,
         virgo_timer_fn fn, void* user, virgo_timer* timer) {
        return of(h).loop_.timer_start(self, run, delay, period, fn, user, timer);
      },
      [](const virgo_host* h, virgo_timer timer) { return of(h).loop_.timer_stop(timer); },
      [](const virgo_host* h, virgo_check self, virgo_run run, virgo_fd fd, uint32_t events,
         virgo_watch_fn fn, void* user, virgo_watch* watch) {
        return of(h).loop_.watch_start(self, run, fd, events, fn, user, watch);
      },
      [](const virgo_host* h, virgo_watch watch, uint32_t events) {
        return of(h).loop_.watch_modify(watch, events);
      },
      [](const virgo_host* h, virgo_watch watch) { return of(h).loop_.watch_stop(watch); },
      [](const virgo_host* h, virgo_check self, virgo_run run, virgo_task_fn fn,
         virgo_task_fn release,
         void* user) { return of(h).loop_.post(self, run, fn, release, user); },
      [](const virgo_host* h, virgo_check self, virgo_run run, virgo_task_fn work,
         virgo_task_fn done, virgo_task_fn release,
         void* user) { return of(h).loop_.work(self, run, work, done, release, user); }};
  return &kApi;
}

}  // namespace virgo::fake
