// LuaRun: the strand of one open run of a Lua check; the functions of virgo.parallel
// work for it. Destroying it stops the script where it stands. Loop thread only.
#pragma once

#include "binding/strand.hpp"
#include "check/check.hpp"

namespace virgo::script {

class LuaCheck;
class LuaFile;

class LuaRun final : public binding::Strand {
 public:
  LuaRun(LuaFile& file, LuaCheck& check, check::Run& run, lua::Coroutine coroutine);

  LuaCheck& check() const { return check_; }
  check::Run& run() { return run_; }

  // Begins, or goes on, with `nargs` values on the coroutine; the check settles
  // what comes of it, and may destroy this.
  void go_on(int nargs) override;
  void broke(lua::Exit exit) override;

 private:
  LuaCheck& check_;
  check::Run& run_;
};

}  // namespace virgo::script
