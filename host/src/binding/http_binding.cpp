// virgo.http.request and virgo.http.get.
#include "binding/http_binding.hpp"

#include <algorithm>
#include <array>
#include <lua.hpp>

#include "base/format.hpp"
#include "binding/bindings.hpp"
#include "binding/handle.hpp"
#include "binding/options.hpp"
#include "binding/pending.hpp"
#include "binding/permits.hpp"
#include "binding/strand.hpp"
#include "binding/tls_choice.hpp"
#include "lua/scratch.hpp"
#include "net/http_exchange.hpp"
#include "net/url.hpp"

namespace virgo::binding {
namespace {

constexpr const char* kRequest = "virgo.http.request";
constexpr double kDefaultMaxBody = 1 << 20;
constexpr double kMaxFollow = 20;
constexpr double kMaxTimeout = 86400;
constexpr std::size_t kMaxFields = 100;
constexpr std::size_t kMaxFieldText = 64 * 1024;  // all together
constexpr std::array<std::string_view, 18> kOptions = {
    "url",      "method", "headers", "body", "timeout",     "max_body",
    "truncate", "follow", "verify",  "ca",   "server_name", "cert",
    "key",      "alpn",   "unix",    "user", "password",    "query"};

struct Call {
  net::HttpRequest request;
  TlsChoice tls;
  // What it may hold: what is asked, and the body of the answer.
  std::size_t bytes() const {
    return request.url.size() + request.user.size() + request.password.size() +
           request.unix_path.size() + request.body.size() +
           static_cast<std::size_t>(request.max_body);
  }
};

void add_field(lua_State* L, const Options& options, Call& call, std::size_t& size) {
  if (lua_type(L, -2) != LUA_TSTRING)
    options.refuse("headers", "has names and values: { [\"X-Name\"] = \"value\" }");
  std::size_t name_size = 0;
  std::size_t value_size = 0;
  const char* name = lua_tolstring(L, -2, &name_size);
  if (lua_type(L, -1) != LUA_TSTRING && lua_type(L, -1) != LUA_TNUMBER)
    options.refuse("headers", "has texts or numbers as values");
  const char* value = lua_tolstring(L, -1, &value_size);
  size += name_size + value_size;
  if (call.request.headers.size() >= kMaxFields || size > kMaxFieldText)
    options.refuse("headers", "has at most 100 fields and 64 KiB of text");
  call.request.headers.emplace_back(std::string(name, name_size), std::string(value, value_size));
}

void read_headers(lua_State* L, const Options& options, Call& call) {
  const int type = options.push("headers");
  if (type != LUA_TNIL && type != LUA_TTABLE) options.refuse("headers", "is a table");
  std::size_t size = 0;
  if (type == LUA_TTABLE)
    for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) add_field(L, options, call, size);
  lua_pop(L, 1);
}

// "?a=1&b=c%20d" of the table `query`, in the order of the names, behind what the URL has.
void append_escaped(std::string& out, std::string_view text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
      continue;
    }
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
}

void add_query(std::string& url, net::HttpRequest::Fields& query) {
  std::sort(query.begin(), query.end());
  const std::string fragment = url.substr(std::min(url.find('#'), url.size()));
  url.resize(url.size() - fragment.size());
  char before = url.find('?') == std::string::npos ? '?' : '&';
  for (const auto& [name, value] : query) {
    url += before;
    append_escaped(url, name);
    url += '=';
    append_escaped(url, value);
    before = '&';
  }
}

void read_query(lua_State* L, const Options& options, Call& call) {
  const int type = options.push("query");
  if (type != LUA_TNIL && type != LUA_TTABLE) options.refuse("query", "is a table");
  if (type == LUA_TTABLE) {
    // Held by the call, so that an error leaks nothing; the headers are read afterwards.
    std::size_t size = 0;
    for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) add_field(L, options, call, size);
    add_query(call.request.url, call.request.headers);
    call.request.headers.clear();
  }
  lua_pop(L, 1);
}

void read_request(lua_State* L, const Options& options, Call& call, double max_read) {
  net::HttpRequest& request = call.request;
  request.url = options.text("url");
  if (request.url.empty()) options.refuse("url", "is missing");
  request.method = options.text("method", "GET");
  request.body = options.text("body");
  request.user = options.text("user");
  request.password = options.text("password");
  request.unix_path = options.text("unix");
  request.timeout = as_duration(options.seconds("timeout", kMaxTimeout));
  request.max_body = static_cast<std::uint64_t>(
      options.whole("max_body", 0, max_read, std::min(kDefaultMaxBody, max_read)));
  request.truncate = options.flag("truncate", false);
  request.follow = static_cast<unsigned>(options.whole("follow", 0, kMaxFollow, 0));
  read_query(L, options, call);
  read_headers(L, options, call);
  read_tls_choice(L, options, call.tls, kRequest);
  request.server_name = call.tls.server_name;
}

// Keys in lower case; the values of one name joined by ", ".
void push_headers(lua_State* L, const net::HttpRequest::Fields& fields) {
  net::HttpRequest::Fields joined;
  for (const auto& [sent, value] : fields) {
    std::string name = sent;
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    const auto same = std::find_if(joined.begin(), joined.end(),
                                   [&](const auto& field) { return field.first == name; });
    if (same == joined.end())
      joined.emplace_back(std::move(name), value);
    else
      same->second += ", " + value;
  }
  lua_createtable(L, 0, static_cast<int>(joined.size()));
  for (const auto& [name, value] : joined) set_text(L, name.c_str(), value);
}

void push_phases(lua_State* L, const net::HttpPhases& phases) {
  const auto seconds = [](Duration time) { return std::chrono::duration<double>(time).count(); };
  lua_createtable(L, 0, 5);
  set_number(L, "dns", seconds(phases.dns));
  set_number(L, "connect", seconds(phases.connect));
  set_number(L, "tls", seconds(phases.tls));
  set_number(L, "first_byte", seconds(phases.first_byte));
  set_number(L, "total", seconds(phases.total));
}

int push_response(lua_State* L, const net::HttpResponse& response) {
  const lua::HostWork unrefused(L);
  lua_createtable(L, 0, 13);
  set_number(L, "status", response.status);
  set_text(L, "reason", response.reason);
  set_text(L, "version", response.minor == 0 ? "HTTP/1.0" : "HTTP/1.1");
  set_text(L, "body", response.body);
  set_text(L, "url", response.url);
  set_text(L, "peer", response.peer);
  set_number(L, "redirects", response.redirects);
  lua_pushboolean(L, response.truncated ? 1 : 0);
  lua_setfield(L, -2, "truncated");
  push_headers(L, response.headers);
  lua_setfield(L, -2, "headers");
  push_phases(L, response.phases);
  lua_setfield(L, -2, "phases");
  if (!response.tls_version.empty()) set_text(L, "tls", response.tls_version);
  if (response.certificate) {
    push_certificate(L, *response.certificate);
    lua_setfield(L, -2, "certificate");
  }
  return 1;
}

std::shared_ptr<net::HttpExchange> make_exchange(Strand& strand, net::HttpRequest request) {
  return std::make_shared<net::HttpExchange>(
      strand.context().loop(), std::move(request), [&strand](Result<net::HttpResponse> r) {
        if (!r)
          strand.complete_error(Error(r.error()), status_of(r.error()));
        else
          strand.complete([&](lua_State* l) { return push_response(l, *r); });
      });
}

// 0 if the request is under way, else the results.
int start(lua_State* L, Strand& strand, Call& call) {
  const lua::HostWork unrefused(L);
  const auto url = net::parse_url(call.request.url);
  if (!url) return push_failure(L, "invalid", url.error());
  const std::string what = url->text();
  const std::size_t bytes = call.bytes();
  auto steps = std::make_unique<Steps>();
  if (has_files(call.tls)) {
    // Also for http: it may redirect to https.
    steps->current = load_tls_context(
        strand, call.tls,
        [&strand, request = call.request, steps = steps.get()](const TlsContextResult& tls) {
          if (!tls) return strand.complete_error(tls.error().context(kRequest), "invalid");
          net::HttpRequest with_tls = request;
          with_tls.tls = [context = *tls] { return TlsContextResult(context); };
          steps->current = make_exchange(strand, std::move(with_tls));
        });
    if (steps->current == nullptr)
      return push_failure(L, "failed", Error{Errc::cancelled, "the agent is stopping"});
  } else {
    if (url->secure)
      if (const auto tls = tls_context_for(call.tls); !tls)
        return push_failure(L, "invalid", tls.error().context(kRequest));
    call.request.tls = [choice = std::move(call.tls)] { return tls_context_for(choice); };
    steps->current = make_exchange(strand, std::move(call.request));
  }
  strand.context().opened("http", what);
  strand.wait_for(L, format("{} of {}", kRequest, what),
                  hold(strand, "http", what, std::move(steps), bytes));
  return 0;
}

// The options are at 1.
int perform(lua_State* L) {
  Strand& strand = Strand::current(L, kRequest);
  const Options options(L, 1, kRequest, kOptions);
  check_net(L, options.has("unix") ? Net::unix_domain : Net::tcp, kRequest);
  Call& call = lua::push_reused<Call>(L, "virgo.http.call");
  read_request(L, options, call, static_cast<double>(strand.context().max_read()));
  check_room(L, strand, kRequest);
  check_bytes(L, strand, kRequest, static_cast<double>(call.bytes()), "lower max_body");
  lua::check_can_wait(L, kRequest);
  if (const int results = start(L, strand, call); results > 0) return results;
  return lua::wait(L);
}

// virgo.http.request{url =, ...} -> response | nil, error
int request(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  return perform(L);
}

// virgo.http.get(url [, options]) -> response | nil, error
int get(lua_State* L) {
  luaL_checkstring(L, 1);
  if (!lua_isnoneornil(L, 2)) luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  lua_createtable(L, 0, 4);  // url, options, copy
  if (lua_istable(L, 2))
    for (lua_pushnil(L); lua_next(L, 2) != 0;) {
      lua_pushvalue(L, -2);
      lua_insert(L, -2);  // key key value
      lua_rawset(L, 3);
    }
  lua_pushliteral(L, "url");
  lua_pushvalue(L, 1);
  lua_rawset(L, 3);
  lua_replace(L, 1);
  lua_settop(L, 1);
  return perform(L);
}

}  // namespace

int open_http(lua_State* L) {
  static constexpr Method kFunctions[] = {{"request", request}, {"get", get}, {nullptr, nullptr}};
  return open_functions(L, kFunctions);
}

}  // namespace virgo::binding
