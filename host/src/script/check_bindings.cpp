#include "script/check_bindings.hpp"

#include <lua.hpp>

#include "binding/bindings.hpp"

namespace virgo::script {

void bind_check_globals(lua_State* L) {
  binding::open_failures(L);
  open_check_virgo(L);
  lua_setglobal(L, "virgo");
}

}  // namespace virgo::script
