// /proc/net/snmp6
#include "protocols/snmp6.hpp"

#include "fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = fuzz::text(data, size);
  plugin::each_snmp6(text, [](const plugin::SnmpField& field) {
    fuzz::require(!field.name.empty() && field.protocol.back() == '6');
    fuzz::require(field.protocol.data() + field.protocol.size() == field.name.data());
  });
  return 0;
}
