// Things that live until the process ends, on purpose: plugins are never
// unmapped and may hold what they were given for as long as that.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

namespace virgo::native {

// Never destroyed, and reachable, so that leak checkers know it is no accident.
// Thread-safe.
template <class T>
T* keep_for_ever(std::unique_ptr<T> object) {
  static std::mutex mutex;
  static auto* kept = new std::vector<T*>;
  const std::lock_guard lock(mutex);
  kept->push_back(object.release());
  return kept->back();
}

}  // namespace virgo::native
