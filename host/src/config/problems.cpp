#include "config/problems.hpp"

namespace virgo::config {

std::string to_string(const Problems& problems) {
  std::string text;
  for (const Problem& p : problems) text += (text.empty() ? "" : "; ") + to_string(p);
  return text;
}

}  // namespace virgo::config
