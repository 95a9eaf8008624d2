// Reads the octets of a DNS message, of which nothing is believed. Internal to net/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace virgo::net {

// Reads octets from front to end. After the first that is missing nothing is read any
// more: why() says what it was.
class DnsReader {
 public:
  DnsReader(std::string_view all, std::size_t at, std::size_t end)
      : all_(all), at_(at), end_(end) {}

  bool ok() const { return why_ == nullptr; }
  const char* why() const { return why_; }
  std::size_t at() const { return at_; }
  std::size_t left() const { return end_ - at_; }
  void fail(const char* why) {
    if (ok()) why_ = why;
  }

  std::string_view take(std::size_t size) {
    if (!ok() || size > left()) {
      fail("it ends too early");
      return {};
    }
    at_ += size;
    return all_.substr(at_ - size, size);
  }
  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return number(4); }
  // A text with its length in front.
  std::string_view short_text() { return take(u8()); }
  // A name, compressed or not, as DnsRecord::name.
  std::string name();

 private:
  std::uint32_t number(std::size_t size) {
    std::uint32_t value = 0;
    for (const char c : take(size)) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }

  std::string_view all_;
  std::size_t at_;
  std::size_t end_;
  const char* why_ = nullptr;
};

}  // namespace virgo::net
