#include "net/dns_message.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/format.hpp"
#include "base/text.hpp"

namespace virgo::net {
namespace {

constexpr std::size_t kMaxName = 255;  // octets on the wire, with the root's
constexpr std::size_t kMaxLabel = 63;
constexpr int kMaxPointers = 127;
// Pointers can make much out of few octets.
constexpr std::size_t kMaxText = 1u << 20;
constexpr std::uint16_t kIn = 1;
constexpr std::uint16_t kOpt = 41;

struct TypeName {
  const char* name;
  DnsType type;
};
constexpr std::array kTypes = {TypeName{"A", DnsType::a},         TypeName{"AAAA", DnsType::aaaa},
                               TypeName{"CNAME", DnsType::cname}, TypeName{"MX", DnsType::mx},
                               TypeName{"NS", DnsType::ns},       TypeName{"PTR", DnsType::ptr},
                               TypeName{"SOA", DnsType::soa},     TypeName{"SRV", DnsType::srv},
                               TypeName{"TXT", DnsType::txt},     TypeName{"CAA", DnsType::caa}};

bool same_letter(char a, char b) {
  return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
}

Error damaged(std::string_view what) {
  return {Errc::invalid, format("the DNS message is damaged: {}", what)};
}

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

// Reads octets from front to end. After the first that is missing nothing is read any
// more: why() says what it was.
class Reader {
 public:
  Reader(std::string_view all, std::size_t at, std::size_t end) : all_(all), at_(at), end_(end) {}

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

// A pointer must lead to before the labels that it ends: each jump goes back, so a loop is
// impossible.
std::string Reader::name() {
  std::string out;
  std::size_t size = 1;
  std::size_t lowest = at_;
  Reader labels = *this;
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
      if (labels.ok() && ok()) labels = Reader(all_, to, all_.size());
    } else if (length > kMaxLabel) {
      fail("a label is of an unknown kind");
    } else if (length > 0) {
      size += 1u + length;
      if (size > kMaxName) fail("a name has more than 255 octets");
      if (!out.empty()) out += '.';
      append_label(out, labels.take(length));
    }
    if (!labels.ok()) fail(labels.why_);
    if (length == 0) break;
  }
  if (!jumped) at_ = labels.at_;
  return out.empty() ? "." : out;
}

using Fields = std::vector<DnsRecord::Field>;

std::string address_text(int family, std::string_view bytes) {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(family, bytes.data(), text, sizeof text);
  return text;
}

void read_address(Reader& data, DnsRecord& record, int family, std::size_t size) {
  const std::string_view bytes = data.take(size);
  if (!data.ok()) return;
  record.text = address_text(family, bytes);
  record.fields = {{"address", record.text}};
}

void read_strings(Reader& data, DnsRecord& record) {
  std::vector<std::string> strings;
  do {
    strings.emplace_back(data.short_text());
    record.text += strings.back();
  } while (data.ok() && data.left() > 0);
  record.fields = {{"strings", std::move(strings)}};
}

void read_soa(Reader& data, DnsRecord& record) {
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
void read_numbers_and_name(Reader& data, DnsRecord& record,
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

void read_caa(Reader& data, DnsRecord& record) {
  const std::uint32_t flags = data.u8();
  const std::string tag(data.short_text());
  if (tag.empty()) data.fail("a CAA record has no tag");
  const std::string value(data.take(data.left()));
  record.text = format("{} {} \"{}\"", flags, tag, value);
  record.fields = {{"flags", flags}, {"tag", tag}, {"value", value}};
}

void read_data(Reader& data, DnsRecord& record) {
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

// False for a record that is no record of the zone: EDNS's, or of another class.
bool read_record(std::string_view bytes, Reader& reader, DnsRecord& record) {
  record.name = reader.name();
  record.type = reader.u16();
  const std::uint16_t record_class = reader.u16();
  const std::uint32_t ttl = reader.u32();
  record.ttl = ttl < 0x80000000u ? ttl : 0;  // RFC 2181, 8
  const std::uint16_t size = reader.u16();
  const std::size_t from = reader.at();
  reader.take(size);
  if (!reader.ok() || record.type == kOpt || record_class != kIn) return false;
  Reader data(bytes, from, from + size);
  read_data(data, record);
  if (!data.ok())
    reader.fail("the data of a record ends too early, or has a bad name");
  else if (data.left() > 0)
    reader.fail("the data of a record is longer than its type allows");
  return reader.ok();
}

struct Counts {
  std::uint16_t questions, answers, authorities, additionals;
};

Counts read_head(Reader& reader, DnsMessage& message) {
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

// The octets of a label's text; nullopt if an escape is none.
std::optional<std::string> unescape(std::string_view label) {
  std::string out;
  for (std::size_t i = 0; i < label.size(); ++i) {
    if (label[i] != '\\') {
      out += label[i];
      continue;
    }
    const auto digit = [&](std::size_t at) {
      return at < label.size() && label[at] >= '0' && label[at] <= '9' ? label[at] - '0' : -1;
    };
    if (i + 1 == label.size()) return std::nullopt;
    if (digit(i + 1) < 0) {
      out += label[++i];
      continue;
    }
    if (digit(i + 2) < 0 || digit(i + 3) < 0) return std::nullopt;
    const int number = digit(i + 1) * 100 + digit(i + 2) * 10 + digit(i + 3);
    if (number > 255) return std::nullopt;
    out += static_cast<char>(number);
    i += 3;
  }
  return out;
}

// Takes the next label, still escaped, off the front.
std::string_view take_label(std::string_view& name) {
  std::size_t end = 0;
  while (end < name.size() && name[end] != '.') end += name[end] == '\\' ? 2 : 1;
  end = std::min(end, name.size());
  const std::string_view label = name.substr(0, end);
  name.remove_prefix(std::min(end + 1, name.size()));
  return label;
}

Error no_name(std::string_view name, const char* why) {
  return {Errc::invalid, format("'{}' is no DNS name: {}", printable(name, 256), why)};
}

Result<std::string> encode_name(std::string_view name) {
  std::string out;
  std::string_view rest = name == "." ? std::string_view() : name;
  if (name.empty()) return no_name(name, "it is empty");
  while (!rest.empty()) {
    const auto label = unescape(take_label(rest));
    if (!label) return no_name(name, "it has an escape that is none");
    if (label->empty()) return no_name(name, "it has an empty label");
    if (label->size() > kMaxLabel) return no_name(name, "a label has more than 63 octets");
    out += static_cast<char>(label->size());
    out += *label;
    if (out.size() >= kMaxName) return no_name(name, "it has more than 255 octets");
  }
  out += '\0';
  return out;
}

void append_u16(std::string& out, std::uint16_t value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value & 255);
}

}  // namespace

std::optional<DnsType> dns_type_named(std::string_view name) {
  for (const TypeName& one : kTypes) {
    const std::string_view known = one.name;
    if (std::equal(known.begin(), known.end(), name.begin(), name.end(), same_letter))
      return one.type;
  }
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
  auto wire = encode_name(name);
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
  Reader reader(bytes, 0, bytes.size());
  read_head(reader, message);
  if (!reader.ok()) return damaged(reader.why());
  return message;
}

Result<DnsMessage> decode_dns(std::string_view bytes) {
  DnsMessage message;
  Reader reader(bytes, 0, bytes.size());
  const Counts counts = read_head(reader, message);
  std::size_t text = 0;
  const auto read = [&](std::vector<DnsRecord>& records, std::uint16_t count) {
    for (; count > 0 && reader.ok(); --count) {
      DnsRecord record;
      if (!read_record(bytes, reader, record)) continue;
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

bool same_dns_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same_letter);
}

std::optional<std::string> dns_reverse_name(const std::string& text) {
  unsigned char bytes[16];
  std::string out;
  if (inet_pton(AF_INET, text.c_str(), bytes) == 1)
    return format("{}.{}.{}.{}.in-addr.arpa", bytes[3], bytes[2], bytes[1], bytes[0]);
  if (inet_pton(AF_INET6, text.c_str(), bytes) != 1) return std::nullopt;
  for (int i = 15; i >= 0; --i) out += format("{:x}.{:x}.", bytes[i] & 15, bytes[i] >> 4);
  return out + "ip6.arpa";
}

}  // namespace virgo::net
