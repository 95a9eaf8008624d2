// The native half of the module http's server. Internal to runtime/. Loop thread only.
//
// One call into Lua per request and one back per response: Lua holds a userdata per
// connection, made at its first request, and the request's number on it. What is done
// to a request that is over, or a connection that is, answers nil, message, "ECONNRESET".
#pragma once

#include <span>
#include <string_view>

#include "http/headers.hpp"
#include "net/http_connection.hpp"

struct lua_State;

namespace virgo::runtime {

// Final, which a declaration cannot say.
class HttpServerBinding;  // NOLINT(cppcoreguidelines-virtual-class-destructor)

// What Lua's userdata of a connection holds. Lives as long as Lua has it.
struct HttpConnectionRef {
  static constexpr char kMark = 0;
  const char* mark = &kMark;
  net::HttpConnection* connection = nullptr;  // null: over
  HttpServerBinding* server = nullptr;
  int self = 0;      // the userdata, in the registry
  int object = 0;    // of a transport in Lua, in the registry; 0: there is none
  int socket = 0;    // req.socket if somebody asked for it, in the registry
  int exchange = 0;  // what on_request() returned, in the registry; 0: nothing
};

// The header fields of the table at `index`, in one of the forms {n, v, n, v...},
// {{n, v}, ...} and {n = v, ...} (v may be a list), the last two also mixed. They last
// until the next call, and as long as the table does. Null: `error` says why. Raises
// nothing.
const std::span<const http::Header>* read_header_table(lua_State* L, int index, const char** error);

// Pushes {{n, v}, ...} of the fields; may raise.
void push_header_pairs(lua_State* L, const http::HeaderList& headers);

// The fields as they came, "Name: value\r\nName: value", for parse_headers().
std::string_view raw_headers(const http::HeaderList& headers);
int parse_headers(lua_State* L);  // raw -> {{n, v}, ...}

// Each adds its functions to the table on top; may raise.
void add_http_connection_functions(lua_State* L);
void add_http_server_functions(lua_State* L);
void add_http_head_functions(lua_State* L);

HttpConnectionRef* push_http_connection_ref(lua_State* L);
// The connection at index 1 if its request is still number (index 2), else null.
net::HttpConnection* request_at(lua_State* L);
int push_over(lua_State* L);
// true, or nil, message, code.
int push_result(lua_State* L, const Result<void>& result);

}  // namespace virgo::runtime
