#include "net/dns_reader.hpp"

#include "base/format.hpp"
#include "net/dns_name.hpp"

namespace virgo::net {
namespace {

constexpr int kMaxPointers = 127;

void append_label(std::string& out, std::string_view label) {
  for (const char c : label) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '.' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte <= 0x20 || byte >= 0x7f) {
      out += format("\\{:03}", byte);
    } else {
      out += c;
    }
  }
}

}  // namespace

// A pointer must lead to before the labels that it ends: each jump goes back, so a loop is
// impossible.
std::string DnsReader::name() {
  std::string out;
  std::size_t size = 1;
  std::size_t lowest = at_;
  DnsReader labels = *this;
  bool jumped = false;
  for (int pointers = 0; ok();) {
    const std::uint8_t length = labels.u8();
    if (length >= 0xc0) {
      const std::size_t to = static_cast<std::size_t>(length & 0x3f) << 8 | labels.u8();
      if (!jumped) at_ = labels.at_;
      jumped = true;
      if (labels.ok() && to >= lowest) fail("a compressed name points forward");
      if (++pointers > kMaxPointers) fail("a name has too many pointers");
      lowest = to;
      // What a name points to need not lie in the data of the record.
      if (labels.ok() && ok()) labels = DnsReader(all_, to, all_.size());
    } else if (length > kMaxDnsLabel) {
      fail("a label is of an unknown kind");
    } else if (length > 0) {
      size += 1u + length;
      if (size > kMaxDnsName) fail("a name has more than 255 octets");
      if (!out.empty()) out += '.';
      append_label(out, labels.take(length));
    }
    if (!labels.ok()) fail(labels.why_);
    if (length == 0) break;
  }
  if (!jumped) at_ = labels.at_;
  return out.empty() ? "." : out;
}

}  // namespace virgo::net
