#include "crypto/host_name.hpp"

#include <gtest/gtest.h>

#include "tls_world.hpp"

namespace virgo::crypto {
namespace {

using namespace std::string_view_literals;

TEST(HostName, TakesDnsNames) {
  for (const auto name : {"localhost"sv, "a"sv, "db-1.example.com"sv, "_srv.example.com"sv}) {
    const auto host = parse_host_name(name, false);
    ASSERT_TRUE(host.ok()) << name;
    EXPECT_FALSE(host->is_ip());
    EXPECT_EQ(host->text, name);
  }
  EXPECT_EQ(parse_host_name("example.com.", false)->text, "example.com");
}

TEST(HostName, TakesAddresses) {
  const auto v4 = parse_host_name("10.0.0.1", false);
  EXPECT_EQ(v4->ip_bytes, "\x0a\x00\x00\x01"sv);
  const auto v6 = parse_host_name("[::1]", false);
  EXPECT_EQ(v6->text, "::1");
  EXPECT_EQ(v6->ip_bytes.size(), 16u);
  EXPECT_EQ(parse_host_name("fe80::1%eth0", false)->text, "fe80::1");
}

TEST(HostName, RefusesWhatWouldMeanSomethingElseToOpenSsl) {
  for (const auto name :
       {""sv, "."sv, ".example.com"sv, "a..b"sv, "a\0.b"sv, "a b"sv, "a,DNS:b"sv, "10.0.0.1\0"sv,
        "[localhost]"sv, "[10.0.0.1]"sv, "::g"sv, "a:443"sv, "https://a"sv, "[]"sv, "a.."sv}) {
    const auto host = parse_host_name(name, false);
    ASSERT_FALSE(host.ok()) << name;
    EXPECT_EQ(host.error().code, Errc::invalid);
    EXPECT_HAS(host.error().message, "neither a host name nor an IP address");
  }
}

TEST(HostName, SaysHowToWriteNamesBeyondAscii) {
  EXPECT_HAS(parse_host_name("b\xc3\xbc"
                             "cher.de",
                             false)
                 .error()
                 .message,
             "xn--");
}

TEST(HostName, TakesAWildcardOnlyWhereAskedForAndOnTheLeft) {
  EXPECT_TRUE(parse_host_name("*.example.com", true).ok());
  EXPECT_FALSE(parse_host_name("*.example.com", false).ok());
  EXPECT_FALSE(parse_host_name("a.*.com", true).ok());
  EXPECT_FALSE(parse_host_name("db*.example.com", true).ok());
  EXPECT_FALSE(parse_host_name("*", true).ok());
}

TEST(HostName, HoldsItsLimits) {
  const std::string label(63, 'a');
  EXPECT_TRUE(parse_host_name(label, false).ok());
  EXPECT_FALSE(parse_host_name(label + "a", false).ok());
  const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'b');
  EXPECT_TRUE(parse_host_name(longest, false).ok());
  EXPECT_FALSE(parse_host_name(longest + "b", false).ok());
}

TEST(IpText, WritesBothFamilies) {
  EXPECT_EQ(ip_text("\x0a\x00\x00\x01"sv), "10.0.0.1");
  EXPECT_EQ(ip_text("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"sv), "::1");
  EXPECT_EQ(ip_text("abc"), "");
}

}  // namespace
}  // namespace virgo::crypto
