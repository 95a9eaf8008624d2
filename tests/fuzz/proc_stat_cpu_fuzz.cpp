// The cpu lines of /proc/stat, and what is made of them; before them the list of a core's
// processors, up to a first NUL.
#include "cpu/shares.hpp"
#include "fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest = fuzz::text(data, size);
  const std::string_view list = plugin::take_until(rest, '\0');
  fuzz::require(!plugin::is_first_of(list, 0) || list.front() == '0');
  if (rest.empty()) rest = list;
  // The text stands for one sample after another: a line without a name begins the next.
  plugin::Processors processors;
  plugin::CpuLine line;
  plugin::Shares shares;
  bool damaged = false;
  size_t lines = 0;
  processors.begin();
  while (plugin::next_cpu(rest, &line, &damaged)) {
    fuzz::require(line.columns >= plugin::kLeastCpuColumns && !damaged);
    if (line.name.empty()) {
      processors.end();
      fuzz::require(processors.count() == lines);
      processors.begin();
      lines = 0;
      continue;
    }
    ++lines;
    bool known = false;
    plugin::Processor* p = processors.next(line.number, &known);
    fuzz::require(p != nullptr && p->number == line.number);
    if (known) shares.add(p->ticks, line.ticks);
    memcpy(p->ticks, line.ticks, sizeof p->ticks);
  }
  shares.average();
  double sum = 0;
  for (const double percent : shares.percent) sum += percent;
  fuzz::require(shares.processors == 0 || (sum > 99.9 && sum < 100.1));
  fuzz::require(shares.least_usage <= shares.most_usage && shares.most_usage < 100.1);
  return 0;
}
