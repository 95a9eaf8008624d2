// /run/systemd/sessions/ID: "UID=1000", "CLASS=user", "STATE=active" and more, a line each.
#pragma once

#include <shared/text.hpp>

namespace plugin {

// The user's number as text; empty when the session is none of a user's: of a login
// screen, of the service manager, or one that has ended and only waits for its processes.
inline std::string_view user_of_session(std::string_view text) {
  std::string_view user;
  bool is_users = true;  // before version 188 there was no class
  bool ends = false;
  std::string_view line;
  while (take_line(text, &line)) {
    const std::string_view key = take_until(line, '=');
    uint64_t number = 0;
    if (key == "UID" && to_u64(line, &number) && number <= UINT32_MAX) user = line;
    if (key == "CLASS") is_users = starts_with(line, "user");
    if (key == "STATE") ends = line == "closing";
  }
  return is_users && !ends ? user : std::string_view{};
}

}  // namespace plugin
