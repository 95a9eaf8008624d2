#include "native/crash_record.hpp"

#include <array>
#include <charconv>

#include "base/format.hpp"

namespace virgo::native {
namespace {

constexpr std::size_t kFields = 7;
// The last second of the year 9999. Any more is no time, and sums of it overflow.
constexpr std::int64_t kLastSecond = 253'402'300'799;

template <class Number>
bool read_number(std::string_view text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

bool read_line(std::string_view line, CrashRecord& out) {
  std::array<std::string_view, kFields> fields;
  for (std::size_t i = 0; i < kFields; ++i) {
    const std::size_t tab = line.find('\t');
    // One tab after each field but the last, which has none.
    if ((tab == std::string_view::npos) != (i + 1 == kFields)) return false;
    fields[i] = line.substr(0, tab);
    line.remove_prefix(tab == std::string_view::npos ? line.size() : tab + 1);
  }
  if (!read_number(fields[0], out.at) || !read_number(fields[1], out.signal)) return false;
  if (out.at < 0 || out.at > kLastSecond) return false;
  if (fields[2].empty() || fields[6].empty() || fields[6][0] != '/') return false;
  out.identity = fields[2];
  out.module = fields[3];
  out.check = fields[4];
  out.function = fields[5];
  out.file = fields[6];
  return true;
}

}  // namespace

Crashes parse_crashes(std::string_view text) {
  Crashes out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    CrashRecord record;
    // Without its newline it may be cut off in the middle of the path.
    if (end != std::string_view::npos && read_line(line, record))
      out.records.push_back(std::move(record));
    else if (!line.empty())
      ++out.unreadable;
  }
  return out;
}

std::string to_line(const CrashRecord& r) {
  return format("{}\t{}\t{}\t{}\t{}\t{}\t{}\n", r.at, r.signal, r.identity, r.module, r.check,
                r.function, r.file);
}

}  // namespace virgo::native
