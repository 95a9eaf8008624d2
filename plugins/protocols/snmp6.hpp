// /proc/net/snmp6: "Ip6InReceives                   	397".
#pragma once

#include "snmp.hpp"

namespace plugin {

// Hands `see` every field in turn, "Ip6" being the protocol of the line above. False when
// the text is damaged: no number, or a line without its end.
template <class See>
bool each_snmp6(std::string_view text, See see) {
  while (!text.empty()) {
    std::string_view line;
    if (!take_line(text, &line)) return false;
    const std::string_view name = trimmed(take_until(line, '\t'));
    SnmpField field{};
    if (!set_snmp_value(trimmed(line), &field)) return false;
    std::string_view rest = name;
    take_until(rest, '6');
    if (rest.empty()) continue;  // nothing of IPv6's
    field.protocol = name.substr(0, name.size() - rest.size());
    field.name = rest;
    see(field);
  }
  return true;
}

}  // namespace plugin
