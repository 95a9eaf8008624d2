// /proc/net/snmp and /proc/net/netstat
#include "protocols/snmp.hpp"

#include "fuzz/fuzz.hpp"
#include "protocols/selection.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = fuzz::text(data, size);
  plugin::each_snmp(text, [&](const plugin::SnmpField& field) {
    fuzz::require(!field.protocol.empty() && !field.name.empty());
    fuzz::require(field.name.data() >= text.data() &&
                  field.name.data() + field.name.size() < text.data() + text.size());
    fuzz::require(field.signed_value < 0
                      ? field.value == 0
                      : field.value >= static_cast<uint64_t>(field.signed_value));
    if (plugin::is_node_default(field)) fuzz::require(field.name.size() >= 5);
  });
  return 0;
}
