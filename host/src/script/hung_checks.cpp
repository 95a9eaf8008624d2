#include "script/hung_checks.hpp"

#include <charconv>

#include "base/format.hpp"
#include "base/text.hpp"

namespace virgo::script {

std::string HungChecks::line(const HungCheck& entry) {
  return format("{}\t{}\t{}\t{}\n", entry.at, entry.identity, entry.check, entry.file);
}

HungChecks HungChecks::parse(std::string_view text) {
  HungChecks out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) break;  // cut short
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    HungCheck entry;
    const auto field = [&line] {
      const std::size_t tab = line.find('\t');
      const std::string_view found = line.substr(0, tab);
      line.remove_prefix(tab == std::string_view::npos ? line.size() : tab + 1);
      return std::string(found);
    };
    const std::string at = field();
    const auto read = std::from_chars(at.data(), at.data() + at.size(), entry.at);
    entry.identity = field();
    entry.check = field();
    entry.file = field();
    if (read.ec == std::errc() && !entry.identity.empty() && entry.file.starts_with('/'))
      out.add(std::move(entry));
  }
  return out;
}

void HungChecks::add(HungCheck entry) {
  std::erase_if(entries_, [&entry](const HungCheck& e) {
    return e.file == entry.file && e.check == entry.check;
  });
  entries_.push_back(std::move(entry));
}

std::string HungChecks::text() const {
  std::string out;
  for (auto e = entries_.rbegin(); e != entries_.rend(); ++e) {
    std::string one = line(*e);
    if (out.size() + one.size() > kMaxText) break;
    out = one + out;
  }
  return out;
}

std::string HungChecks::refusal(std::string_view check, const std::string& file,
                                const std::string& identity) const {
  for (const HungCheck& e : entries_) {
    if (e.file != file || e.check != check || e.identity != identity) continue;
    return format(
        "not run: it held the agent in a call that could not be interrupted "
        "(limits.lua_grace), at {}; it is tried again when {} is changed",
        format_utc(e.at), file);
  }
  return "";
}

}  // namespace virgo::script
