// Versions of Debian's packages: their order must be one.
#include "fuzz/fuzz.hpp"
#include "updates/deb_version.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest = fuzz::text(data, size);
  const std::string_view a = plugin::take_until(rest, '\n');
  const std::string_view b = plugin::take_until(rest, '\n');
  const std::string_view c = plugin::take_until(rest, '\n');
  const int ab = plugin::compare_versions(a, b);
  const int ba = plugin::compare_versions(b, a);
  fuzz::require((ab < 0) == (ba > 0) && (ab == 0) == (ba == 0));
  fuzz::require(plugin::compare_versions(a, a) == 0);
  if (ab <= 0 && plugin::compare_versions(b, c) <= 0)
    fuzz::require(plugin::compare_versions(a, c) <= 0);
  return 0;
}
