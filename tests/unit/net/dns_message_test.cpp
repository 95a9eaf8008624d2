#include "net/dns_message.hpp"

#include <gtest/gtest.h>

#include "unit/net/dns_bytes.hpp"

namespace virgo::net {
namespace {

using namespace testing;

std::string query(DnsType type = DnsType::a, const char* name = "a.example") {
  return encode_dns_query(0x1234, name, type).value();
}
// A message with this one answer, or why there is none.
std::string answer(unsigned type, const std::string& data) {
  const auto m =
      decode_dns(dns_response(query(), kResponse, 1, dns_record(to_question(), type, data)));
  if (!m) return "! " + m.error().message;
  EXPECT_EQ(m->answers.at(0).name, "a.example");
  EXPECT_EQ(m->answers[0].ttl, 60u);
  return m->answers[0].text;
}
std::string damage(const std::string& bytes) {
  const auto m = decode_dns(bytes);
  return m ? "" : m.error().message;
}

TEST(DnsMessageTest, WritesAQuestion) {
  const std::string bytes = query(DnsType::mx, "Ex-1.example.");
  EXPECT_EQ(bytes, u16(0x1234) + u16(0x0100) + u16(1) + u16(0) + u32(0) +
                       wire_name("Ex-1.example") + u16(15) + u16(1));
  const auto head = decode_dns_head(bytes);
  ASSERT_TRUE(head.ok());
  EXPECT_EQ(head->id, 0x1234);
  EXPECT_FALSE(head->response);
  EXPECT_EQ(head->question, "Ex-1.example");
  EXPECT_EQ(head->question_type, 15);
}

TEST(DnsMessageTest, NamesAreHeldToTheirBounds) {
  const auto why = [](const std::string& name) {
    const auto q = encode_dns_query(1, name, DnsType::a);
    return q ? "" : q.error().message;
  };
  const std::string label(63, 'x');
  EXPECT_EQ(why("."), "");
  EXPECT_EQ(why("a"), "");
  EXPECT_EQ(why(label), "");
  EXPECT_NE(why(label + "x").find("more than 63 octets"), std::string::npos);
  // 4 * 64 - 1 - 1 + 1: 255 octets with the root's.
  const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'x');
  EXPECT_EQ(why(longest), "");
  EXPECT_NE(why(longest + "x").find("more than 255 octets"), std::string::npos);
  EXPECT_NE(why("").find("it is empty"), std::string::npos);
  EXPECT_NE(why("a..b").find("an empty label"), std::string::npos);
  EXPECT_NE(why(".a").find("an empty label"), std::string::npos);
  EXPECT_NE(why("..").find("an empty label"), std::string::npos);
  for (const char* bad : {"a\\", "a\\25", "a\\256", "a\\1b"})
    EXPECT_NE(why(bad).find("an escape that is none"), std::string::npos) << bad;
  EXPECT_EQ(decode_dns_head(*encode_dns_query(1, "a\\.b\\032\\\\c.d", DnsType::a))->question,
            "a\\.b\\032\\\\c.d");
}

TEST(DnsMessageTest, ReadsEveryType) {
  EXPECT_EQ(answer(1, std::string("\xc0\x00\x02\x01", 4)), "192.0.2.1");
  EXPECT_EQ(answer(28, std::string(15, '\0') + "\1"), "::1");
  EXPECT_EQ(answer(2, wire_name("ns.example")), "ns.example");
  EXPECT_EQ(answer(5, u8(1) + "b" + u16(0xc00e)), "b.example");
  EXPECT_EQ(answer(12, u8(0)), ".");
  EXPECT_EQ(answer(15, u16(10) + wire_name("mail.example")), "10 mail.example");
  EXPECT_EQ(answer(33, u16(1) + u16(2) + u16(443) + to_question()), "1 2 443 a.example");
  EXPECT_EQ(answer(16, u8(3) + "abc" + u8(0) + u8(2) + "de"), "abcde");
  EXPECT_EQ(answer(257, u8(128) + u8(5) + "issue" + "ca.example"), "128 issue \"ca.example\"");
  EXPECT_EQ(answer(6, wire_name("ns.x") + wire_name("admin.x") + u32(1) + u32(2) + u32(3) + u32(4) +
                          u32(0xffffffff)),
            "ns.x admin.x 1 2 3 4 4294967295");
  EXPECT_EQ(answer(65, "any\0thing"), "any");
  const auto m = decode_dns(
      dns_response(query(), kResponse, 1,
                   dns_record(to_question(), 33, u16(1) + u16(2) + u16(443) + wire_name("t.x"))));
  ASSERT_EQ(m->answers[0].fields.size(), 4u);
  EXPECT_STREQ(m->answers[0].fields[2].name, "port");
  EXPECT_EQ(m->answers[0].fields[2].number, 443u);
  EXPECT_EQ(m->answers[0].fields[3].texts, std::vector<std::string>{"t.x"});
}

TEST(DnsMessageTest, ReadsTheHeaderAndAllSections) {
  const std::string record = dns_record(to_question(), 1, "abcd");
  const std::string edns = dns_record(u8(0), 41, "", 0x80000000u, 4096);
  const auto m =
      decode_dns(u16(7) + u16(kResponse | kAuthoritative | 3) + u16(1) + u16(1) + u16(1) + u16(2) +
                 question_of(query()) + record + record + edns + record + "behind the end");
  ASSERT_TRUE(m.ok()) << m.error().message;
  EXPECT_TRUE(m->response && m->authoritative && m->recursion_available);
  EXPECT_FALSE(m->truncated);
  EXPECT_EQ(dns_rcode_name(m->rcode), "NXDOMAIN");
  EXPECT_EQ(m->answers.size(), 1u);
  EXPECT_EQ(m->authorities.size(), 1u);
  EXPECT_EQ(m->additionals.size(), 1u);
}

TEST(DnsMessageTest, EveryCutIsDamage) {
  const std::string whole =
      dns_response(query(), kResponse, 2,
                   dns_record(to_question(), 15, u16(10) + wire_name("mail.example")) +
                       dns_record(wire_name("x.y"), 6,
                                  wire_name("ns.x") + to_question() + u32(1) + u32(2) + u32(3) +
                                      u32(4) + u32(5)));
  ASSERT_EQ(damage(whole), "");
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_NE(damage(whole.substr(0, size)), "") << size;
}

TEST(DnsMessageTest, WrongLengthsOfData) {
  for (const auto& [type, data] : std::initializer_list<std::pair<unsigned, std::string>>{
           {1, "abc"},
           {1, "abcde"},
           {28, "abcd"},
           {2, ""},
           {2, wire_name("a") + "x"},
           {15, u16(1)},
           {15, u8(1)},
           {33, u16(1) + u16(2) + u8(3)},
           {16, ""},
           {16, u8(4) + "abc"},
           {257, u8(0)},
           {257, u8(0) + u8(0)},
           {257, u8(0) + u8(9) + "tag"},
           {6, wire_name("a") + wire_name("b") + u32(1)}})
    EXPECT_NE(answer(type, data).find("! the DNS message is damaged: the data of a record"),
              std::string::npos)
        << type << " " << data.size();
}

TEST(DnsMessageTest, CompressionThatLeadsNowhere) {
  const auto with = [](const std::string& name) {
    return damage(u16(1) + u16(kResponse) + u16(0) + u16(1) + u32(0) + dns_record(name, 1, "abcd"));
  };
  EXPECT_NE(with(u16(0xc00c)).find("points forward"), std::string::npos);  // to itself
  EXPECT_NE(with(u8(1) + "a" + u16(0xc00c)).find("points forward"), std::string::npos);
  EXPECT_NE(with(u16(0xffff)).find("points forward"), std::string::npos);
  EXPECT_NE(with(u16(0xc0ff)).find("points forward"), std::string::npos);
  EXPECT_NE(with(u8(0x40) + "a").find("unknown kind"), std::string::npos);
  EXPECT_NE(with(u8(0x80) + "a").find("unknown kind"), std::string::npos);
  EXPECT_NE(with(std::string(300, '\x01')), "");
  // A name that goes over so many pointers, each of which leads to the one before.
  const auto over = [](unsigned pointers) {
    const unsigned root = 12 + 11;  // behind the header, and what is in front of the data
    std::string chain = u8(0);
    for (unsigned i = 1; i < pointers; ++i)
      chain += u16(0xc000 + root + (i == 1 ? 0 : 2 * (i - 2) + 1));
    const std::string last = u16(0xc000 + root + 2 * (pointers - 2) + 1);
    return damage(u16(1) + u16(kResponse) + u16(0) + u16(2) + u32(0) +
                  dns_record(u8(0), 65, chain) + dns_record(last, 1, "abcd"));
  };
  EXPECT_EQ(over(127), "");
  EXPECT_NE(over(128).find("too many pointers"), std::string::npos);
}

TEST(DnsMessageTest, SmallMessagesDoNotBecomeLargeOnes) {
  // One name of 255 octets, and thousands of records that point to it.
  std::string name;
  for (int i = 0; i < 3; ++i) name += u8(63) + std::string(63, '\xff');
  name += u8(61) + std::string(61, '\xff') + u8(0);
  std::string bytes =
      u16(1) + u16(kResponse) + u16(1) + u16(5000) + u32(0) + name + u16(2) + u16(1);
  for (int i = 0; i < 4600; ++i) bytes += dns_record(to_question(), 2, to_question());
  ASSERT_LE(bytes.size(), 65535u);
  EXPECT_NE(damage(bytes).find("more than 1 MiB of text"), std::string::npos);
}

TEST(DnsMessageTest, OneQuestionOfTheInternet) {
  const std::string q = wire_name("a") + u16(1) + u16(1);
  EXPECT_NE(
      damage(u16(1) + u16(kResponse) + u16(2) + u16(0) + u32(0) + q + q).find("several questions"),
      std::string::npos);
  EXPECT_NE(
      damage(u16(1) + u16(kResponse) + u16(1) + u16(0) + u32(0) + wire_name("a") + u16(1) + u16(3))
          .find("not of the class IN"),
      std::string::npos);
}

TEST(DnsMessageTest, Names) {
  EXPECT_EQ(dns_type_named("aaaa"), DnsType::aaaa);
  EXPECT_EQ(dns_type_named("ANY"), std::nullopt);
  EXPECT_EQ(dns_type_named(""), std::nullopt);
  EXPECT_EQ(dns_type_name(257), "CAA");
  EXPECT_EQ(dns_type_name(65), "TYPE65");
  EXPECT_EQ(dns_rcode_name(0), "NOERROR");
  EXPECT_EQ(dns_rcode_name(15), "RCODE15");
  EXPECT_TRUE(same_dns_name("A.b", "a.B"));
  EXPECT_FALSE(same_dns_name("a.b", "a.bc"));
  EXPECT_EQ(dns_reverse_name("192.0.2.7"), "7.2.0.192.in-addr.arpa");
  EXPECT_EQ(dns_reverse_name("2001:db8::1")->substr(0, 8), "1.0.0.0.");
  EXPECT_EQ(dns_reverse_name("2001:db8::1")->size(), 64u + 8u);
  EXPECT_EQ(dns_reverse_name("a.example"), std::nullopt);
}

}  // namespace
}  // namespace virgo::net
