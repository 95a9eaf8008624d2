// Permits: what the script that runs may reach. A plugin declares its needs in
// virgo.check{needs = ...}; the agent's configuration may allow less. What was not
// declared is refused as well as what is not allowed, and the error says which of
// the two it was. Loop thread only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

struct lua_State;

namespace virgo::binding {

class Context;

// Kinds of network use.
enum class Net : std::uint8_t {
  tcp = 1,          // connections over TCP, with TLS or HTTP on top, and looking up names for it
  udp = 2,          // datagrams
  unix_domain = 4,  // sockets of this host
  icmp = 8,         // echo requests
  dns = 16,         // questions to name servers
  listen = 32,      // being connected or sent to: udp.bind
};
const char* net_name(Net kind);  // "tcp"
// All of them, for reading a configuration.
const std::vector<Net>& net_kinds();

// A list of what may be reached.
struct Grants {
  std::uint8_t net = 0;           // of Net
  std::vector<std::string> exec;  // absolute paths of programs; patterns, see matches_path()
  std::vector<std::string> read;  // absolute paths of files and folders; the same
};

struct Permits {
  Grants declared;
  // What the configuration leaves of it, where it narrows it.
  Grants allowed;
  bool narrows_net = false;
  bool narrows_exec = false;
  bool narrows_read = false;
  // "NAME=value" of the maps among the check's parameters, as the configuration has them.
  std::vector<std::string> variables;
  // The option that narrows, for messages: "lua_plugins.redis.lua.allow".
  std::string option;
};

// Raise an error that names what is missing. `function`: "virgo.tcp.connect".
void check_net(lua_State* L, Net kind, const char* function);
void check_exec(lua_State* L, const char* program, const char* function);
void check_read(lua_State* L, const char* path, const char* function);
// A variable of a program's environment. Those that make a program load or run something
// else (LD_PRELOAD, BASH_ENV, PATH ...) are only what the configuration gives the check.
void check_variable(lua_State* L, std::string_view name, std::string_view value,
                    const char* function);

// The file that stands for `path`, which the script has been permitted: its own, or the one
// of the context's overlay if that has it.
std::string file_to_use(const Context& context, const std::string& path);

// Whether `path` is named by `pattern`: the same text; everything below it if the
// pattern ends in '/'; '*' stands for any characters but '/'. A path with "." or ".."
// or "//" in it is named by nothing.
bool matches_path(std::string_view pattern, std::string_view path);

}  // namespace virgo::binding
