// /proc/PID/stat, and the names of its folder
#include "fuzz/fuzz.hpp"
#include "processes/pid_stat.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = fuzz::text(data, size);
  plugin::PidStat stat;
  if (plugin::parse_pid_stat(text, &stat)) {
    fuzz::require(stat.comm.data() > text.data());
    fuzz::require(stat.comm.data() + stat.comm.size() < text.data() + text.size());
    fuzz::require(stat.state != ' ');
  }
  fuzz::Writable name(data, size);
  const int32_t pid = plugin::pid_of(name.data());
  fuzz::require(pid >= 0);
  fuzz::require(pid == 0 || strtol(name.data(), nullptr, 10) == pid);
  return 0;
}
