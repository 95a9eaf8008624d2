// /run/utmp: records of one size, of which those of type USER_PROCESS are logins.
#pragma once

#include <utmp.h>
#include <shared/text.hpp>

namespace plugin {

struct UtmpLogin {
  std::string_view user;  // not empty; lent by the file's text
  int32_t pid;            // of the process that logged the user in; 0 = not known
};

// Takes records off the front of `file` until one is a login; false at the end. A record
// that is cut off is none.
inline bool next_login(std::string_view& file, UtmpLogin* out) {
  while (file.size() >= sizeof(utmp)) {
    const char* at = file.data();
    file.remove_prefix(sizeof(utmp));
    utmp record{};
    memcpy(&record, at, sizeof record);  // nothing says that it is aligned
    if (record.ut_type != USER_PROCESS || record.ut_user[0] == '\0') continue;
    const char* user = at + offsetof(utmp, ut_user);
    out->user = {user, strnlen(user, sizeof record.ut_user)};
    out->pid = record.ut_pid > 0 ? record.ut_pid : 0;
    return true;
  }
  return false;
}

}  // namespace plugin
