// DNS messages made by hand, good and bad ones.
#pragma once

#include <string>
#include <string_view>

namespace virgo::net::testing {

inline std::string u8(unsigned value) {
  return std::string(1, static_cast<char>(value));
}
inline std::string u16(unsigned value) {
  return u8(value >> 8 & 255) + u8(value & 255);
}
inline std::string u32(unsigned value) {
  return u16(value >> 16) + u16(value & 0xffff);
}
// "a.example" in the form of the wire.
inline std::string wire_name(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::string_view label = text.substr(0, text.find('.'));
    out += u8(static_cast<unsigned>(label.size())) + std::string(label);
    text.remove_prefix(std::min(label.size() + 1, text.size()));
  }
  return out + u8(0);
}
inline std::string dns_record(const std::string& name, unsigned type, const std::string& data,
                              unsigned ttl = 60, unsigned record_class = 1) {
  return name + u16(type) + u16(record_class) + u32(ttl) + u16(static_cast<unsigned>(data.size())) +
         data;
}
// A pointer to the name of the question.
inline std::string to_question() {
  return u16(0xc00c);
}

constexpr unsigned kResponse = 0x8180;       // response, recursion desired and available
constexpr unsigned kAuthoritative = 0x0400;  // with these
constexpr unsigned kTruncated = 0x0200;

// The question of a query (behind its header).
inline std::string question_of(std::string_view query) {
  return std::string(query.substr(12));
}
// A response to `query` with `count` answers.
inline std::string dns_response(std::string_view query, unsigned flags, unsigned count,
                                const std::string& answers) {
  return std::string(query.substr(0, 2)) + u16(flags) + u16(1) + u16(count) + u32(0) +
         question_of(query) + answers;
}

}  // namespace virgo::net::testing
