// The children of a process as /proc tells them, for tests that no zombie is left.
#pragma once

#include <dirent.h>
#include <sys/types.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

namespace virgo::proc {

struct ProcessState {
  pid_t pid = 0;
  pid_t parent = 0;
  pid_t group = 0;
  pid_t session = 0;
  char state = '?';  // 'Z' = zombie
};

// All zeros when it is gone.
inline ProcessState process_state(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  ProcessState out;
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return out;
  if (std::sscanf(text.c_str() + name_end + 1, " %c %d %d %d", &out.state, &out.parent, &out.group,
                  &out.session) == 4)
    out.pid = pid;
  return out;
}

inline std::vector<ProcessState> children_of(pid_t parent) {
  std::vector<ProcessState> out;
  DIR* proc = opendir("/proc");
  while (const dirent* entry = proc != nullptr ? readdir(proc) : nullptr) {
    const ProcessState state = process_state(std::atoi(entry->d_name));
    if (state.pid > 0 && state.parent == parent) out.push_back(state);
  }
  if (proc != nullptr) closedir(proc);
  return out;
}

inline std::size_t zombies_of(pid_t parent) {
  std::size_t n = 0;
  for (const ProcessState& child : children_of(parent)) n += child.state == 'Z' ? 1 : 0;
  return n;
}

}  // namespace virgo::proc
