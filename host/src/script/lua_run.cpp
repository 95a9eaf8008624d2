#include "script/lua_run.hpp"

#include "script/lua_check.hpp"
#include "script/lua_file.hpp"

namespace virgo::script {

LuaRun::LuaRun(LuaFile& file, LuaCheck& check, check::Run& run, lua::Coroutine coroutine)
    : Strand(file, std::move(coroutine)), check_(check), run_(run) {}

void LuaRun::go_on(int nargs) {
  LuaCheck& check = check_;
  check.settle(resume(nargs));
}

void LuaRun::exceed(const char* limit, std::string value, std::string text) {
  if (exceeded_.limit == nullptr) exceeded_ = {limit, std::move(value), std::move(text)};
}

void LuaRun::broke(lua::Exit exit) {
  check_.settle(exit);
}

}  // namespace virgo::script
