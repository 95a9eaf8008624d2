#include "http/headers.hpp"

#include <array>
#include <cstdint>
#include <cstring>

namespace virgo::http {
namespace {

using ByteSet = std::array<bool, 256>;

constexpr ByteSet make_token_bytes() {
  ByteSet set{};
  for (unsigned c = '0'; c <= '9'; ++c) set[c] = true;
  for (unsigned c = 'a'; c <= 'z'; ++c) set[c] = set[c - 'a' + 'A'] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
    set[static_cast<unsigned char>(c)] = true;
  return set;
}

constexpr ByteSet make_value_bytes() {
  ByteSet set{};
  for (unsigned c = 0x20; c < 256; ++c) set[c] = c != 0x7f;
  set['\t'] = true;
  return set;
}

constexpr ByteSet make_target_bytes() {
  ByteSet set{};
  for (unsigned c = 0x21; c < 0x7f; ++c) set[c] = c != '#';
  return set;
}

constexpr ByteSet kTokenBytes = make_token_bytes();
constexpr ByteSet kValueBytes = make_value_bytes();
constexpr ByteSet kTargetBytes = make_target_bytes();

// Without a way out on the first bad byte: texts are short and nearly always good.
bool all_in(const ByteSet& set, std::string_view text) {
  bool good = true;
  for (const char c : text) good &= set[static_cast<unsigned char>(c)];
  return good;
}

constexpr std::uint64_t each_byte(std::uint64_t byte) {
  return byte * 0x0101010101010101;
}

// True if one of eight bytes is below 0x20 or 0x7f; may be so of others next to such.
bool has_control(std::uint64_t eight) {
  const std::uint64_t delete_is_zero = eight ^ each_byte(0x7f);
  const std::uint64_t below = (eight - each_byte(0x20)) & ~eight;
  const std::uint64_t is_delete = (delete_is_zero - each_byte(1)) & ~delete_is_zero;
  return ((below | is_delete) & each_byte(0x80)) != 0;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] != b[i] && lower(a[i]) != lower(b[i])) return false;
  return true;
}

const Header* HeaderList::find(std::string_view name) const {
  for (const Header& header : items_)
    if (same_name(header.name, name)) return &header;
  return nullptr;
}

std::optional<std::string_view> HeaderList::get(std::string_view name) const {
  const Header* header = find(name);
  if (header == nullptr) return std::nullopt;
  return header->value;
}

std::vector<std::string_view> HeaderList::get_all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const Header& header : items_)
    if (same_name(header.name, name)) values.push_back(header.value);
  return values;
}

std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool take_element(std::string_view& rest, std::string_view* element) {
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    *element = trim_blanks(rest.substr(0, comma));
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    if (!element->empty()) return true;
  }
  return false;
}

bool has_token(std::string_view value, std::string_view token) {
  std::string_view element;
  while (take_element(value, &element))
    if (same_name(element, token)) return true;
  return false;
}

bool is_token(std::string_view text) {
  return !text.empty() && all_in(kTokenBytes, text);
}
bool is_field_value(std::string_view text) {
  const std::string_view whole = text;
  std::uint64_t eight = 0;
  for (; text.size() >= sizeof eight; text.remove_prefix(sizeof eight)) {
    std::memcpy(&eight, text.data(), sizeof eight);
    // A tab is one too, but allowed.
    if (has_control(eight)) return all_in(kValueBytes, whole);
  }
  return all_in(kValueBytes, text);
}
bool is_target(std::string_view text) {
  return !text.empty() && all_in(kTargetBytes, text);
}

}  // namespace virgo::http
