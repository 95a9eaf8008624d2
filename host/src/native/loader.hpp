// From a file to a module. Loop thread.
//
// In this order, so that nothing of a file runs before all that can be known
// without running it is known: may others write it (trust.hpp); is it a plugin,
// for this ABI (elf_note.hpp); then it is mapped (all symbols bound at once, none
// of them visible to others), its entry called, its tables read. It is never
// unmapped: threads, thread-locals and atexit handlers of a library cannot be
// taken back.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "check/registry.hpp"
#include "native/host.hpp"
#include "native/module.hpp"
#include "native/skip_list.hpp"

namespace virgo::native {

// Whose files are loaded. A process that loads `any` must not be the agent: it is
// for the tools of plugin authors, who may run what is theirs from where it lies.
enum class Trust {
  checked,  // as trust.hpp demands
  any,      // whoever can write it
};

// The error names the file and says why it was refused.
Result<std::shared_ptr<Module>> load_module(Host& host, const std::string& file,
                                            Trust trust = Trust::checked);

// Its tables only: neither its load() nor anything else but its entry is called.
Result<ModuleDescription> describe_module(const std::string& file, Trust trust);

struct LoadedPlugins {
  struct Plugin {
    std::string file;
    std::string id;
    std::string version;
    std::vector<std::string> types;
  };
  std::vector<Plugin> plugins;
  // Of what could not be used, each a sentence naming the file or folder. None of
  // them is a reason not to start.
  std::vector<Error> refusals;
};

// Loads every *.so of `folders`, one folder after the other, in byte order of the
// file names, and adds their check types to `registry`, which `host` must outlive.
// What is on `skip` is refused.
LoadedPlugins load_plugins(Host& host, const std::vector<std::string>& folders,
                           check::Registry& registry, const SkipList& skip = {});

}  // namespace virgo::native
