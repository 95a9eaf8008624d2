#include "net/url.hpp"

#include <gtest/gtest.h>

namespace virgo::net {
namespace {

std::string read(std::string_view text) {
  const auto url = parse_url(text);
  return url ? url->text() : "! " + url.error().message;
}

TEST(UrlTest, ReadsWhatAnHttpClientIsGiven) {
  const auto url = parse_url("HTTPS://us%40er:p%3Aw@Example.COM:8443/a/b?x=1#part");
  ASSERT_TRUE(url.ok()) << url.error().message;
  EXPECT_TRUE(url->secure);
  EXPECT_EQ(url->host, "example.com");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->target, "/a/b?x=1");
  EXPECT_EQ(url->user, "us@er");
  EXPECT_EQ(url->password, "p:w");
  EXPECT_EQ(url->authority(), "example.com:8443");
  EXPECT_EQ(url->text(), "https://example.com:8443/a/b?x=1");
}

TEST(UrlTest, FillsInWhatIsLeftOut) {
  EXPECT_EQ(read("http://a"), "http://a/");
  EXPECT_EQ(read("http://a:80"), "http://a/");
  EXPECT_EQ(read("http://a:/x"), "http://a/x");
  EXPECT_EQ(read("https://a:443?q"), "https://a/?q");
  EXPECT_EQ(read("http://a:443/"), "http://a:443/");
  EXPECT_EQ(read("http://[::1]:8080/x"), "http://[::1]:8080/x");
  EXPECT_EQ(read("http://[2001:DB8::1]"), "http://[2001:db8::1]/");
  EXPECT_EQ(read("http://a/b c\xc3\xa4"), "http://a/b%20c%C3%A4");
}

TEST(UrlTest, SaysWhatIsWrong) {
  for (const auto& [text, why] : std::initializer_list<std::pair<std::string, std::string>>{
           {"", "does not begin with http://"},
           {"ftp://a/", "does not begin with http://"},
           {"a.example/x", "does not begin with http://"},
           {"http:", "does not begin with http://"},
           {"http:/a", "// is missing"},
           {"http://", "it has no host"},
           {"http:///x", "it has no host"},
           {"http://:80/", "it has no host"},
           {"http://a b/", "character that none can have"},
           {"http://m\xc3\xbcller/", "character that none can have"},
           {"http://[::1/", "a ] is missing"},
           {"http://[::1]x/", "behind the ]"},
           {"http://[]/", "it has no host"},
           {"http://[a.example]/", "stands an IPv6 address"},
           {"http://[127.0.0.1]/", "stands an IPv6 address"},
           {"http://[::1::]/", "stands an IPv6 address"},
           {"http://[fe80::1%]/", "stands an IPv6 address"},
           {"http://[fe80::1%e:0]/", "stands an IPv6 address"},
           {"http://joe:a/b@c/", "in user and password / ? # are written %2F %3F %23"},
           {"http://joe:a?b@c/", "in user and password / ? # are written %2F %3F %23"},
           {"http://joe:a#b@c/", "in user and password / ? # are written %2F %3F %23"},
           {"http://a:0/", "from 1 to 65535"},
           {"http://a:65536/", "from 1 to 65535"},
           {"http://a:99999999999999/", "from 1 to 65535"},
           {"http://a:-1/", "from 1 to 65535"},
           {"http://a:8o/", "from 1 to 65535"},
           {"http://u:%4@a/", "a % without two hex digits"},
           {"http://u:%4g@a/", "a % without two hex digits"},
           {"http://a/\r\nX: y", "a control character"},
           {"http://a/" + std::string(1, '\0'), "a control character"},
           {"http://" + std::string(254, 'a'), "character that none can have"},
           {"http://a/" + std::string(8192, 'b'), "too long"}}) {
    EXPECT_NE(read(text).find(why), std::string::npos) << text << ": " << read(text);
    EXPECT_EQ(parse_url(text).error().code, Errc::invalid);
  }
  EXPECT_EQ(read("http://" + std::string(253, 'a')).front(), 'h');
}

TEST(UrlTest, NeverShowsThePassword) {
  EXPECT_EQ(read("http://joe:secret@a:x/").find("secret"), std::string::npos);
  EXPECT_EQ(read("ftp://joe:sec@ret@a/").find("ret"), std::string::npos);
  EXPECT_EQ(read("http://joe:secret@a/"), "http://a/");
  for (const char* text :
       {"http://joe:x/secret@a/", "http://joe:x?secret@a/", "http://joe:x#secret@a/",
        "http:joe:secret@a", "//joe:secret@a", "joe:secret@a", "http:joe:a//secret@b",
        "joe://secret@a", "ftp://joe:secret@b@a/secret@"}) {
    const std::string shown = read(text);
    EXPECT_EQ(shown[0], '!') << text;
    EXPECT_EQ(shown.find("secret"), std::string::npos) << shown;
  }
}

TEST(UrlTest, TheInterfaceOfAnAddressStaysHere) {
  for (const char* text : {"http://[FE80::1%25Eth0]:81/x", "http://[fe80::1%Eth0]:81/x"}) {
    const auto url = parse_url(text);
    ASSERT_TRUE(url.ok()) << url.error().message;
    EXPECT_EQ(url->host, "fe80::1%Eth0");
    EXPECT_EQ(url->authority(), "[fe80::1]:81");
    EXPECT_EQ(url->text(), "http://[fe80::1%25Eth0]:81/x");
  }
}

TEST(UrlTest, ResolvesReferences) {
  const Url base = *parse_url("http://u:p@a.example:81/b/c/d?q=1");
  for (const auto& [reference, result] : std::initializer_list<std::pair<const char*, const char*>>{
           {"https://b.example/x", "https://b.example/x"},
           {"//b.example/x", "http://b.example/x"},
           {"/x?y", "http://a.example:81/x?y"},
           {"x", "http://a.example:81/b/c/x"},
           {"./x/.", "http://a.example:81/b/c/x/"},
           {"../x", "http://a.example:81/b/x"},
           {"../../../../x", "http://a.example:81/x"},
           {"..", "http://a.example:81/b/"},
           {"?z=/../a", "http://a.example:81/b/c/d?z=/../a"},
           {"#part", "http://a.example:81/b/c/d?q=1"},
           {"", "http://a.example:81/b/c/d?q=1"},
           {"x:y", "!"},
           {"/x:y", "http://a.example:81/x:y"},
           {"ftp://a.example/", "!"},
           {"\n", "!"},
           {"/a b", "http://a.example:81/a%20b"}}) {
    const auto url = resolve_url(base, reference);
    EXPECT_EQ(url ? url->text() : "!", result) << reference;
  }
  EXPECT_EQ(resolve_url(base, "/x")->user, "u");
  EXPECT_EQ(resolve_url(base, "http://a.example:81/y")->password, "p");
  EXPECT_EQ(resolve_url(base, "http://a.example/y")->user, "");
  EXPECT_EQ(resolve_url(base, "https://a.example:81/y")->password, "");
}

}  // namespace
}  // namespace virgo::net
