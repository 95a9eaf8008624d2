// All check types of a process by name. Not thread-safe.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "check/check.hpp"

namespace virgo::check {

class Registry {
 public:
  // Fails when the name is taken, naming both files.
  Result<void> add(std::unique_ptr<CheckType> type);
  CheckType* find(std::string_view name) const;
  // All types, by name.
  std::vector<CheckType*> types() const;

  // Finds the spec's type, validates params and alert rules and creates the check. On any
  // problem (appended, with position) the result is null.
  std::unique_ptr<Check> create(const config::CheckSpec& spec, config::Problems& problems) const;

 private:
  std::map<std::string, std::unique_ptr<CheckType>, std::less<>> types_;
};

}  // namespace virgo::check
