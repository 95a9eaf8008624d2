// Asks file systems how full they are without ever waiting for one that does not answer.
//
// stat() and statvfs() hang for as long as a server is away, and nothing can call them
// back. So a thread of this module's asks one file system after the other. One that takes
// too long is left behind with its thread, and another thread goes on with the rest; when
// it answers after all, its thread ends. A file system that somebody is in is not entered
// again, by no instance and through no other mount of it.
//
// All of this is the module's and not the instances': an instance may be gone when its
// thread comes back. Prober owns the threads and the queue; one mutex guards everything.
// A Probe belongs to the Inquiry that made it, and to its thread once that has given it up.
#pragma once

#include <pthread.h>
#include <sys/statvfs.h>

#include <virgo/plugin.hpp>

namespace plugin {

// Threads left behind in calls that do not return, at most; beside them there is one.
constexpr uint32_t kMostLeftBehind = 32;

// What to ask of one file system, and what it answered.
struct Probe {
  enum class State : uint8_t { held, queued, entered, answered };

  Probe* next;  // in the queue, or among those that have been entered
  State state;
  bool wanted;        // false: the thread that is in it frees it
  bool risky;         // somebody else has to answer, who may never do
  bool folders_only;  // containers mount single files, such as /etc/hosts: not wanted
  uint64_t entered_ns;
  const char* device;  // which file system: "8:1"
  const char* paths;   // where it is mounted, each with its NUL, and one more at the end
  // The answer. Written by the thread while entered, read by others once answered.
  int error;       // errno, 0 if all is well
  uint32_t which;  // of the paths; that of the error, if there is one
  bool found;      // false: single files only, or an error
  struct statvfs fs;
};

// What one run asks. Not to be used by several threads at once, but for wake().
class Inquiry {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  Inquiry() = default;
  ~Inquiry();
  Inquiry(const Inquiry&) = delete;
  Inquiry& operator=(const Inquiry&) = delete;

  // One more file system. `paths` as in Probe, `length` all of them. `below`: the number
  // of one asked before, through which the way to this one leads: if that is stuck, so
  // is this. False when there is no memory.
  bool add(std::string_view device, const char* paths, size_t length, bool risky, bool folders_only,
           uint32_t below = kNone);
  uint32_t size() const { return count_; }

  // Until each has answered or has been in for `stuck_after_ns`, or half of the run's time
  // if that is less. VIRGO_ERR_TIMEOUT: the
  // run's time is up; VIRGO_ERR_NO_MEMORY: there is no thread to be had.
  virgo_status wait(virgo::sdk::Run run, uint64_t stuck_after_ns);
  // After wait(): null if it is stuck.
  const Probe* answer(uint32_t i) const { return items_[i].probe; }
  // How many were not even asked, because too many threads have been left behind.
  uint32_t refused() const { return refused_; }

 private:
  struct Item {
    Probe* probe;  // null once it has been given up
    uint32_t below;
  };
  uint64_t limit_of(const Item& item, uint64_t stuck_after_ns) const;
  bool review(uint64_t now, uint64_t stuck_after_ns, uint64_t* wake);
  void give_up(Item& item);
  void release_all();

  Item* items_ = nullptr;
  uint32_t count_ = 0;
  uint32_t room_ = 0;
  uint32_t refused_ = 0;
};

// The threads. Instances that may ask hold it open: the last one that closes it ends
// the thread that waits for work, those left behind stay.
namespace prober {
virgo_status load();  // before anything else; again does nothing
void open();
void close();
void wake();  // those who wait look at their run's time anew
}  // namespace prober

}  // namespace plugin
