#include "script/lua_run.hpp"

#include <lua.hpp>

#include "lua/traceback.hpp"
#include "script/check_bindings.hpp"
#include "script/lua_check.hpp"
#include "script/lua_file.hpp"
#include "script/lua_socket.hpp"

namespace virgo::script {

LuaRun::LuaRun(LuaCheck& check, check::Run& run, std::uint64_t id, lua::Coroutine coroutine)
    : check_(check), run_(run), id_(id), coroutine_(std::move(coroutine)) {}

LuaRun::~LuaRun() = default;

LuaRun& LuaRun::current(lua_State* L, const char* function) {
  LuaRun* run = LuaFile::of(L).current();
  if (run == nullptr)
    luaL_error(L, "%s can only be used in collect(), while a run is open", function);
  return *run;
}

void LuaRun::wait_for(lua_State* L, std::string what, std::shared_ptr<void> operation) {
  waiting_in_ = L;
  waiting_for_ = std::move(what);
  operation_ = std::move(operation);
}

void LuaRun::complete(const std::function<int(lua_State*)>& push) {
  waiting_in_ = nullptr;
  operation_.reset();
  check_.go_on(push(coroutine_.raw()));
}

void LuaRun::complete_error(const Error& error, const char* status) {
  complete([&](lua_State* L) { return push_failure(L, status, error); });
}

std::string LuaRun::waiting_in() const {
  if (waiting_in_ == nullptr) return "";
  const std::string where = lua::position(waiting_in_);  // "" after a tail call
  return where.empty() ? waiting_for_ : waiting_for_ + " at " + where;
}

LuaSocket* LuaRun::socket(std::uint64_t id) const {
  for (const auto& s : sockets_)
    if (s->id() == id) return s.get();
  return nullptr;
}

}  // namespace virgo::script
