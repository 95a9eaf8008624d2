#include "net/dns_message.hpp"

#include <array>

#include "base/format.hpp"
#include "net/dns_name.hpp"
#include "net/dns_reader.hpp"
#include "net/dns_record.hpp"

namespace virgo::net {
namespace {

// Pointers can make much out of few octets.
constexpr std::size_t kMaxText = 1u << 20;
constexpr std::uint16_t kIn = 1;

struct TypeName {
  const char* name;
  DnsType type;
};
constexpr std::array kTypes = {TypeName{"A", DnsType::a},         TypeName{"AAAA", DnsType::aaaa},
                               TypeName{"CNAME", DnsType::cname}, TypeName{"MX", DnsType::mx},
                               TypeName{"NS", DnsType::ns},       TypeName{"PTR", DnsType::ptr},
                               TypeName{"SOA", DnsType::soa},     TypeName{"SRV", DnsType::srv},
                               TypeName{"TXT", DnsType::txt},     TypeName{"CAA", DnsType::caa}};

Error damaged(std::string_view what) {
  return {Errc::invalid, format("the DNS message is damaged: {}", what)};
}

struct Counts {
  std::uint16_t questions, answers, authorities, additionals;
};

Counts read_head(DnsReader& reader, DnsMessage& message) {
  message.id = reader.u16();
  const std::uint16_t flags = reader.u16();
  message.response = (flags & 0x8000) != 0;
  message.opcode = flags >> 11 & 15;
  message.authoritative = (flags & 0x0400) != 0;
  message.truncated = (flags & 0x0200) != 0;
  message.recursion_available = (flags & 0x0080) != 0;
  message.rcode = flags & 15;
  Counts counts{};
  counts.questions = reader.u16();
  counts.answers = reader.u16();
  counts.authorities = reader.u16();
  counts.additionals = reader.u16();
  if (counts.questions > 1) reader.fail("it has several questions");
  if (counts.questions == 1) {
    message.question = reader.name();
    message.question_type = reader.u16();
    if (reader.u16() != kIn) reader.fail("its question is not of the class IN");
  }
  return counts;
}

void append_u16(std::string& out, std::uint16_t value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value & 255);
}

}  // namespace

std::optional<DnsType> dns_type_named(std::string_view name) {
  for (const TypeName& one : kTypes)
    if (same_dns_name(one.name, name)) return one.type;
  return std::nullopt;
}

std::string dns_type_name(std::uint16_t type) {
  for (const TypeName& one : kTypes)
    if (static_cast<std::uint16_t>(one.type) == type) return one.name;
  return format("TYPE{}", type);
}

std::string dns_rcode_name(std::uint8_t rcode) {
  static constexpr std::array kNames = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
                                        "NOTIMP",  "REFUSED", "YXDOMAIN", "YXRRSET",
                                        "NXRRSET", "NOTAUTH", "NOTZONE"};
  return rcode < kNames.size() ? kNames[rcode] : format("RCODE{}", rcode);
}

Result<std::string> encode_dns_query(std::uint16_t id, std::string_view name, DnsType type) {
  auto wire = encode_dns_name(name);
  if (!wire) return wire;
  std::string out;
  append_u16(out, id);
  append_u16(out, 0x0100);
  append_u16(out, 1);
  out.append(6, '\0');
  out += *wire;
  append_u16(out, static_cast<std::uint16_t>(type));
  append_u16(out, kIn);
  return out;
}

Result<DnsMessage> decode_dns_head(std::string_view bytes) {
  DnsMessage message;
  DnsReader reader(bytes, 0, bytes.size());
  read_head(reader, message);
  if (!reader.ok()) return damaged(reader.why());
  return message;
}

Result<DnsMessage> decode_dns(std::string_view bytes) {
  DnsMessage message;
  DnsReader reader(bytes, 0, bytes.size());
  const Counts counts = read_head(reader, message);
  std::size_t text = 0;
  const auto read = [&](std::vector<DnsRecord>& records, std::uint16_t count) {
    for (; count > 0 && reader.ok(); --count) {
      DnsRecord record;
      if (!read_dns_record(bytes, reader, record)) continue;
      text += record.name.size() + record.text.size();
      if (text > kMaxText) reader.fail("its records have more than 1 MiB of text");
      records.push_back(std::move(record));
    }
  };
  read(message.answers, counts.answers);
  read(message.authorities, counts.authorities);
  read(message.additionals, counts.additionals);
  if (!reader.ok()) return damaged(reader.why());
  return message;
}

}  // namespace virgo::net
