// Which plugin a thread is in: noted around each call into one, for a crash
// handler to read.
//
// A note lies on the stack of the call it is about; a thread-local pointer leads
// to the innermost. Any thread; current_call() and mark_at() are
// async-signal-safe.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/file.hpp"

namespace virgo::native {

// A plugin's file, and the module in it. Must outlive the notes that refer to it.
struct CodeMark {
  std::string module;    // its id; "" while it is not known yet
  std::string file;      // canonical path
  std::string identity;  // which file it was that lay there: see file_identity()
};

struct CallNote {
  const CodeMark* mark = nullptr;
  const char* function = "";      // "collect"
  std::array<char, 136> check{};  // the check's name, "" for none; ends with a NUL
  const CallNote* outer = nullptr;
};

// Notes a call for as long as it lives.
class CallScope {
 public:
  // `function` must live for ever (a literal); `check` is copied.
  CallScope(const CodeMark& mark, std::string_view check, const char* function) noexcept;
  ~CallScope();
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;

 private:
  CallNote note_;
};

// The innermost call of the calling thread into a plugin, or null.
const CallNote* current_call() noexcept;

using virgo::file_identity;

// Remembers, for ever, that the library which has `address` is the code of `mark`,
// which must be immortal: a crash on a thread that the plugin made itself is in no
// call of ours. Loop thread.
void remember_code(const CodeMark& mark, const void* address);
// Whose code lies at `address`; null if no plugin's.
const CodeMark* mark_at(const void* address) noexcept;

}  // namespace virgo::native
