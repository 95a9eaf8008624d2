// Asks a plugin what it is, in a process of its own: `virgo plugin describe`, run
// with the binary that runs now. Blocks for at most 5 s.
#pragma once

#include <string>

#include "json/value.hpp"

namespace virgo::cli {

struct PluginAnswer {
  json::Value description;  // as in plugin_description.hpp; null if there is none
  std::string problem;      // then why: it crashed, hung, was refused
};

PluginAnswer ask_plugin(const std::string& file);

}  // namespace virgo::cli
