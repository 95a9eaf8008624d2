// LuaRun: the strand of one open run of a Lua check, or of its background(); the
// functions of virgo.parallel work for it. Destroying it stops the script where it
// stands. Loop thread only.
#pragma once

#include <string>

#include "binding/strand.hpp"
#include "check/check.hpp"

namespace virgo::script {

class LuaCheck;
class LuaFile;

class LuaRun final : public binding::Strand {
 public:
  // `run` is null for background().
  LuaRun(LuaFile& file, LuaCheck& check, check::Run* run, lua::Coroutine coroutine);

  LuaCheck& check() const { return check_; }
  check::Run& run() { return *run_; }
  bool is_background() const { return run_ == nullptr; }

  // Processor time of its code so far.
  Duration cpu{};
  // The first bound it has met, whether its script caught the error or not.
  struct Exceeded {
    const char* limit = nullptr;  // "limits.lua_sockets"; null: none
    std::string value;
    std::string text;
  };
  const Exceeded& exceeded() const { return exceeded_; }
  void exceed(const char* limit, std::string value, std::string text);

  // Begins, or goes on, with `nargs` values on the coroutine; the check settles
  // what comes of it, and may destroy this.
  void go_on(int nargs) override;
  void broke(lua::Exit exit) override;

 private:
  LuaCheck& check_;
  check::Run* const run_;
  Exceeded exceeded_;
};

}  // namespace virgo::script
