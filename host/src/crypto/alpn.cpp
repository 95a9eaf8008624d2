#include "crypto/alpn.hpp"

#include "base/format.hpp"
#include "base/text.hpp"

namespace virgo::crypto {
namespace {

constexpr std::size_t kMaxName = 255;
constexpr std::size_t kMaxList = 65535;

// Takes the first name off `list`; false at its end.
bool next_name(std::string_view& list, std::string_view& name) {
  if (list.empty()) return false;
  const auto size = static_cast<std::size_t>(static_cast<unsigned char>(list.front()));
  if (size == 0 || size >= list.size()) return false;
  name = list.substr(1, size);
  list.remove_prefix(1 + size);
  return true;
}

}  // namespace

Result<std::string> alpn_list(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) {
    if (name.empty() || name.size() > kMaxName)
      return Error{
          Errc::invalid,
          format("'{}' cannot be the name of an application protocol (ALPN): 1 to {} bytes",
                 printable(name), kMaxName)};
    list += static_cast<char>(name.size());
    list += name;
  }
  if (list.size() > kMaxList)
    return Error{Errc::invalid, "the names of the application protocols (ALPN) are too long"};
  return list;
}

std::string_view choose_alpn(std::string_view ours, std::string_view theirs) {
  std::string_view mine;
  while (next_name(ours, mine)) {
    std::string_view rest = theirs;
    std::string_view other;
    while (next_name(rest, other))
      if (other == mine) return other;
  }
  return {};
}

}  // namespace virgo::crypto
