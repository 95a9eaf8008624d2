// The native halves of the built-in modules. Built-in modules alone reach them,
// as require("native.<name>"). Internal to runtime/.
#pragma once

struct lua_State;

namespace virgo::runtime {

// Leaves a table on the stack whose fields are the libraries; each is opened when
// it is first asked for. May raise.
void open_natives(lua_State* L);

// The libraries: each leaves its table on the stack and may raise.
// clang-format off
int open_builtins(lua_State* L);     // load(name) -> function | nil, names() -> list
int open_crypto(lua_State* L);       // randomBytes, sha1, sha256, sha512
int open_debugging(lua_State* L);    // profile, inspect_handles, handles()
int open_http_client(lua_State* L);  // session(limits), encode_base64(text)
int open_http_server(lua_State* L);  // see http_server_binding.hpp
int open_json(lua_State* L);         // codec(hooks) -> decode, encode; quote(text)
int open_process(lua_State* L);      // exit(code), executable
int open_terminal(lua_State* L);     // guard(fd, text), interrupts(fn), busy(flag)
int open_thread(lua_State* L);       // start, self; in a thread: returned, failed
int open_tls(lua_State* L);          // context(options), codec(context, name, port)
int open_virgo(lua_State* L);        // log, equal, printable, settings, version
int open_web_socket(lua_State* L);   // codec(role, max_message), accept_value, new_key
// clang-format on

// Before the state is closed: SIGINT and the profiler are as they were.
void close_terminal(lua_State* L);

}  // namespace virgo::runtime
