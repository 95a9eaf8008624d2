// /etc/passwd: "www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin". Read here and not
// by getpwnam(3), which may ask the network.
#pragma once

#include <shared/text.hpp>

namespace plugin {

// The number of the user of this name; a number stands for itself.
inline bool find_user(std::string_view passwd, std::string_view name, uint64_t* out) {
  if (to_u64(name, out)) return true;
  while (!name.empty() && !passwd.empty()) {
    std::string_view line = take_until(passwd, '\n');
    if (take_until(line, ':') != name) continue;
    take_until(line, ':');
    if (memchr(line.data(), ':', line.size()) == nullptr) continue;  // cut off
    if (to_u64(take_until(line, ':'), out)) return true;
  }
  return false;
}

}  // namespace plugin
