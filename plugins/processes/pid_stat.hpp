// /proc/PID/stat: "4711 (a (b) c) S 1 4711 4711 0 -1 4194560 ..." - one line of numbers
// behind a name that may itself have blanks, parentheses and line ends in it.
#pragma once

#include <shared/text.hpp>

namespace plugin {

struct PidStat {
  std::string_view comm;
  char state = '?';
  uint64_t flags = 0;  // PF_KTHREAD and others
  uint64_t minor_faults = 0;
  uint64_t major_faults = 0;
  uint64_t user = 0;    // ticks
  uint64_t system = 0;  // ticks
  uint64_t threads = 0;
  uint64_t start = 0;         // ticks since boot
  uint64_t virtual_size = 0;  // bytes
  uint64_t resident = 0;      // pages
};

// False when a number is missing, damaged or cut off.
inline bool parse_pid_stat(std::string_view text, PidStat* out) {
  if (text.empty()) return false;
  const void* open = memchr(text.data(), '(', text.size());
  const void* shut = memrchr(text.data(), ')', text.size());
  if (open == nullptr || shut == nullptr || shut < open) return false;
  const char* comm = static_cast<const char*>(open) + 1;
  const char* behind = static_cast<const char*>(shut) + 1;
  out->comm = {comm, static_cast<size_t>(behind - 1 - comm)};
  std::string_view rest(behind, text.size() - static_cast<size_t>(behind - text.data()));
  const std::string_view state = take_word(rest);
  if (state.size() != 1) return false;
  out->state = state.front();
  // From the fourth field on; nullptr = not of interest.
  uint64_t* const fields[] = {nullptr,
                              nullptr,
                              nullptr,
                              nullptr,
                              nullptr,
                              &out->flags,
                              &out->minor_faults,
                              nullptr,
                              &out->major_faults,
                              nullptr,
                              &out->user,
                              &out->system,
                              nullptr,
                              nullptr,
                              nullptr,
                              nullptr,
                              &out->threads,
                              nullptr,
                              &out->start,
                              &out->virtual_size,
                              &out->resident};
  for (uint64_t* field : fields) {
    const std::string_view word = take_word(rest);
    if (word.empty() || (field != nullptr && !to_u64(word, field))) return false;
  }
  return !rest.empty();  // more follows on every kernel: the last number is whole
}

// A folder of /proc that is a process; 0 for every other name.
inline int32_t pid_of(const char* name) {
  int64_t pid = 0;
  for (const char* c = name; *c != '\0'; ++c) {
    if (*c < '0' || *c > '9' || pid > INT32_MAX) return 0;
    pid = pid * 10 + (*c - '0');
  }
  return pid > INT32_MAX ? 0 : static_cast<int32_t>(pid);
}

}  // namespace plugin
