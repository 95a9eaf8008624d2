// Text to tree: the only place that knows yaml-cpp. Internal to config/.
//
// Narrower than YAML on purpose: one document, keys are unique scalars, no tags
// (but !!str), no merge keys. Not thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "config/load.hpp"
#include "config/substitute.hpp"

namespace virgo::config {

// Called for each scalar value that contains "${", once however often an alias
// repeats it.
using Substitute = std::function<Result<Substituted>(std::string_view)>;

// Problems are in file order. A null root and a problem if the text cannot be
// read as a whole; a usable root and problems for single values or keys.
// Throws nothing.
Parsed read_yaml(std::string_view text, const std::shared_ptr<const std::string>& file,
                 const ParseLimits& limits, const Substitute& substitute);

}  // namespace virgo::config
