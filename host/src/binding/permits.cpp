#include "binding/permits.hpp"

#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstring>
#include <lua.hpp>

#include "binding/strand.hpp"

namespace virgo::binding {
namespace {

bool any_matches(const std::vector<std::string>& patterns, std::string_view path) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [path](const std::string& p) { return matches_path(p, path); });
}

bool is_plain(std::string_view path) {
  if (path.empty() || path.front() != '/' || path.find('\0') != std::string_view::npos)
    return false;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at + 1), path.size());
    const std::string_view part = path.substr(at + 1, end - at - 1);
    if (part == "." || part == ".." || (part.empty() && end < path.size())) return false;
    at = end;
  }
  return true;
}

// '*' within one part. Iterative: a pattern comes from a plugin.
bool glob(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, from = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      from = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos && text[from] != '/') {
      p = star + 1;
      t = ++from;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

// Variables by which the dynamic linker, shells, interpreters and git are told what to
// load or run. A '*' ends the beginning of a name.
constexpr std::string_view kSteering[] = {
    "PATH",      "LD_*",       "GCONV_PATH", "GLIBC_TUNABLES",   "BASH_*",    "BASHOPTS",
    "ENV",       "IFS",        "PS4",        "SHELLOPTS",        "PERL*",     "PYTHON*",
    "RUBY*",     "NODE_*",     "LUA_*",      "JAVA_*",           "JDK_*",     "_JAVA_OPTIONS",
    "CLASSPATH", "GIT_*",      "PHPRC",      "PHP_INI_SCAN_DIR", "OPENSSL_*", "TCLLIBPATH",
    "AWKPATH",   "AWKLIBPATH",
};

bool steers(std::string_view name) {
  return std::any_of(std::begin(kSteering), std::end(kSteering), [name](std::string_view one) {
    return one.ends_with('*') ? name.starts_with(one.substr(0, one.size() - 1)) : name == one;
  });
}

bool is_given(const Permits& permits, std::string_view name, std::string_view value) {
  return std::any_of(
      permits.variables.begin(), permits.variables.end(), [name, value](std::string_view one) {
        return one.size() == name.size() + 1 + value.size() && one.starts_with(name) &&
               one[name.size()] == '=' && one.ends_with(value);
      });
}

[[noreturn]] void refuse(lua_State* L, const char* function, const char* what,
                         const char* declare) {
  luaL_error(L, "%s: %s is not among the needs of this check; add %s to virgo.check", function,
             what, declare);
  __builtin_unreachable();
}

[[noreturn]] void refuse_narrowed(lua_State* L, const char* function, const char* what,
                                  const char* option, const char* list) {
  luaL_error(L, "%s: the configuration does not allow %s to this plugin (%s.%s)", function, what,
             option, list);
  __builtin_unreachable();
}

void check_path(lua_State* L, const char* path, const char* function, const char* list,
                std::vector<std::string> Grants::*member, bool narrowed) {
  const Permits& permits = Context::of(L).permits();
  if (std::strlen(path) >= PATH_MAX)
    luaL_error(L, "%s: a path has less than %d bytes", function, PATH_MAX);
  if (!is_plain(path))
    luaL_error(L,
               "%s: '%s' is not a plain absolute path: it begins with / and has no '.', '..' or "
               "'//' in it",
               function, path);
  if (!any_matches(permits.declared.*member, path)) {
    lua_pushfstring(L, "needs = { %s = {\"%s\"} }", list, path);
    refuse(L, function, path, lua_tostring(L, -1));
  }
  if (narrowed && !any_matches(permits.allowed.*member, path))
    refuse_narrowed(L, function, path, permits.option.c_str(), list);
  Context::of(L).used(list, path);
}

}  // namespace

const char* net_name(Net kind) {
  switch (kind) {
    case Net::tcp:
      return "tcp";
    case Net::udp:
      return "udp";
    case Net::unix_domain:
      return "unix";
    case Net::icmp:
      return "icmp";
    case Net::dns:
      return "dns";
    case Net::listen:
      return "listen";
  }
  return "?";
}

const std::vector<Net>& net_kinds() {
  static const std::vector<Net> all{Net::tcp,  Net::udp, Net::unix_domain,
                                    Net::icmp, Net::dns, Net::listen};
  return all;
}

void check_net(lua_State* L, Net kind, const char* function) {
  const Permits& permits = Context::of(L).permits();
  const auto bit = static_cast<std::uint8_t>(kind);
  if ((permits.declared.net & bit) == 0) {
    lua_pushfstring(L, "needs = { net = {\"%s\"} }", net_name(kind));
    refuse(L, function, net_name(kind), lua_tostring(L, -1));
  }
  if (permits.narrows_net && (permits.allowed.net & bit) == 0)
    refuse_narrowed(L, function, net_name(kind), permits.option.c_str(), "net");
  Context::of(L).used("net", net_name(kind));
}

void check_exec(lua_State* L, const char* program, const char* function) {
  check_path(L, program, function, "exec", &Grants::exec, Context::of(L).permits().narrows_exec);
}

void check_variable(lua_State* L, std::string_view name, std::string_view value,
                    const char* function) {
  if (name.empty() || name.find('\0') != std::string_view::npos)
    luaL_error(L, "%s: a variable has a name, without a NUL byte", function);
  // The program takes what is behind a '=' of ours for a part of the value.
  if (!steers(name.substr(0, name.find('='))) || is_given(Context::of(L).permits(), name, value))
    return;
  lua_pushlstring(L, name.data(), name.size());
  luaL_error(L,
             "%s: %s can make a program run something else: it may only have the value that the "
             "configuration gives it, in a parameter of this check that is a map",
             function, lua_tostring(L, -1));
}

void check_read(lua_State* L, const char* path, const char* function) {
  check_path(L, path, function, "read", &Grants::read, Context::of(L).permits().narrows_read);
}

std::string file_to_use(const Context& context, const std::string& path) {
  if (context.overlay().empty()) return path;
  const std::string laid_over = context.overlay() + path;
  return access(laid_over.c_str(), F_OK) == 0 ? laid_over : path;
}

bool matches_path(std::string_view pattern, std::string_view path) {
  if (!is_plain(path)) return false;
  if (!pattern.empty() && pattern.back() == '/') {
    // The folder's own pattern may have stars, too: as many parts of the path as it has.
    const auto depth = std::count(pattern.begin(), pattern.end(), '/');
    std::size_t at = 0;
    for (std::ptrdiff_t i = 0; i < depth; ++i) {
      const std::size_t slash = path.find('/', at);
      if (slash == std::string_view::npos)
        return i == depth - 1 && glob(pattern.substr(0, pattern.size() - 1), path);
      at = slash + 1;
    }
    return glob(pattern, path.substr(0, at));
  }
  return glob(pattern, path);
}

}  // namespace virgo::binding
