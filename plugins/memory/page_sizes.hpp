// /sys/kernel/mm/hugepages: a folder "hugepages-2048kB" per page size, with a number in
// each file.
#pragma once

#include <shared/text.hpp>

namespace plugin {

// The "2048kB" of a folder's name, and that in bytes. False for any other name.
inline bool page_size_of(std::string_view folder, std::string_view* size, uint64_t* bytes) {
  constexpr std::string_view kPrefix = "hugepages-";
  constexpr std::string_view kUnit = "kB";
  if (!starts_with(folder, kPrefix)) return false;
  *size = folder.substr(kPrefix.size());
  if (size->size() <= kUnit.size()) return false;
  const std::string_view number = size->substr(0, size->size() - kUnit.size());
  if (size->substr(number.size()) != kUnit || !to_u64(number, bytes)) return false;
  *bytes = times(*bytes, 1024);
  return true;
}

// "512\n"; without its end it may be half a number.
inline bool page_count_of(std::string_view text, uint64_t* count) {
  std::string_view line;
  return take_line(text, &line) && to_u64(line, count);
}

}  // namespace plugin
