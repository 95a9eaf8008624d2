#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <ctime>
#include <vector>

#include "base/format.hpp"

namespace virgo {
namespace {

// Optimal string alignment distance.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + cost});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array kDurations{
    Unit{"ns", 1},
    Unit{"us", 1'000},
    Unit{"ms", 1'000'000},
    Unit{"s", 1'000'000'000},
    Unit{"m", 60'000'000'000},
    Unit{"h", 3'600'000'000'000},
    Unit{"d", 86'400'000'000'000},
};

constexpr std::array kSizes{
    Unit{"", 1},
    Unit{"B", 1},
    Unit{"kB", 1000},
    Unit{"KB", 1000},
    Unit{"MB", 1'000'000},
    Unit{"GB", 1'000'000'000},
    Unit{"KiB", 1ull << 10},
    Unit{"MiB", 1ull << 20},
    Unit{"GiB", 1ull << 30},
    Unit{"TiB", 1ull << 40},
};

// A non-negative decimal number and a unit from the table, exactly scaled as
// far as a double is; false if it is anything else or does not fit.
template <std::size_t N>
bool scaled(std::string_view text, const std::array<Unit, N>& units, std::uint64_t max,
            std::uint64_t& out) {
  std::size_t digits = 0;
  while (digits < text.size() &&
         (std::isdigit(static_cast<unsigned char>(text[digits])) != 0 || text[digits] == '.'))
    ++digits;
  if (digits == 0) return false;
  const std::string_view number = text.substr(0, digits);
  const std::string_view name = text.substr(digits);
  const auto unit =
      std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.name == name; });
  if (unit == units.end()) return false;
  std::uint64_t whole = 0;
  const char* end = number.data() + number.size();
  const auto as_int = std::from_chars(number.data(), end, whole);
  if (as_int.ec == std::errc() && as_int.ptr == end) {
    if (whole > max / unit->factor) return false;
    out = whole * unit->factor;
    return true;
  }
  double real = 0;
  const auto as_real = std::from_chars(number.data(), end, real, std::chars_format::fixed);
  if (as_real.ec != std::errc() || as_real.ptr != end) return false;
  real = std::round(real * static_cast<double>(unit->factor));
  if (!(real <= static_cast<double>(max) * 0.999)) return false;
  out = static_cast<std::uint64_t>(real);
  return true;
}

// The largest unit that writes `value` without a fraction.
template <std::size_t N>
std::string in_units(std::uint64_t value, const std::array<Unit, N>& units,
                     std::initializer_list<std::string_view> allowed) {
  for (const std::string_view name : allowed) {
    for (const Unit& u : units)
      if (u.name == name && value != 0 && value % u.factor == 0)
        return format("{}{}", value / u.factor, name);
  }
  return format("{}{}", value, *(allowed.end() - 1));
}

}  // namespace

std::string_view did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string_view c : candidates) {
    // The lengths' difference is the least it can be: long words cost nothing.
    const std::size_t longer = std::max(word.size(), c.size());
    if (longer - std::min(word.size(), c.size()) >= best_distance) continue;
    const std::size_t d = distance(word, c);
    if (d < best_distance) {
      best_distance = d;
      best = c;
    }
  }
  return best;
}

Result<Duration> parse_duration(std::string_view text) {
  std::uint64_t ns = 0;
  if (!scaled(text, kDurations, static_cast<std::uint64_t>(INT64_MAX), ns))
    return Error{
        Errc::invalid,
        format("'{}' is not a duration: write a number and a unit (ns, us, ms, s, m, h, d), "
               "as in 10s or 500ms",
               printable(text))};
  return Duration(static_cast<std::int64_t>(ns));
}

std::string format_duration(Duration d) {
  if (d.count() == 0) return "0s";
  const bool negative = d.count() < 0;
  const auto bits = static_cast<std::uint64_t>(d.count());
  return (negative ? "-" : "") +
         in_units(negative ? 0 - bits : bits, kDurations, {"d", "h", "m", "s", "ms", "us", "ns"});
}

Result<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t bytes = 0;
  if (!scaled(text, kSizes, static_cast<std::uint64_t>(INT64_MAX), bytes))
    return Error{
        Errc::invalid,
        format("'{}' is not a size: write a number and a unit (B, KiB, MiB, GiB, kB, MB, GB), "
               "as in 64MiB",
               printable(text))};
  return bytes;
}

std::string format_size(std::uint64_t bytes) {
  return in_units(bytes, kSizes, {"TiB", "GiB", "MiB", "KiB", "B"});
}

std::string printable(std::string_view bytes, std::size_t max) {
  std::string out;
  const bool cut = bytes.size() > max;
  for (const char c : bytes.substr(0, max)) {
    const auto u = static_cast<unsigned char>(c);
    if (u >= 0x20 && u < 0x7f)
      out += c;
    else
      out += format("\\x{:02x}", u);
  }
  if (cut) out += "...";
  return out;
}

std::size_t utf8_length(std::string_view text) {
  const auto at = [text](std::size_t k) -> unsigned {
    return k < text.size() ? static_cast<unsigned char>(text[k]) : 0u;
  };
  const auto continues = [&at](std::size_t k) { return (at(k) & 0xc0u) == 0x80u; };
  if (text.empty()) return 0;
  const unsigned lead = at(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) return continues(1) ? 2 : 0;
  if (lead >= 0xe0 && lead < 0xf0) {
    if ((lead == 0xe0 && at(1) < 0xa0) || (lead == 0xed && at(1) >= 0xa0)) return 0;
    return continues(1) && continues(2) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead < 0xf5) {
    if ((lead == 0xf0 && at(1) < 0x90) || (lead == 0xf4 && at(1) >= 0x90)) return 0;
    return continues(1) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

void append_utf8(std::string& out, std::string_view bytes) {
  std::size_t good = 0;  // bytes at the front that are in order
  while (good < bytes.size()) {
    const std::size_t length = utf8_length(bytes.substr(good));
    good += length;
    if (length > 0) continue;
    out.append(bytes.substr(0, good)).append("\xef\xbf\xbd");
    bytes.remove_prefix(good + 1);
    good = 0;
  }
  out.append(bytes);
}

std::string to_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  append_utf8(out, bytes);
  return out;
}

std::string_view cut_utf8(std::string_view text, std::size_t max) {
  if (text.size() <= max) return text;
  std::size_t end = max;
  // A character has at most three bytes after its first.
  for (int i = 0; i < 3 && end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0u) == 0x80u; ++i)
    --end;
  return text.substr(0, end);
}

std::uint64_t stable_hash(std::string_view text) {
  std::uint64_t h = 0xcbf29ce484222325ull;
  for (const char c : text) {
    h ^= static_cast<unsigned char>(c);
    h *= 0x100000001b3ull;
  }
  // Finish with a mix: FNV's low bits alone spread short, similar names badly.
  h ^= h >> 33;
  h *= 0xff51afd7ed558ccdull;
  h ^= h >> 33;
  return h;
}

std::string format_utc(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts{};
  if (gmtime_r(&time, &parts) == nullptr) return "an unknown day";
  std::array<char, 64> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts);
  return text.data();
}

}  // namespace virgo
