// A new plugin project: a copy of the SDK's template in which the names of the
// template ("my-plugin", "my_plugin", ...) have become the author's. No threads;
// errors say which file or name it was, and what to do.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace virgo::cli {

// What one name becomes where. Of "acme-queue":
struct ProjectNames {
  std::string name;        // "acme-queue": the folder, the CMake target, the .so
  std::string type;        // "acme.queue": what a configuration says, and the metrics begin with
  std::string id;          // "com.example.acme-queue": the module's, unless it was given
  std::string file;        // "acme_queue": of source files
  std::string class_name;  // "AcmeQueue"
};

// `name`: lower-case letters, digits and single '-' between them, at least one '-'.
// `id`: "" for the one made from the name.
Result<ProjectNames> project_names(const std::string& name, const std::string& id);

// `text` with the template's names replaced by `names`.
std::string fill_in(std::string_view text, const ProjectNames& names);

// Makes the new folder `target` from the folder `source`. The names of the files
// made, in byte order. Refuses a target that exists; leaves nothing behind when it fails.
Result<std::vector<std::string>> make_project(const std::string& source, const std::string& target,
                                              const ProjectNames& names);

}  // namespace virgo::cli
