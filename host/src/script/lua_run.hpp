// LuaRun: the strand of one open run of a Lua check. Destroying it stops the
// script where it stands. Loop thread only.
#pragma once

#include "check/check.hpp"
#include "script/strand.hpp"

namespace virgo::script {

class LuaCheck;
class LuaFile;

class LuaRun final : public Strand {
 public:
  LuaRun(LuaFile& file, LuaCheck& check, check::Run& run, lua::Coroutine coroutine);

  // In a check file's state every strand is a run. Raises an error outside of
  // one; `function` is the binding's name.
  static LuaRun& current(lua_State* L, const char* function) {
    return static_cast<LuaRun&>(Strand::current(L, function));
  }

  LuaCheck& check() const { return check_; }
  check::Run& run() { return run_; }

  // Begins, or goes on, with `nargs` values on the coroutine; the check settles
  // what comes of it, and may destroy this.
  void go_on(int nargs) override;

 private:
  LuaCheck& check_;
  check::Run& run_;
};

}  // namespace virgo::script
