#include "runtime/net_handle.hpp"

#include <lua.hpp>
#include <vector>

#include "lua/state.hpp"
#include "runtime/program.hpp"

namespace virgo::runtime {
namespace {

constexpr const char* kHandle = "virgo.net.connection";

// Owns the connection until it is closed. Alive while Lua has it; a handle with a
// reader, or something to be written, is kept alive by the registry.
class NetHandle {
 public:
  NetHandle(Program& program, std::unique_ptr<net::Connection> connection)
      : program_(program), connection_(std::move(connection)) {
    connection_->pause();
    connection_->set_max_queued(SIZE_MAX);
    connection_->set_handlers({.data = [this](std::string_view bytes) { on_data(bytes); },
                               .closed = [this](const Error& why) { on_end(&why); },
                               .drained = [this] { tell_written(nullptr); },
                               .ended = [this] { on_end(nullptr); }});
  }
  ~NetHandle() { forget(reader_); }

  net::Connection* connection() { return connection_.get(); }
  bool closing() const { return closed_; }
  bool ended() const { return ended_; }

  void anchor(lua_State* L, int index) {
    if (self_ != 0) return;
    lua_pushvalue(L, index);
    self_ = luaL_ref(L, LUA_REGISTRYINDEX);
  }

  void read_start(lua_State* L, int function) {
    forget(reader_);
    lua_pushvalue(L, function);
    reader_ = luaL_ref(L, LUA_REGISTRYINDEX);
    if (ended_)
      post_end();
    else
      connection_->resume();
  }
  void read_stop() {
    if (connection_) connection_->pause();
  }

  void write(lua_State* L, std::string_view bytes, int function) {
    if (lua_isfunction(L, function)) {
      lua_pushvalue(L, function);
      pending_.push_back(luaL_ref(L, LUA_REGISTRYINDEX));
    }
    if (connection_) (void)connection_->write(bytes);
    if (!connection_ || connection_->queued() == 0) post_written();
  }

  void shutdown(lua_State* L, int function) {
    int done = 0;
    if (lua_isfunction(L, function)) {
      lua_pushvalue(L, function);
      done = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    connection_->shutdown([this, done] { call_ref(done, nullptr); });
  }

  // The handle is Lua's garbage once `function` has been called.
  void close(lua_State* L, int function) {
    closed_ = true;
    int done = 0;
    if (lua_isfunction(L, function)) {
      lua_pushvalue(L, function);
      done = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    forget(reader_);
    connection_.reset();
    program_.loop().post([this, done] {
      tell_written("ECANCELED");
      call_ref(done, nullptr);
      forget(self_);
    });
  }

 private:
  lua_State* raw() { return program_.state().raw(); }
  void forget(int& ref) {
    if (ref != 0) luaL_unref(raw(), LUA_REGISTRYINDEX, ref);
    ref = 0;
  }
  void call_ref(int ref, const char* error) {
    if (ref == 0) return;
    lua_rawgeti(raw(), LUA_REGISTRYINDEX, ref);
    luaL_unref(raw(), LUA_REGISTRYINDEX, ref);
    if (error == nullptr)
      lua_pushnil(raw());
    else
      lua_pushstring(raw(), error);
    program_.call(raw(), 1);
  }
  void on_data(std::string_view bytes) {
    if (reader_ == 0) return;
    lua_rawgeti(raw(), LUA_REGISTRYINDEX, reader_);
    lua_pushnil(raw());
    lua_pushlstring(raw(), bytes.data(), bytes.size());
    program_.call(raw(), 2);
  }
  void on_end(const Error* why) {
    ended_ = true;
    if (why != nullptr) error_ = why->code == Errc::timeout ? "ETIMEDOUT" : "ECONNRESET";
    tell_written(error_);
    tell_end();
  }
  void tell_end() {
    if (reader_ == 0 || closed_) return;
    lua_rawgeti(raw(), LUA_REGISTRYINDEX, reader_);
    if (error_ == nullptr)
      lua_pushnil(raw());
    else
      lua_pushstring(raw(), error_);
    lua_pushnil(raw());
    program_.call(raw(), 2);
  }
  void post_end() {
    program_.loop().post([this] { tell_end(); });
  }
  void post_written() {
    if (posted_) return;
    posted_ = true;
    program_.loop().post([this] {
      posted_ = false;
      if (!closed_) tell_written(error_);
    });
  }
  void tell_written(const char* error) {
    const std::vector<int> pending = std::move(pending_);
    pending_.clear();
    for (const int ref : pending) call_ref(ref, error);
  }

  Program& program_;
  std::unique_ptr<net::Connection> connection_;
  std::vector<int> pending_;  // functions of writes under way
  const char* error_ = nullptr;
  int reader_ = 0;
  int self_ = 0;  // ourselves, until closed
  bool posted_ = false;
  bool ended_ = false;
  bool closed_ = false;
};

NetHandle& handle_at(lua_State* L) {
  return **static_cast<NetHandle**>(luaL_checkudata(L, 1, kHandle));
}

int push_zero(lua_State* L) {
  lua_pushinteger(L, 0);
  return 1;
}

int push_closed(lua_State* L) {
  lua_pushnil(L);
  lua_pushliteral(L, "EBADF: bad file descriptor");
  lua_pushliteral(L, "EBADF");
  return 3;
}

int handle_read_start(lua_State* L) {
  NetHandle& handle = handle_at(L);
  luaL_checktype(L, 2, LUA_TFUNCTION);
  if (handle.closing()) return push_closed(L);
  handle.read_start(L, 2);
  return push_zero(L);
}

int handle_read_stop(lua_State* L) {
  handle_at(L).read_stop();
  return push_zero(L);
}

// data: a string, or a list of them
int handle_write(lua_State* L) {
  NetHandle& handle = handle_at(L);
  lua_settop(L, 3);
  if (lua_istable(L, 2)) {
    luaL_Buffer buffer;
    luaL_buffinit(L, &buffer);
    const auto count = static_cast<int>(lua_objlen(L, 2));
    for (int i = 1; i <= count; ++i) {
      lua_rawgeti(L, 2, i);
      luaL_addvalue(&buffer);
    }
    luaL_pushresult(&buffer);
    lua_replace(L, 2);
  }
  std::size_t size = 0;
  const char* bytes = luaL_checklstring(L, 2, &size);
  if (handle.closing()) return push_closed(L);
  handle.write(L, {bytes, size}, 3);
  lua_pushboolean(L, 1);
  return 1;
}

int handle_shutdown(lua_State* L) {
  NetHandle& handle = handle_at(L);
  lua_settop(L, 2);
  if (handle.closing()) return push_closed(L);
  handle.shutdown(L, 2);
  lua_pushboolean(L, 1);
  return 1;
}

int handle_close(lua_State* L) {
  NetHandle& handle = handle_at(L);
  lua_settop(L, 2);
  if (handle.closing()) return luaL_error(L, "handle is already closing");
  handle.close(L, 2);
  return 0;
}

int handle_is_closing(lua_State* L) {
  lua_pushboolean(L, handle_at(L).closing());
  return 1;
}

int handle_is_open(lua_State* L) {
  const NetHandle& handle = handle_at(L);
  lua_pushboolean(L, !handle.closing() && !handle.ended());
  return 1;
}

int handle_is_writable(lua_State* L) {
  lua_pushboolean(L, !handle_at(L).closing());
  return 1;
}

int handle_name(lua_State* L, bool peer) {
  net::Connection* connection = handle_at(L).connection();
  if (connection == nullptr) return push_closed(L);
  return push_address(L, peer ? connection->peer() : connection->local());
}

int handle_getpeername(lua_State* L) {
  return handle_name(L, true);
}

int handle_getsockname(lua_State* L) {
  return handle_name(L, false);
}

int handle_queue(lua_State* L) {
  net::Connection* connection = handle_at(L).connection();
  lua_pushinteger(L, connection == nullptr ? 0 : static_cast<lua_Integer>(connection->queued()));
  return 1;
}

// The socket's options are what they should be for a protocol of messages.
int handle_option(lua_State* L) {
  handle_at(L);
  return push_zero(L);
}

int handle_gc(lua_State* L) {
  auto** held = static_cast<NetHandle**>(luaL_checkudata(L, 1, kHandle));
  delete *held;
  *held = nullptr;
  return 0;
}

int handle_tostring(lua_State* L) {
  lua_pushliteral(L, "virgo_connection_t");
  return 1;
}

void push_metatable(lua_State* L) {
  static const luaL_Reg methods[] = {{"read_start", handle_read_start},
                                     {"read_stop", handle_read_stop},
                                     {"write", handle_write},
                                     {"shutdown", handle_shutdown},
                                     {"close", handle_close},
                                     {"is_closing", handle_is_closing},
                                     {"is_active", handle_is_open},
                                     {"is_readable", handle_is_open},
                                     {"is_writable", handle_is_writable},
                                     {"getpeername", handle_getpeername},
                                     {"getsockname", handle_getsockname},
                                     {"get_write_queue_size", handle_queue},
                                     {"write_queue_size", handle_queue},
                                     {"nodelay", handle_option},
                                     {"keepalive", handle_option},
                                     {"ref", handle_option},
                                     {"unref", handle_option},
                                     {"__gc", handle_gc},
                                     {"__tostring", handle_tostring},
                                     {nullptr, nullptr}};
  if (luaL_newmetatable(L, kHandle) == 0) return;
  luaL_register(L, nullptr, methods);
  lua_pushvalue(L, -1);
  lua_setfield(L, -2, "__index");
}

}  // namespace

void push_net_handle(lua_State* L, std::unique_ptr<net::Connection> connection) {
  auto** held = static_cast<NetHandle**>(lua_newuserdata(L, sizeof(NetHandle*)));
  *held = new NetHandle(Program::of(L), std::move(connection));
  push_metatable(L);
  lua_setmetatable(L, -2);
  (*held)->anchor(L, lua_gettop(L));
}

int push_address(lua_State* L, const std::string& name) {
  if (name.starts_with("unix:")) {
    lua_pushlstring(L, name.data() + 5, name.size() - 5);
    return 1;
  }
  const std::size_t colon = name.rfind(':');
  if (colon == std::string::npos) return 0;
  const bool six = name.starts_with("[");
  lua_createtable(L, 0, 3);
  if (six)
    lua_pushlstring(L, name.data() + 1, colon - 2);
  else
    lua_pushlstring(L, name.data(), colon);
  lua_setfield(L, -2, "ip");
  lua_pushinteger(L, std::strtol(name.c_str() + colon + 1, nullptr, 10));
  lua_setfield(L, -2, "port");
  lua_pushstring(L, six ? "inet6" : "inet");
  lua_setfield(L, -2, "family");
  return 1;
}

}  // namespace virgo::runtime
