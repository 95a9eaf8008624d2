// The container that a cgroup is of: "docker-3f...9a.scope", "cri-containerd-3f...9a.scope",
// "3f...9a", with sixty-four digits.
#pragma once

#include <shared/text.hpp>

namespace plugin {

// Empty when the path does not end with such a name.
inline std::string_view container_id_of(std::string_view path) {
  constexpr size_t kDigits = 64;
  constexpr std::string_view kScope = ".scope";
  if (path.size() > kScope.size() &&
      memcmp(path.data() + path.size() - kScope.size(), kScope.data(), kScope.size()) == 0)
    path.remove_suffix(kScope.size());
  if (path.size() < kDigits) return {};
  const std::string_view id(path.data() + path.size() - kDigits, kDigits);
  for (const char c : id)
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return {};
  if (path.size() == kDigits) return id;
  const char before = path[path.size() - kDigits - 1];
  return before == '/' || before == '-' ? id : std::string_view{};
}

}  // namespace plugin
