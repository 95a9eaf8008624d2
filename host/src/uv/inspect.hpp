// What a loop has open, for people who wonder why it does not end. Loop thread only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "uv/loop.hpp"

namespace virgo::uv {

struct HandleInfo {
  const void* handle = nullptr;  // the uv_handle_t
  std::string type;              // "tcp", "timer", "pipe" ...
  bool active = false;
  bool referenced = false;  // active and referenced: it keeps the loop alive
  bool closing = false;
  int fd = -1;                 // -1 = none
  std::string local;           // address or path it is bound to; "" = none
  std::string peer;            // that of the other side; "" = none
  int pid = 0;                 // of a child
  int signal = 0;              // that is watched
  std::int64_t due_ms = -1;    // of a timer; -1 = it does not run
  std::int64_t repeat_ms = 0;  // 0 = it does not repeat
};

// All handles, the loop's own left out.
std::vector<HandleInfo> list_handles(Loop& loop);
// Operations in progress that are no handles: files, names, connects, writes.
unsigned pending_requests(Loop& loop);

}  // namespace virgo::uv
