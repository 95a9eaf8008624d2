// /run/utmp
#include "fuzz/fuzz.hpp"
#include "users/utmp.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest = fuzz::text(data, size);
  plugin::UtmpLogin login{};
  size_t logins = 0;
  while (plugin::next_login(rest, &login)) {
    ++logins;
    fuzz::require(!login.user.empty() && login.user.size() <= UT_NAMESIZE && login.pid >= 0);
    fuzz::require(login.user.data() + login.user.size() <= rest.data());
  }
  fuzz::require(logins <= size / sizeof(utmp) && rest.size() < sizeof(utmp));
  return 0;
}
