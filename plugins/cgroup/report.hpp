// What a cgroup uses as samples, in both namings.
#pragma once

#include <shared/naming.hpp>

#include "values.hpp"

namespace plugin {

constexpr uint32_t kSeries = 14;  // most of one cgroup
constexpr uint32_t kAdSeries = 18;

// The samples of one cgroup, or of the sum of several, with the labels it is given.
class Reporter {
 public:
  // Indices into Cgroup::kMetrics.
  enum Metric : uint32_t {
    kCpuTime,
    kThrottled,
    kMemoryUsage,
    kWorkingSet,
    kRss,
    kAvailable,
    kLimit,
    kFaults,
    kDiskIo,
    kTasks,
    kOomKills,
    kAdCpu,
    kAdUser,
    kAdSystem,
    kAdThrottled,
    kAdMemory,
    kAdWorkingSet,
    kAdRss,
    kAdCache,
    kAdSwap,
    kAdLimit,
    kAdFailures,
    kAdReads,
    kAdWrites,
    kAdThreads,
    kAdOoms
  };

  // At most two labels.
  Reporter(virgo::sdk::Run run, Naming naming, const Values& v, const virgo_label* labels,
           uint32_t count)
      : run_(run), naming_(naming), v_(v), count_(count) {
    for (uint32_t i = 0; i < count; ++i) labels_[i] = labels[i];
  }
  void report() const { report(false); }
  // Some of a sum may have no limit, and so it has none.
  void report_sum() const { report(true); }

 private:
  static virgo_label label(std::string_view key, std::string_view value) {
    return virgo::sdk::label(key, value);
  }
  void report(bool is_sum) const {
    if (naming_ == Naming::otel)
      report_otel(is_sum);
    else
      report_cadvisor(is_sum);
  }

  template <class V>
  void value(uint32_t metric, V value, std::initializer_list<virgo_label> more = {}) const {
    virgo_label all[4] = {labels_[0], labels_[1]};
    uint32_t n = count_;
    for (const virgo_label& l : more) all[n++] = l;
    run_.emit(metric, value, all, n);
  }
  void number(uint32_t metric, Values::Field field,
              std::initializer_list<virgo_label> more = {}) const {
    if (v_.has[field]) value(metric, v_.of[field], more);
  }
  void seconds(uint32_t metric, Values::Field field,
               std::initializer_list<virgo_label> more = {}) const {
    if (v_.has[field]) value(metric, static_cast<double>(v_.of[field]) / 1e6, more);
  }
  uint64_t working_set() const {
    return minus(v_.of[Values::kMemory], v_.of[Values::kInactiveFile]);
  }
  bool has_working_set() const { return v_.has[Values::kMemory] && v_.has[Values::kInactiveFile]; }

  void report_otel(bool is_sum) const {
    seconds(kCpuTime, Values::kUser, {label("cpu.mode", "user")});
    seconds(kCpuTime, Values::kSystem, {label("cpu.mode", "system")});
    seconds(kThrottled, Values::kThrottled);
    number(kMemoryUsage, Values::kMemory);
    if (has_working_set()) value(kWorkingSet, working_set());
    number(kRss, Values::kAnon);
    if (v_.has[Values::kLimit] && !is_sum) {  // some of a sum may have no limit
      if (has_working_set()) value(kAvailable, minus(v_.of[Values::kLimit], working_set()));
      number(kLimit, Values::kLimit);
    }
    if (v_.has[Values::kFaults] && v_.has[Values::kMajorFaults]) {
      number(kFaults, Values::kMajorFaults, {label("system.paging.fault.type", "major")});
      value(kFaults, minus(v_.of[Values::kFaults], v_.of[Values::kMajorFaults]),
            {label("system.paging.fault.type", "minor")});
    }
    number(kDiskIo, Values::kRead, {label("disk.io.direction", "read")});
    number(kDiskIo, Values::kWritten, {label("disk.io.direction", "write")});
    number(kTasks, Values::kTasks);
    number(kOomKills, Values::kOomKills);
  }

  void report_cadvisor(bool is_sum) const {
    seconds(kAdCpu, Values::kCpu, {label("cpu", "total")});
    seconds(kAdUser, Values::kUser);
    seconds(kAdSystem, Values::kSystem);
    seconds(kAdThrottled, Values::kThrottled);
    number(kAdMemory, Values::kMemory);
    if (has_working_set()) value(kAdWorkingSet, working_set());
    number(kAdRss, Values::kAnon);
    number(kAdCache, Values::kFile);
    number(kAdSwap, Values::kSwap);
    if (v_.has[Values::kMemory] && !is_sum) value(kAdLimit, v_.of[Values::kLimit]);
    for (const char* scope : {"container", "hierarchy"}) {
      number(kAdFailures, Values::kFaults,
             {label("failure_type", "pgfault"), label("scope", scope)});
      number(kAdFailures, Values::kMajorFaults,
             {label("failure_type", "pgmajfault"), label("scope", scope)});
    }
    number(kAdReads, Values::kRead);
    number(kAdWrites, Values::kWritten);
    number(kAdThreads, Values::kTasks);
    number(kAdOoms, Values::kOomKills);
  }

  virgo::sdk::Run run_;
  Naming naming_;
  const Values& v_;
  virgo_label labels_[2] = {};
  uint32_t count_;
};

}  // namespace plugin
