#include "net/dns_record.hpp"

#include <arpa/inet.h>

#include <initializer_list>
#include <utility>

#include "base/format.hpp"

namespace virgo::net {
namespace {

constexpr std::uint16_t kIn = 1;
constexpr std::uint16_t kOpt = 41;

std::string address_text(int family, std::string_view bytes) {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(family, bytes.data(), text, sizeof text);
  return text;
}

void read_address(DnsReader& data, DnsRecord& record, int family, std::size_t size) {
  const std::string_view bytes = data.take(size);
  if (!data.ok()) return;
  record.text = address_text(family, bytes);
  record.fields = {{"address", record.text}};
}

void read_strings(DnsReader& data, DnsRecord& record) {
  std::vector<std::string> strings;
  do {
    strings.emplace_back(data.short_text());
    record.text += strings.back();
  } while (data.ok() && data.left() > 0);
  record.fields = {{"strings", std::move(strings)}};
}

void read_soa(DnsReader& data, DnsRecord& record) {
  const std::string mname = data.name();
  const std::string rname = data.name();
  record.fields = {{"mname", mname}, {"rname", rname}};
  record.text = mname + " " + rname;
  for (const char* name : {"serial", "refresh", "retry", "expire", "minimum"}) {
    record.fields.emplace_back(name, data.u32());
    record.text += format(" {}", record.fields.back().number);
  }
}

// Numbers of 16 bits, then a name.
void read_numbers_and_name(DnsReader& data, DnsRecord& record,
                           std::initializer_list<const char*> numbers, const char* name) {
  for (const char* number : numbers) {
    const std::uint32_t value = data.u16();
    record.fields.emplace_back(number, value);
    record.text += format("{} ", value);
  }
  std::string target = data.name();
  record.text += target;
  record.fields.emplace_back(name, std::move(target));
}

void read_caa(DnsReader& data, DnsRecord& record) {
  const std::uint32_t flags = data.u8();
  const std::string tag(data.short_text());
  if (tag.empty()) data.fail("a CAA record has no tag");
  const std::string value(data.take(data.left()));
  record.text = format("{} {} \"{}\"", flags, tag, value);
  record.fields = {{"flags", flags}, {"tag", tag}, {"value", value}};
}

void read_data(DnsReader& data, DnsRecord& record) {
  switch (static_cast<DnsType>(record.type)) {
    case DnsType::a:
      return read_address(data, record, AF_INET, 4);
    case DnsType::aaaa:
      return read_address(data, record, AF_INET6, 16);
    case DnsType::ns:
    case DnsType::cname:
    case DnsType::ptr:
      return read_numbers_and_name(data, record, {}, "target");
    case DnsType::mx:
      return read_numbers_and_name(data, record, {"preference"}, "exchange");
    case DnsType::srv:
      return read_numbers_and_name(data, record, {"priority", "weight", "port"}, "target");
    case DnsType::soa:
      return read_soa(data, record);
    case DnsType::txt:
      return read_strings(data, record);
    case DnsType::caa:
      return read_caa(data, record);
  }
  record.text = std::string(data.take(data.left()));
  record.fields = {{"data", record.text}};
}

}  // namespace

bool read_dns_record(std::string_view bytes, DnsReader& reader, DnsRecord& record) {
  record.name = reader.name();
  record.type = reader.u16();
  const std::uint16_t record_class = reader.u16();
  const std::uint32_t ttl = reader.u32();
  record.ttl = ttl < 0x80000000u ? ttl : 0;  // RFC 2181, 8
  const std::uint16_t size = reader.u16();
  const std::size_t from = reader.at();
  reader.take(size);
  if (!reader.ok() || record.type == kOpt || record_class != kIn) return false;
  DnsReader data(bytes, from, from + size);
  read_data(data, record);
  if (!data.ok())
    reader.fail("the data of a record ends too early, or has a bad name");
  else if (data.left() > 0)
    reader.fail("the data of a record is longer than its type allows");
  return reader.ok();
}

}  // namespace virgo::net
