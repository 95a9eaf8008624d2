#include "net/url.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "base/format.hpp"
#include "base/text.hpp"

namespace virgo::net {
namespace {

constexpr std::size_t kMaxUrl = 8192;
constexpr std::size_t kMaxHost = 253;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool starts_with_scheme(std::string_view text, std::string_view scheme) {
  return text.size() > scheme.size() && std::equal(scheme.begin(), scheme.end(), text.begin(),
                                                   [](char a, char b) { return a == lower(b); });
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char small = lower(c);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? digit_of(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? digit_of(text[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

void append_escaped(std::string& out, std::string_view text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7f) {
      out += c;
      continue;
    }
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
}

// Letters, digits and what else stands in host names and IPv4 addresses.
bool is_name(std::string_view host) {
  if (host.empty() || host.size() > kMaxHost) return false;
  return std::all_of(host.begin(), host.end(), [](char c) {
    const char small = lower(c);
    return (small >= 'a' && small <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_';
  });
}

std::string in_lower_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

// What stands between the brackets: an address, and of one of a link the interface behind
// "%25" (RFC 6874) or, as most write it, "%". False if it is none.
bool read_ipv6(std::string_view text, std::string& host) {
  const std::size_t percent = std::min(text.find('%'), text.size());
  host = in_lower_case(text.substr(0, percent));
  unsigned char bytes[16];
  if (inet_pton(AF_INET6, host.c_str(), bytes) != 1) return false;
  if (percent == text.size()) return true;
  std::string_view interface = text.substr(percent + 1);
  if (interface.starts_with("25")) interface.remove_prefix(2);
  if (!is_name(interface)) return false;
  host += '%';
  host += interface;
  return true;
}

// Without user and password. Where a password has an unescaped '/', which makes the URL
// a bad one, it would look like a path: so everything up to the last '@' is left out.
std::string shown(std::string_view text) {
  const std::size_t colon = std::min(text.find(':'), text.size());
  const std::size_t from = text.substr(colon).starts_with("://") ? colon + 3 : 0;
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos || at < from) return printable(text, 128);
  return printable(std::string(text.substr(0, from)) + std::string(text.substr(at + 1)), 128);
}

Error invalid(std::string_view url, std::string_view why) {
  return {Errc::invalid, format("'{}' is no URL to ask: {}", shown(url), why)};
}

// "host", "host:port", "[::1]:port"; the reason if it is not.
const char* read_host(std::string_view text, Url& url) {
  const bool bracketed = text.starts_with('[');
  std::string_view host = text;
  std::string_view port;
  bool has_port = false;
  if (bracketed) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return "a ] is missing";
    host = text.substr(1, end - 1);
    const std::string_view rest = text.substr(end + 1);
    if (!rest.empty() && rest[0] != ':') return "there is something behind the ]";
    has_port = !rest.empty();
    port = has_port ? rest.substr(1) : rest;
  } else if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    has_port = true;
  }
  if (host.empty()) return "it has no host";
  if (!bracketed && !is_name(host)) return "the host has a character that none can have";
  if (!bracketed)
    url.host = in_lower_case(host);
  else if (!read_ipv6(host, url.host))
    return "between [ and ] stands an IPv6 address";
  if (!has_port || port.empty()) return nullptr;
  const auto read = std::from_chars(port.data(), port.data() + port.size(), url.port);
  if (read.ec != std::errc() || read.ptr != port.data() + port.size() || url.port == 0)
    return "a port is a whole number from 1 to 65535";
  return nullptr;
}

const char* read_user(std::string_view text, Url& url) {
  const std::size_t colon = text.find(':');
  const auto user = percent_decode(text.substr(0, colon));
  const auto password =
      percent_decode(colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1));
  if (!user || !password) return "user or password has a % without two hex digits";
  url.user = *user;
  url.password = *password;
  return nullptr;
}

// What follows "http:" or "https:".
const char* read_rest(std::string_view rest, Url& url) {
  if (!rest.starts_with("//")) return "// is missing behind the scheme";
  rest.remove_prefix(2);
  const bool has_at = rest.find('@') != std::string_view::npos;
  rest = rest.substr(0, rest.find('#'));
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  std::string_view authority = rest.substr(0, end);
  const std::string_view target = rest.substr(end);
  const std::size_t end_of_user = authority.rfind('@');
  if (end_of_user != std::string_view::npos) {
    if (const char* why = read_user(authority.substr(0, end_of_user), url)) return why;
    authority.remove_prefix(end_of_user + 1);
  }
  const bool has_user = end_of_user != std::string_view::npos;
  if (const char* why = read_host(authority, url))
    return has_at && !has_user ? "in user and password / ? # are written %2F %3F %23" : why;
  url.target = target.starts_with('/') ? "" : "/";
  append_escaped(url.target, target);
  return nullptr;
}

// RFC 3986, 5.2.4, of an absolute path.
std::string without_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  bool folder = false;
  path.remove_prefix(1);
  while (true) {
    const std::size_t slash = path.find('/');
    const std::string_view segment = path.substr(0, slash);
    folder = segment == "." || segment == "..";
    if (segment == ".." && !kept.empty()) kept.pop_back();
    if (!folder) kept.push_back(segment);
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  std::string out;
  for (const std::string_view segment : kept) {
    out += '/';
    out += segment;
  }
  if (folder || out.empty()) out += '/';
  return out;
}

}  // namespace

std::string Url::authority() const {
  // The interface of an address is this host's affair.
  const std::string address = host.substr(0, host.find('%'));
  const std::string name = host.find(':') == std::string::npos ? host : "[" + address + "]";
  return port == (secure ? 443 : 80) ? name : format("{}:{}", name, port);
}

std::string Url::text() const {
  std::string place = authority();
  if (const std::size_t percent = host.find('%'); percent != std::string::npos)
    place.insert(place.find(']'), "%25" + host.substr(percent + 1));
  return format("{}://{}{}", secure ? "https" : "http", place, target);
}

Result<Url> parse_url(std::string_view text) {
  if (text.size() > kMaxUrl)
    return Error{Errc::invalid,
                 format("a URL of {} bytes is too long (at most {})", text.size(), kMaxUrl)};
  if (std::any_of(text.begin(), text.end(), is_control))
    return invalid(text, "it has a control character");
  Url url;
  url.secure = starts_with_scheme(text, "https:");
  if (!url.secure && !starts_with_scheme(text, "http:"))
    return invalid(text, "it does not begin with http:// or https://");
  url.port = url.secure ? 443 : 80;
  if (const char* why = read_rest(text.substr(url.secure ? 6 : 5), url)) return invalid(text, why);
  return url;
}

Result<Url> resolve_url(const Url& base, std::string_view reference) {
  if (reference.size() > kMaxUrl)
    return Error{Errc::invalid, format("an address of {} bytes is too long", reference.size())};
  reference = reference.substr(0, reference.find('#'));
  if (reference.starts_with("//"))
    return parse_url((base.secure ? "https:" : "http:") + std::string(reference));
  const std::size_t colon = reference.find(':');
  if (colon < reference.find_first_of("/?")) {
    auto url = parse_url(reference);
    if (url && url->user.empty() && url->same_origin(base)) {
      url->user = base.user;
      url->password = base.password;
    }
    return url;
  }
  if (std::any_of(reference.begin(), reference.end(), is_control))
    return invalid(reference, "it has a control character");
  Url url = base;
  if (reference.empty()) return url;
  const std::string_view base_path = std::string_view(base.target).substr(0, base.target.find('?'));
  const std::size_t query = std::min(reference.find('?'), reference.size());
  const std::string_view path = reference.substr(0, query);
  std::string target;
  if (path.empty())
    target = base_path;
  else if (path.starts_with('/'))
    target = without_dots(path);
  else
    target = without_dots(std::string(base_path.substr(0, base_path.rfind('/') + 1)) +
                          std::string(path));
  target += reference.substr(query);
  url.target.clear();
  append_escaped(url.target, target);
  return url;
}

}  // namespace virgo::net
