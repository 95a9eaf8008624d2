#include "base/base64.hpp"

#include <cstdint>

namespace virgo {
namespace {

constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

void base64_group(std::string_view bytes, char* out) {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < 3; ++i)
    bits = bits << 8U | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U);
  for (std::size_t i = 0; i < 4; ++i)
    out[i] = i > bytes.size() ? '=' : kDigits[bits >> (18U - 6U * i) & 63U];
}

std::string base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4, '\0');
  for (std::size_t i = 0, at = 0; i < bytes.size(); i += 3, at += 4)
    base64_group(bytes.substr(i, 3), &out[at]);
  return out;
}

}  // namespace virgo
