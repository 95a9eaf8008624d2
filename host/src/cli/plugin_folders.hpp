// What lies in the folders of plugins, and what an agent would make of it. Blocks: each
// native one that may be loaded is asked in a process of its own.
#pragma once

#include <string>
#include <vector>

#include "cli/plugin_answer.hpp"
#include "native/elf_note.hpp"
#include "native/skip_list.hpp"

namespace virgo::cli {

struct ListedPlugin {
  // unknown: ok or skipped.
  enum class State { ok, refused, skipped, unknown };
  std::string file;
  bool is_lua = false;
  State state = State::ok;
  std::string why;     // unless it is ok
  std::string module;  // its id; "" if not known
  bool has_note = false;
  native::AbiNote note;
  json::Value description;  // null if it was not asked or did not answer
};

// Every *.so of `folders`, then every *.lua of `lua_folders`, in the order the agent loads
// them. `problems` gets a sentence for each folder that cannot be read, and one if `skip`
// could not.
std::vector<ListedPlugin> list_plugins(const std::vector<std::string>& folders,
                                       const std::vector<std::string>& lua_folders,
                                       const Result<native::SkipList>& skip,
                                       std::vector<std::string>& problems);

const char* state_name(ListedPlugin::State state);

}  // namespace virgo::cli
