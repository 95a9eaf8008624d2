// Which cgroups are wanted, by shell patterns on their paths, in which * stands for
// anything but a slash; and into which folders one must look to find them.
#pragma once

#include <shared/words.hpp>

namespace plugin {

class PathPatterns {
 public:
  // False when there is no memory.
  bool set(virgo::sdk::Config root) {
    return include_.set(root["include"]) && exclude_.set(root["exclude"]);
  }
  bool wants(const char* path) const { return matches(include_, path); }
  bool excludes(const char* path) const { return matches(exclude_, path); }
  // Whether something below `path`, which has `depth` names in it, may be wanted.
  bool leads_on(const char* path, unsigned depth) const {
    for (uint32_t i = 0; i < include_.size(); ++i) {
      char start[512];
      if (cut(bare(include_.at(i)), depth, start, sizeof start) &&
          fnmatch(start, path, FNM_PATHNAME) == 0)
        return true;
    }
    return false;
  }

 private:
  static const char* bare(const char* pattern) { return pattern[0] == '/' ? pattern + 1 : pattern; }
  static bool matches(const Words& patterns, const char* path) {
    for (uint32_t i = 0; i < patterns.size(); ++i)
      if (fnmatch(bare(patterns.at(i)), path, FNM_PATHNAME) == 0) return true;
    return false;
  }
  // The first `names` names of a pattern; false when it has no more than these.
  static bool cut(const char* pattern, unsigned names, char* out, size_t size) {
    const char* end = pattern;
    for (; *end != '\0' && (*end != '/' || --names > 0); ++end) continue;
    const auto n = static_cast<size_t>(end - pattern);
    if (*end == '\0' || n >= size) return false;
    memcpy(out, pattern, n);
    out[n] = '\0';
    return true;
  }

  Words include_;
  Words exclude_;
};

}  // namespace plugin
