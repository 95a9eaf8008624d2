// Files of one number.
#include "fuzz/fuzz.hpp"
#include "shared/number.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = fuzz::text(data, size);
  uint64_t number = 0;
  if (plugin::only_number(text, &number))
    fuzz::require(text.size() >= 2 && text.find('\n') != std::string_view::npos);
  return 0;
}
