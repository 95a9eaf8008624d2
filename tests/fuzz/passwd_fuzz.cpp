// /etc/passwd, and a name to find in it: the input's first line
#include "fuzz/fuzz.hpp"
#include "processes/passwd.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text = fuzz::text(data, size);
  const std::string_view name = plugin::take_until(text, '\n');
  uint64_t user = 0;
  const bool found = plugin::find_user(text, name, &user);
  fuzz::require(!found || !name.empty());
  fuzz::require(found || user == 0);
  return 0;
}
