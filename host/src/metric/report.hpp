// What leaves the scheduler: a Report for each run, a Gap for ticks without one.
// Plain values; not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "metric/sample.hpp"

namespace virgo::metric {

// Which check a report is about. Owned by the check; outlives its reports.
struct CheckIdentity {
  std::string check;         // configured name, unique in the agent
  std::string type;          // "virgo.cpu"
  const char* runtime = "";  // "native" or "lua"
};

enum class Status : std::uint8_t {
  ok,
  failed,       // the check said so, or raised an error
  invalid,      // bad configuration or argument
  unsupported,  // this host cannot do it
  unreachable,  // the monitored thing did not answer
  timeout,      // not done by its deadline
  cancelled,    // stopped by the agent
  limit,        // a bound on samples, memory, CPU was reached
  quarantined,  // not run any more, the explanation says why
};

const char* status_name(Status status);

// What a run means to those who watch over the monitored thing, beside `Status`, which
// says how the run itself went. In the order of what counts when several are given: one
// that does not know outweighs a warning, as a critical state may be behind it.
enum class Health : std::uint8_t {
  none,  // nobody judged
  ok,
  warn,
  unknown,
  critical,
};

const char* health_name(Health health);  // "none", "ok", "warn", "unknown", "critical"

struct Report {
  const CheckIdentity* check = nullptr;
  std::uint64_t run = 0;  // counts ticks from 1, skipped ones too
  WallTime started = 0;   // ns since 1970
  Duration duration{};    // start to completion
  Duration lateness{};    // start minus due time
  Status status = Status::ok;
  std::string_view explanation;  // the sentence for a person; may be ""
  const SampleBuffer* samples = nullptr;
  Health health = Health::none;
  std::string_view health_reason;  // one sentence; may be ""
};

enum class GapReason : std::uint8_t {
  overlap,  // the run before was still going
  wedged,   // a call of the check has not come back although its time was up
  late,     // the loop was held up past further ticks; they are not made up for
  suspend,  // the machine slept
  queue,    // the reports were made, but dropped from a full queue
};

const char* gap_reason_name(GapReason reason);

struct Gap {
  const CheckIdentity* check = nullptr;
  std::uint64_t from = 0;  // first and last run number without a report
  std::uint64_t to = 0;
  GapReason reason = GapReason::overlap;
  WallTime noticed = 0;
};

// Where reports and gaps go. Called on the loop thread; what is pointed to is
// valid during the call only.
class ReportSink {
 public:
  virtual ~ReportSink() = default;
  virtual void report(const Report& report) = 0;
  virtual void gap(const Gap& gap) = 0;
};

}  // namespace virgo::metric
