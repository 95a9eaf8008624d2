// Header fields of a message, and what may stand in one (RFC 9110, section 5).
// Loop-free: plain values, no thread of their own.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace virgo::http {

// Both views belong to whoever made them. Of a received message: to the session
// or reader it came from, until that message is over.
struct Header {
  std::string_view name;   // as it was sent; compare with same_name()
  std::string_view value;  // without the white space round it

  bool operator==(const Header&) const = default;
};

// Header fields in the order of the message, duplicates included.
class HeaderList {
 public:
  // The first field of that name, in any case; null if there is none.
  const Header* find(std::string_view name) const;
  // Its value; nullopt if there is none.
  std::optional<std::string_view> get(std::string_view name) const;
  // All values of that name, in order.
  std::vector<std::string_view> get_all(std::string_view name) const;

  void add(std::string_view name, std::string_view value) { items_.push_back({name, value}); }
  // Keeps the memory for the next message.
  void clear() { items_.clear(); }

  std::size_t size() const { return items_.size(); }
  bool empty() const { return items_.empty(); }
  const Header& operator[](std::size_t i) const { return items_[i]; }
  Header& at(std::size_t i) { return items_[i]; }
  Header& back() { return items_.back(); }
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }

 private:
  std::vector<Header> items_;
};

// Equal but for the case of ASCII letters.
bool same_name(std::string_view a, std::string_view b);

// True if the comma-separated list `value` has the element `token`, in any case.
bool has_token(std::string_view value, std::string_view token);

// The next element of the comma-separated list `rest`, without white space round
// it, and takes it off; empty elements are skipped. False at the end.
bool take_element(std::string_view& rest, std::string_view* element);

// One or more of the characters of a token (RFC 9110, section 5.6.2).
bool is_token(std::string_view text);
// Nothing that could end the field: no control character but tab, no DEL. Bytes
// above 0x7f pass.
bool is_field_value(std::string_view text);
// One or more printable ASCII characters without space and '#'.
bool is_target(std::string_view text);

// Without spaces and tabs at either end.
std::string_view trim_blanks(std::string_view text);

}  // namespace virgo::http
