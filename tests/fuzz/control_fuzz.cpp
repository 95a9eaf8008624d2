// Debian's control files, names of lists, and what update-notifier writes.
#include "fuzz/fuzz.hpp"
#include "updates/control.hpp"
#include "updates/packages.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = fuzz::text(data, size);
  plugin::Paragraph paragraph;
  plugin::Packages packages;
  std::string_view rest = text;
  std::string_view line;
  while (plugin::take_line(rest, &line)) {
    if (!paragraph.take(line)) continue;
    fuzz::require(!paragraph.package().empty() && !paragraph.version().empty());
    if (paragraph.installed())
      packages.install(paragraph.package(), paragraph.architecture(), paragraph.version(),
                       paragraph.hold());
    else
      packages.offer(paragraph.package(), paragraph.architecture(), paragraph.version(), 3, true);
  }
  uint64_t by_origin[plugin::kMostOrigins] = {};
  uint64_t held = 0;
  packages.count_updates(by_origin, &held);
  fuzz::require(by_origin[3] + held <= packages.count());
  fuzz::require(plugin::origin_of_list(text).size() <= size);
  uint64_t all = 0;
  uint64_t security = 0;
  if (plugin::parse_updates_available(text, &all, &security)) fuzz::require(security <= all);
  return 0;
}
