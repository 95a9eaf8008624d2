// DNS messages (RFC 1035, 3596, 2782, 8659) to and from octets. Plain values; nothing here
// trusts what it reads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace virgo::net {

enum class DnsType : std::uint16_t {
  a = 1,
  ns = 2,
  cname = 5,
  soa = 6,
  ptr = 12,
  mx = 15,
  txt = 16,
  aaaa = 28,
  srv = 33,
  caa = 257,
};

// "MX" in any case; nullopt for a type that is not in the list.
std::optional<DnsType> dns_type_named(std::string_view name);
// "MX", "TYPE65" of one that is not in the list.
std::string dns_type_name(std::uint16_t type);

struct DnsRecord {
  struct Field {
    enum class Kind : std::uint8_t { number, text, texts };
    Field(const char* n, std::uint32_t value) : name(n), number(value) {}
    Field(const char* n, std::string value) : name(n), kind(Kind::text), texts{std::move(value)} {}
    Field(const char* n, std::vector<std::string> values)
        : name(n), kind(Kind::texts), texts(std::move(values)) {}

    const char* name;
    Kind kind = Kind::number;
    std::uint32_t number = 0;
    std::vector<std::string> texts;  // one of Kind::text
  };

  // Names have no dot at the end ("." is the root), and are escaped as in zone files: "\."
  // within a label, "\032".
  std::string name;
  std::uint16_t type = 0;
  std::uint32_t ttl = 0;  // seconds
  // The data as one text: "192.0.2.1", "10 mail.example", of TXT the strings joined.
  std::string text;
  // Its parts. A, AAAA: address. NS, CNAME, PTR: target. MX: preference, exchange. SRV:
  // priority, weight, port, target. SOA: mname, rname, serial, refresh, retry, expire,
  // minimum. TXT: strings. CAA: flags, tag, value. Others: data.
  std::vector<Field> fields;
};

struct DnsMessage {
  std::uint16_t id = 0;
  bool response = false;
  bool authoritative = false;
  bool truncated = false;
  bool recursion_available = false;
  std::uint8_t opcode = 0;
  std::uint8_t rcode = 0;
  std::string question;  // the one there is; "" if there is none
  std::uint16_t question_type = 0;
  std::vector<DnsRecord> answers;
  std::vector<DnsRecord> authorities;
  std::vector<DnsRecord> additionals;  // without EDNS's
};

// "NOERROR", "NXDOMAIN", "RCODE11".
std::string dns_rcode_name(std::uint8_t rcode);

// A question, recursion desired. Errc::invalid if `name` is none: at most 255 octets, labels
// of 1 to 63; a final dot makes no difference.
Result<std::string> encode_dns_query(std::uint16_t id, std::string_view name, DnsType type);

// The header and the question: whose answer it is, also if the rest is damaged. At most one
// question. Errc::invalid with what is wrong.
Result<DnsMessage> decode_dns_head(std::string_view bytes);
// All of it. Octets behind its last record are not looked at.
Result<DnsMessage> decode_dns(std::string_view bytes);

// Whether both are one name: the case of ASCII letters does not matter.
bool same_dns_name(std::string_view a, std::string_view b);

// The name of the PTR record of an IP address; nullopt if `text` is none.
std::optional<std::string> dns_reverse_name(const std::string& text);

}  // namespace virgo::net
