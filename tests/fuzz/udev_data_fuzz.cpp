// /run/udev/data/b8:0
#include "disk/udev_data.hpp"
#include "fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = fuzz::text(data, size);
  const plugin::UdevData u(text);
  for (const std::string_view value : u.values)
    fuzz::require(value.empty() || (value.data() >= text.data() &&
                                    value.data() + value.size() < text.data() + text.size() &&
                                    value.find('\n') == std::string_view::npos));
  return 0;
}
