#include "binding/scope.hpp"

#include <algorithm>

namespace virgo::binding {

std::uint64_t Scope::add(std::unique_ptr<Resource> resource) {
  open_.push_back({++last_, std::move(resource)});
  return last_;
}

Resource* Scope::find(std::uint64_t number) const {
  for (const Entry& e : open_)
    if (e.number == number) return e.resource.get();
  return nullptr;
}

std::unique_ptr<Resource> Scope::take(std::uint64_t number) {
  const auto at = std::find_if(open_.begin(), open_.end(),
                               [number](const Entry& e) { return e.number == number; });
  if (at == open_.end()) return nullptr;
  std::unique_ptr<Resource> out = std::move(at->resource);
  open_.erase(at);
  return out;
}

}  // namespace virgo::binding
