// What a plugin says of itself, as JSON and as pages made of that.
//
//   {"module": "virgo.cpu", "version": "1.0.0", "vendor": "Virgo",
//    "abi_major": 1, "abi_minor": 0, "requires_minor": 0,
//    "types": [{"name", "summary", "thread": "loop" or "worker",
//               "flags": ["serial", "isolate", "reconfigures"],
//               "params": [{"name", "type", "default", "required", "secret", "help"}],
//               "metrics": [{"name", "unit", "kind", "type", "help"}]}]}
//
// "default" is absent where there is none, and masked for a secret. Any thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "check/check.hpp"
#include "json/value.hpp"
#include "json/writer.hpp"
#include "native/descriptor.hpp"

namespace virgo::cli {

std::string to_json(const native::ModuleDescription& module);

// The list "types" for the check types of a Lua file: in place of "thread" and "flags"
// they have "needs", as ["net tcp", "read /proc/loadavg"], and, if they run by themselves,
// "interval".
std::string to_json(const std::vector<std::unique_ptr<check::CheckType>>& lua_types);

// The check types for a person: `types` is the list above. Each with its
// parameters and its metrics.
std::string types_page(const json::Value& types);
// The same as Markdown, for a README: the tables, and headings if there is more
// than one type.
std::string types_markdown(const json::Value& types);

// A text member of an object; "" if there is none.
std::string text_member(const json::Value& object, const char* key);

}  // namespace virgo::cli
