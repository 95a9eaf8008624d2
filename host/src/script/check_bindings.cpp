#include "script/check_bindings.hpp"

#include <lua.hpp>

#include "lua/sandbox.hpp"
#include "script/bindings.hpp"
#include "script/json_binding.hpp"
#include "script/net_binding.hpp"

namespace virgo::script {

void bind_check_globals(lua_State* L) {
  open_failures(L);
  open_check_virgo(L);
  lua_setglobal(L, "virgo");
  lua::add_lazy_global(L, "net", open_net);
  lua::add_lazy_global(L, "fs", open_check_fs);
  lua::add_lazy_global(L, "json", open_json);
}

}  // namespace virgo::script
