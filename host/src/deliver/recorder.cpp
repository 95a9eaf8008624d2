#include "deliver/recorder.hpp"

#include "deliver/encode.hpp"

namespace virgo::deliver {

void Recorder::report(const metric::Report& report) {
  queue_.append({report.check, report.run, report.run, report.started, encode(report)});
}

void Recorder::gap(const metric::Gap& gap) {
  queue_.append({gap.check, gap.from, gap.to, gap.noticed, encode(gap)});
}

}  // namespace virgo::deliver
