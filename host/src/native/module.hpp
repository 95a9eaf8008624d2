// A loaded module: its description, and what its checks share. Loop thread.
//
// Quarantine: a call that is overdue keeps a thread, and a library whose calls
// hang will hang the next one too. When `wedged_limit` calls of a module have not
// come back, no further call is made into it until all of them have. Of a SERIAL
// module one is enough: behind it, nothing can run.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "native/call_note.hpp"
#include "native/descriptor.hpp"
#include "native/host.hpp"
#include "native/host_table.hpp"

namespace virgo::native {

class Module {
 public:
  // Describes `raw`, which came from the library `file`, and calls its load().
  // The error is a sentence without the file's name.
  static Result<std::shared_ptr<Module>> open(Host& host, std::string file,
                                              const virgo_module* raw);
  // Calls unload() if no instance is left.
  ~Module();
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  const std::string& file() const { return file_; }
  const ModuleDescription& description() const { return description_; }
  const virgo_host* host_table() const { return table_; }
  // For the notes around calls into it. Immortal.
  const CodeMark& mark() const { return *mark_; }

  void instance_made() { ++instances_; }
  void instance_gone() { --instances_; }

  // One at a time, for SERIAL types: true if `check` may go ahead. Otherwise it
  // stands in a queue, until serial_release() of the one before calls its go().
  bool serial_take(NativeCheck& check);
  void serial_release();
  // Leaves the queue.
  void serial_forget(NativeCheck& check);

  // A call was given up on, and: it came back after all.
  void call_wedged(bool serial);
  void call_came_back();
  bool quarantined() const { return quarantined_; }
  std::string quarantine_reason() const;

 private:
  Module(Host& host, std::string file, ModuleDescription description);

  const std::string file_;
  const ModuleDescription description_;
  const unsigned wedged_limit_;
  const virgo_host* table_;  // immortal
  const CodeMark* mark_;     // immortal
  bool loaded_ = false;
  unsigned instances_ = 0;
  unsigned wedged_ = 0;
  bool quarantined_ = false;
  bool serial_busy_ = false;
  std::deque<NativeCheck*> serial_queue_;
};

}  // namespace virgo::native
