#include "script/lua_instance.hpp"

#include <lua.hpp>

#include "script/check_permits.hpp"
#include "script/lua_check_type.hpp"
#include "script/lua_file.hpp"
#include "script/lua_params.hpp"

namespace virgo::script {

LuaInstance::LuaInstance(LuaFile& file, const LuaCheckType& type, config::Node params)
    : file_(file), type_(type), params_(std::move(params)) {}

LuaInstance::~LuaInstance() {
  drop();
}

bool LuaInstance::made() const {
  return ref_ >= 0 && generation_ == file_.generation() && file_.live_state() != nullptr;
}

binding::Grants LuaInstance::make() {
  lua_State* L = file_.live_state()->raw();
  lua_createtable(L, 0, static_cast<int>(type_.params().size()));
  file_.push_declared(L, type_.number());  // self declaration
  for (std::size_t n = 0; n < type_.params().size(); ++n) set_param(L, n);
  binding::Grants needs = resolved_needs(L, -2, type_.needs());
  lua_pushliteral(L, "__index");
  lua_pushvalue(L, -2);
  lua_rawset(L, -3);  // declaration.__index = declaration
  lua_setmetatable(L, -2);
  ref_ = luaL_ref(L, LUA_REGISTRYINDEX);
  generation_ = file_.generation();
  return needs;
}

// On the stack: self, declaration. The script may have written anything into the latter
// since it was verified.
void LuaInstance::set_param(lua_State* L, std::size_t n) {
  const check::ParamInfo& param = type_.params()[n];
  const int top = lua_gettop(L);
  lua_pushlstring(L, param.name.data(), param.name.size());
  if (const config::Node* node = check::find_param(params_, param.name); node != nullptr) {
    push_param(L, *node, param);
  } else if (param.has_fallback) {
    lua_pushliteral(L, "params");
    lua_rawget(L, top);
    for (const char* key : {param.name.c_str(), "default"}) {
      if (!lua_istable(L, -1)) {
        lua_pushnil(L);
        break;
      }
      lua_pushstring(L, key);
      lua_rawget(L, -2);
    }
    push_default(L, -1, param.type);
    lua_replace(L, top + 2);
    lua_settop(L, top + 2);
  } else {
    lua_pushnil(L);
  }
  lua_rawset(L, top - 1);
}

void LuaInstance::drop() {
  if (made()) luaL_unref(file_.live_state()->raw(), LUA_REGISTRYINDEX, ref_);
  ref_ = -1;
}

void LuaInstance::push(lua_State* L) const {
  lua_rawgeti(L, LUA_REGISTRYINDEX, ref_);
}

void LuaInstance::push_method(lua_State* L, const char* name) const {
  file_.push_declared(L, type_.number());
  lua_pushstring(L, name);
  lua_rawget(L, -2);
  lua_remove(L, -2);
}

}  // namespace virgo::script
