// /proc/net/dev
#include "network/netdev.hpp"

#include "fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest = fuzz::text(data, size);
  plugin::Link link;
  while (plugin::next_netdev(rest, &link)) {
    const size_t length = strnlen(link.name, sizeof link.name);
    fuzz::require(length > 0 && length < sizeof link.name);
    fuzz::require(link.has_counters && !link.has_nohandler && link.known == 0);
  }
  return 0;
}
