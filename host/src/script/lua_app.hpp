// A trusted Lua application on the loop: a folder with main.lua, all of Lua's
// libraries, `uv` (luv), and Virgo's `virgo`, `net` and `json`. The endpoint
// server is one. Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "json/value.hpp"
#include "uv/loop.hpp"

namespace virgo::script {

class LuaApp {
 public:
  // Runs `folder`/main.lua as a task; `require` finds its other files.
  // `options` becomes the global of that name; `component` names it in the log.
  // The error names the file. `exited` is called, from the loop, when the script
  // calls virgo.exit(code), or with 1 when a task or a callback of it fails.
  static Result<std::unique_ptr<LuaApp>> start(uv::Loop& loop, const std::string& folder,
                                               const json::Value& options, const char* component,
                                               std::function<void(int)> exited);
  // Drops its tasks and closes its handles; turns the loop for that.
  ~LuaApp();
  LuaApp(const LuaApp&) = delete;
  LuaApp& operator=(const LuaApp&) = delete;

 private:
  struct Parts;
  explicit LuaApp(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace virgo::script
