#include "agent/paths.hpp"

#include <sys/utsname.h>

#include "base/child_process.hpp"

namespace virgo::agent {
namespace {

std::string parent(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos || slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

std::string executable() {
  return own_program();
}

std::string prefix() {
  return parent(parent(executable()));
}

std::string shipped_lua(const std::string& name) {
  return prefix() + "/share/virgo/lua-plugins/" + name;
}

std::string host_name() {
  utsname names{};
  return uname(&names) == 0 && names.nodename[0] != '\0' ? names.nodename : "localhost";
}

}  // namespace virgo::agent
