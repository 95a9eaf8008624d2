// What the plugin under test did against the rules of virgo/plugin.h, as the tables
// it calls see it. One per process: C functions have nothing else to hold on to.
// Any thread.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "virgo/plugin.h"

namespace virgo::conform {

class Recorder {
 public:
  static Recorder& get();

  // Once however often it happens; `take()` says how often that was.
  void finding(const std::string& text);
  // "complete() of a run that has ended (3 times)". Empties the record.
  std::vector<std::string> take();

  // ---- What the tester does meanwhile

  // configure() is being called on this thread, or is over.
  void configuring(bool on);
  bool may_read_config() const;
  // The tester gave the run up: whatever is still said about it is answered STALE,
  // and that is no fault of the plugin's.
  void abandoned(virgo_run run);
  // No instance is left: from here on, every call is one too many.
  void destroyed(bool on) { destroyed_ = on; }

  // ---- What the tables saw

  // Any call of `function`.
  void called(const char* function);
  // A call about `run` that was answered `status`.
  void answered(const char* function, virgo_run run, virgo_status status);
  // A text of the plugin's; `what` is "a label", "explain()".
  void text(const char* what, virgo_str text);

 private:
  mutable std::mutex mutex_;
  std::map<std::string, unsigned> findings_;
  std::set<virgo_run> abandoned_;
  std::atomic<bool> destroyed_ = false;
  std::atomic<std::thread::id> configuring_{};
};

}  // namespace virgo::conform
