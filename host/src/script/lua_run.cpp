#include "script/lua_run.hpp"

#include "script/lua_check.hpp"
#include "script/lua_file.hpp"

namespace virgo::script {

LuaRun::LuaRun(LuaFile& file, LuaCheck& check, check::Run* run, lua::Coroutine coroutine)
    : Strand(file, std::move(coroutine)), check_(check), run_(run) {}

void LuaRun::go_on(int nargs) {
  LuaCheck& check = check_;
  const bool background = is_background();
  const lua::Exit exit = resume(nargs);
  if (background)
    check.settle_background(exit);
  else
    check.settle(exit);
}

void LuaRun::exceed(const char* limit, std::string value, std::string text) {
  if (exceeded_.limit == nullptr) exceeded_ = {limit, std::move(value), std::move(text)};
}

void LuaRun::broke(lua::Exit exit) {
  if (is_background())
    check_.settle_background(exit);
  else
    check_.settle(exit);
}

}  // namespace virgo::script
