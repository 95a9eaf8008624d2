// The runs and checks plugins hold handles of, and what they may do with them.
//
// Plugins come in here on any thread, at any time, also long after what they ask
// about is gone: a slow worker, a thread of their own. So everything is behind
// one mutex, objects are reached through generation-tagged handles only, and a
// Handles is never destroyed (see immortal.hpp).
//
// A run's handle is valid from open() until the run has been completed or closed;
// emit() and friends answer VIRGO_ERR_STALE from then on. Samples go straight
// into the scheduler's buffer: under the mutex, and only while the handle is
// valid, during which nobody else looks at it.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/handle_table.hpp"
#include "base/log.hpp"
#include "metric/sample.hpp"
#include "native/descriptor.hpp"
#include "native/guarded.hpp"
#include "native/plugin_log.hpp"
#include "uv/loop.hpp"
#include "virgo/ext/loop.h"
#include "virgo/plugin.h"

namespace virgo::native {

class NativeCheck;
struct LoopObject;
struct WorkItem;

// What a plugin wants to run on the loop thread (virgo_loop.post).
struct PluginPost {
  virgo_run run = 0;  // 0 = the check's
  virgo_task_fn fn = nullptr;
  virgo_task_fn release = nullptr;
  void* user = nullptr;
};

// A check, as its plugin can speak of it. Owned by the NativeCheck.
struct CheckEntry {
  std::string name;
  NativeCheck* check = nullptr;
  LogBudget log;
  bool ending = false;  // guarded by Handles' mutex, as is this:
  std::vector<PluginPost> posts;
};

// One run. Owned by the NativeCheck; guarded by Handles' mutex while open.
struct OpenRun {
  virgo_run id = 0;
  virgo_check check = 0;
  const TypeDescription* type = nullptr;
  metric::SampleBuffer* samples = nullptr;
  TimePoint deadline{};
  bool open = false;       // its handle is valid
  bool executing = false;  // collect() has been called, or queued, and has not returned
  bool completed = false;  // by complete(); then `status` is how
  bool cancelled = false;
  virgo_status status = VIRGO_OK;
  std::string explanation;
  std::uint64_t beyond_count = 0;  // samples refused because there were too many
  std::uint64_t beyond_size = 0;   // because of a text too long or too many labels
  std::uint64_t unfit = 0;         // because they did not fit their declaration
  std::string unfit_why;           // the first of these
};

// The module a plugin's virgo_host was made for.
struct ModuleVoice {
  std::string id;
  LogBudget log;
};

class Handles {
 public:
  static constexpr std::size_t kMaxPosts = 1024;  // waiting, per check

  // Made on the loop thread. `clock` must live as long as the process.
  Handles(uv::Loop& loop, const Clock& clock) : loop_(&loop), clock_(clock) {}

  // ---- The host's side. Loop thread. ----

  // The agent is going: nothing is posted to the loop any more, no handle is
  // valid any more.
  void shut_down();

  virgo_check add_check(CheckEntry& entry);
  // The check is about to go: it may log, but own nothing new.
  void end_check(CheckEntry& entry);
  void remove_check(virgo_check check);

  // Gives `run` a handle. The caller has filled in check, type, samples, deadline.
  void open(OpenRun& run);
  // collect() has returned `status`. True when the run has ended by that, or had
  // been completed already; its end is in run.status then.
  bool call_returned(OpenRun& run, virgo_status status);
  // time_left() is 0 from here on. False when the run is completed already.
  bool cancel(OpenRun& run);
  // Makes the handle stale. Nobody else touches `run` afterwards.
  void close(OpenRun& run);

  // Null when the check has gone; the second: or is going.
  NativeCheck* find(virgo_check check) const;
  NativeCheck* find_owner(virgo_check check) const;
  // What checks have on the loop.
  HandleTable<LoopObject>& loop_objects() { return loop_objects_; }
  // The posts that wait, in their order. And: some of them, for a later turn.
  std::vector<PluginPost> take_posts(CheckEntry& entry);
  void put_back(CheckEntry& entry, std::vector<PluginPost> posts);

  // From a worker: hands the item, whose work has returned, to the loop.
  void post_work(std::shared_ptr<WorkItem> item);
  // From a worker: tells the check, on the loop, that its call has returned.
  void post_returned(virgo_check check, virgo_run run, CallResult result);

  // ---- The plugins' side. Any thread. ----

  virgo_status emit(virgo_run run, const virgo_sample* samples, std::uint32_t count,
                    std::uint32_t stride);
  virgo_status explain(virgo_run run, std::string_view text);
  std::uint64_t time_left(virgo_run run) const;
  virgo_status complete(virgo_run run, virgo_status status);
  // `check` may be 0, or stale: then the module speaks.
  void log(ModuleVoice& voice, virgo_check check, LogLevel level, std::string_view text);
  std::uint64_t now_ns() const;
  bool on_loop_thread() const { return std::this_thread::get_id() == loop_thread_; }
  // The run has not ended; the second: and is one of `check`.
  bool is_open(virgo_run run) const;
  bool is_open(virgo_run run, virgo_check check) const;
  virgo_status post_task(virgo_check check, const PluginPost& task);

 private:
  // Puts one sample into the run's buffer. Mutex held.
  virgo_status add(OpenRun& run, const virgo_sample& sample);
  virgo_status unfit(OpenRun& run, virgo_status status, std::string why);
  // Runs `task` with the check, on the loop, if both are still there. Mutex held.
  template <class Task>
  void post(virgo_check check, Task task);

  mutable std::mutex mutex_;
  uv::Loop* loop_;
  const Clock& clock_;
  HandleTable<CheckEntry> checks_;
  HandleTable<OpenRun> runs_;
  const std::thread::id loop_thread_ = std::this_thread::get_id();
  HandleTable<LoopObject> loop_objects_;  // loop thread only
};

}  // namespace virgo::native
