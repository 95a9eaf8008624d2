// /proc/mounts, in search of cgroups
#include "cgroup/cgroup_mount.hpp"
#include "fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Writable text(data, size);
  const plugin::CgroupMount mount = plugin::find_cgroup_mount(text.data(), size);
  fuzz::require(mount.path.empty() ||
                (mount.path.data() >= text.data() &&
                 mount.path.data() + mount.path.size() <= text.data() + size));
  return 0;
}
