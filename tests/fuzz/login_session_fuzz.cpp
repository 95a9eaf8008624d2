// /run/systemd/sessions/ID
#include "fuzz/fuzz.hpp"
#include "users/login_session.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = fuzz::text(data, size);
  for (const char c : plugin::user_of_session(text)) fuzz::require(c >= '0' && c <= '9');
  return 0;
}
