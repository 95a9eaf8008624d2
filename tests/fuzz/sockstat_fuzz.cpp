// /proc/net/sockstat, sockstat6
#include "sockets/sockstat.hpp"

#include "fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view all = fuzz::text(data, size);
  plugin::each_sockstat(all, [&](const plugin::SockstatValue& v) {
    fuzz::require(!v.protocol.empty() && !v.field.empty());
    fuzz::require(v.protocol.data() >= all.data());
    fuzz::require(v.field.data() + v.field.size() <= all.data() + all.size());
  });
  return 0;
}
