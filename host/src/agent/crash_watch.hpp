// Plugins that crash the agent again and again: judged at its start, by what the
// crash handler wrote down when it ended. Main thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "config/specs.hpp"
#include "native/skip_list.hpp"

namespace virgo::agent {

// The folder for the agent's state, made if it is not there; "" if there is to be
// none, or if the default one does not exist. The error says why it cannot be used.
Result<std::string> state_folder(const config::AgentSpec& spec);

// The plugins that must not be loaded. Fails when there is a list and it cannot be
// read, or when others could have written it.
Result<native::SkipList> read_skipped(const config::AgentSpec& spec);

// The same for an agent: an empty list, and a line in the log, when it fails.
native::SkipList skipped_plugins(const config::AgentSpec& spec);

// Looks at the crashes in `folder`: whoever crashed twice is put on the skip list,
// and what is older than the window at `now` (seconds since 1970) is forgotten.
// Returns who was added.
Result<std::vector<native::SkippedPlugin>> judge_crashes(const std::string& folder,
                                                         std::int64_t now);

// Takes the plugin with this canonical path off the list in `folder`; false if it is
// not on it.
Result<bool> take_off_list(const std::string& folder, const std::string& file);

// At the start of `virgo run`, before plugins are loaded: judges, and installs the
// crash handler. What does not work is logged and the agent runs without it.
void watch_crashes(const config::AgentSpec& spec);

}  // namespace virgo::agent
