// The scheduler's sink: encodes what it is given and puts it into the queue.
// Loop thread only.
#pragma once

#include "deliver/queue.hpp"
#include "metric/report.hpp"

namespace virgo::deliver {

class Recorder final : public metric::ReportSink {
 public:
  explicit Recorder(Queue& queue) : queue_(queue) {}
  void report(const metric::Report& report) override;
  void gap(const metric::Gap& gap) override;

 private:
  Queue& queue_;
};

}  // namespace virgo::deliver
