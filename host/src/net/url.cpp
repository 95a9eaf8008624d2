#include "net/url.hpp"

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

// Letters, digits and what else stands in host names and addresses.
bool is_host(std::string_view host, bool bracketed) {
  if (host.empty() || host.size() > kMaxHost) return false;
  return std::all_of(host.begin(), host.end(), [&](char c) {
    const char small = lower(c);
    const bool plain = (small >= 'a' && small <= 'z') || (c >= '0' && c <= '9');
    if (bracketed) return plain || c == ':' || c == '.' || c == '%';
    return plain || c == '-' || c == '.' || c == '_';
  });
}

std::string shown(std::string_view text) {
  const std::size_t slashes = text.find("//");
  const std::size_t from = slashes == std::string_view::npos ? 0 : slashes + 2;
  const std::size_t end = std::min(text.find_first_of("/?#", from), text.size());
  const std::size_t at = text.substr(0, end).rfind('@');
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
  if (!is_host(host, bracketed)) return "the host has a character that none can have";
  url.host.assign(host);
  std::transform(url.host.begin(), url.host.end(), url.host.begin(), lower);
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
  rest = rest.substr(0, rest.find('#'));
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  std::string_view authority = rest.substr(0, end);
  const std::string_view target = rest.substr(end);
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    if (const char* why = read_user(authority.substr(0, at), url)) return why;
    authority.remove_prefix(at + 1);
  }
  if (const char* why = read_host(authority, url)) return why;
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
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == (secure ? 443 : 80) ? name : format("{}:{}", name, port);
}

std::string Url::text() const {
  return format("{}://{}{}", secure ? "https" : "http", authority(), target);
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
