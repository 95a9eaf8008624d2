// One configured instance of a native check type, and the life of its runs.
// Loop thread only; what plugins do on other threads arrives through Handles.
//
//   start() -> [SERIAL: wait for the module] -> [worker: wait for a thread]
//           -> collect() -> returned: done ............................ finish()
//                        -> returned: PENDING -> complete() from anywhere  finish()
//   cancel(): not begun -> withdrawn, finish(); else the plugin is told
//   abandon(): the handle goes stale; while collect() still executes: wedged()
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "check/check.hpp"
#include "native/guarded.hpp"
#include "native/handles.hpp"
#include "native/host.hpp"
#include "native/loop_objects.hpp"
#include "native/native_instance.hpp"

namespace virgo::native {

class NativeCheck final : public check::Check {
 public:
  // `type` belongs to `module`.
  NativeCheck(Host& host, std::shared_ptr<Module> module, const TypeDescription& type,
              std::string name);
  // Lets go of the plugin's instance. If its collect() still executes, the instance
  // is left behind; if a work does, it is destroyed after that.
  ~NativeCheck() override;
  NativeCheck(const NativeCheck&) = delete;
  NativeCheck& operator=(const NativeCheck&) = delete;

  // The plugin's create() and configure(). The error is a sentence for a person.
  Result<void> create_instance();
  Result<void> configure(const virgo_config* root);

  void start(check::Run& run) override;
  void cancel(check::Run& run) override;
  void abandon(check::Run& run) override;
  bool wedged() const override;
  void quarantine() override;

  // The module's turn has come (SERIAL).
  void go();
  // Posted by Handles; either may come too late and is then ignored.
  void worker_returned(virgo_run run, const CallResult& result);
  void run_completed(virgo_run run);

  // The handle of the run that is open, or was last.
  virgo_run open_run() const { return open_.id; }

  // ---- For virgo/ext/loop.h
  virgo_check self() const { return self_; }
  bool quarantined() const { return quarantined_; }
  LoopObjects& loop_objects();
  // The plugin completed `run` on the loop: its watches end now, as it may close
  // their descriptors next. The rest of the run's end is posted.
  void completed_on_loop(virgo_run run);
  const std::shared_ptr<NativeInstance>& instance() const { return instance_; }
  // Runs what the plugin has posted.
  void run_posts();
  // Calls back into the plugin, for `run` or 0: what it throws ends the run, and
  // the time it takes is held against the check. `what` is what it was, "timer".
  template <class Call>
  void call_back(virgo_run run, const char* what, Call&& call) {
    const TimePoint before = host_.clock().now();
    const CallResult r = guarded([&] {
      const CallScope note = instance_->noted(what);
      call();
    });
    held_loop(host_.clock().now() - before);
    if (!r.thrown.empty()) callback_failed(run, std::string("its ") + what + " " + r.thrown);
  }
  void callback_failed(virgo_run run, const std::string& what);

 private:
  void open_run(check::Run& run);
  void call_returned(const CallResult& result);
  // The call of this run is over or was taken back.
  void call_over();
  // Takes a call back that has not begun. False if there is none.
  bool take_back_call();
  // The run's time is up before its call began.
  void finish_unbegun(const std::string& waited_for);
  std::string waited() const;
  // Ends the run. `this` may be gone when it returns.
  void finish(virgo_status status, std::string explanation);
  void end_run();
  void held_loop(Duration time);
  void release(const PluginPost& post);
  // Adds what the agent has to say about refused samples.
  void judge_samples(virgo_status& status, std::string& explanation) const;

  Host& host_;
  const std::shared_ptr<Module> module_;
  const TypeDescription& type_;
  std::shared_ptr<NativeInstance> instance_;
  CheckEntry entry_;
  virgo_check self_ = 0;
  std::unique_ptr<LoopObjects> loop_objects_;  // when first asked for
  Duration held_between_runs_{};
  bool quarantined_ = false;

  check::Run* run_ = nullptr;
  OpenRun open_;
  TimePoint started_{};
  bool waiting_ = false;  // in the module's queue
  bool calling_ = false;  // collect() is queued or executes
  uv::WorkerPool::Ticket ticket_ = 0;
};

}  // namespace virgo::native
