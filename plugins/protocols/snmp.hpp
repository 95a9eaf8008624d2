// /proc/net/snmp and /proc/net/netstat: pairs of lines, names above their values.
//
//   Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens
//   Tcp: 1 200 120000 -1 30811
//
// Which columns there are, and in which order, differs from kernel to kernel.
#pragma once

#include <shared/text.hpp>

namespace plugin {

struct SnmpField {
  std::string_view protocol;  // "Tcp"
  std::string_view name;      // "MaxConn"
  uint64_t value;             // 0 if it is negative
  int64_t signed_value;       // the same, at most INT64_MAX
};

// A number as the value of `field`. False when it is none.
inline bool set_snmp_value(std::string_view word, SnmpField* field) {
  if (!to_i64(word, &field->signed_value)) return false;
  if (!to_u64(word, &field->value)) field->value = 0;
  return true;
}

// Hands `see` every field in turn. False when the text is damaged: a line without its
// pair or its end, more names than values or the other way round, or no number.
template <class See>
bool each_snmp(std::string_view text, See see) {
  while (!text.empty()) {
    std::string_view names;
    std::string_view values;
    if (!take_line(text, &names) || !take_line(text, &values)) return false;
    SnmpField field{};
    field.protocol = take_until(names, ':');
    if (field.protocol.empty() || take_until(values, ':') != field.protocol) return false;
    for (;;) {
      field.name = take_word(names);
      const std::string_view word = take_word(values);
      if (field.name.empty() && word.empty()) break;
      if (field.name.empty() || !set_snmp_value(word, &field)) return false;
      see(field);
    }
  }
  return true;
}

}  // namespace plugin
