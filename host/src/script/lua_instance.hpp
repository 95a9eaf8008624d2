// LuaInstance: the table that is `self` for one configured check, in the state of its
// file: its parameters are fields, and what it does not have is looked up in the
// declaration. It is gone with the state, and made again in the next one. Loop thread
// only.
#pragma once

#include <cstdint>

#include "binding/permits.hpp"
#include "config/node.hpp"

struct lua_State;

namespace virgo::script {

class LuaCheckType;
class LuaFile;

class LuaInstance {
 public:
  // References outlive it.
  LuaInstance(LuaFile& file, const LuaCheckType& type, config::Node params);
  ~LuaInstance();
  LuaInstance(const LuaInstance&) = delete;
  LuaInstance& operator=(const LuaInstance&) = delete;

  // Whether it is there, in the present state of the file.
  bool made() const;
  // Makes it in the state, which there must be, outside of a running script. Returns what
  // the declared needs stand for, with its parameters.
  binding::Grants make();
  void drop();

  // When it is made.
  void push(lua_State* L) const;
  // The declaration's function of that name, or whatever the script has put there: nil.
  void push_method(lua_State* L, const char* name) const;

 private:
  void set_param(lua_State* L, std::size_t n);

  LuaFile& file_;
  const LuaCheckType& type_;
  const config::Node params_;
  std::uint32_t generation_ = 0;  // of the state
  int ref_ = -1;
};

}  // namespace virgo::script
