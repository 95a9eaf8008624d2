// The check type agent.cpu of the Rackspace agent: names, units and meanings are its own.
#pragma once

#include <shared/naming.hpp>
#include <shared/proc_file.hpp>

#include "shares.hpp"

namespace plugin {

// Shares of the time since the run before. The first run samples twice, and waits in
// between; one that comes less than 100 ms after another waits for what is missing.
class AgentCpu {
 public:
  static constexpr const char* kName = "agent.cpu";
  static constexpr const char* kSummary =
      "What the processors did since the last run, as the Rackspace agent reported it.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  enum Metric : uint32_t { kCount, kFirstShare, kUsage = kFirstShare + kShares, kLeast, kMost };
  static constexpr virgo_metric kMetrics[] = {
      virgo::sdk::gauge("cpu_count", "count", "Logical processors online.", VIRGO_U64),
      virgo::sdk::gauge("user_percent_average", "percent",
                        "Programs, those with a nice value apart."),
      virgo::sdk::gauge("sys_percent_average", "percent", "The kernel."),
      virgo::sdk::gauge("idle_percent_average", "percent", "Nothing to do."),
      virgo::sdk::gauge("wait_percent_average", "percent",
                        "Idle, with a program waiting for a disk."),
      virgo::sdk::gauge("irq_percent_average", "percent", "Interrupts, soft ones apart."),
      virgo::sdk::gauge("stolen_percent_average", "percent", "Taken by the hypervisor."),
      virgo::sdk::gauge("usage_average", "percent", "Everything but idle."),
      virgo::sdk::gauge("min_cpu_usage", "percent", "That of the least busy processor."),
      virgo::sdk::gauge("max_cpu_usage", "percent", "That of the busiest one.")};
  static constexpr virgo_param kParams[] = {root_param()};

  explicit AgentCpu(virgo::sdk::Host host) : host_(host), loop_(host), run_(host.raw(), 0) {}

  virgo_status configure(virgo::sdk::Config root) {
    return stat_.set_path(root["root"].as_text(), "/proc/stat") ? VIRGO_OK : VIRGO_ERR_NO_MEMORY;
  }

  virgo_status collect(virgo::sdk::Run run) {
    run_ = run;
    if (before_.count() > 0) {
      const uint64_t since = host_.now_ns() - sampled_at_;
      return since >= kLeastWait ? report() : wait(kLeastWait - since);
    }
    Shares ignored;
    const virgo_status status = sample(&ignored);
    if (status != VIRGO_OK) return status;
    const uint64_t left = run_.time_left_ns();
    const uint64_t most = left / 2;
    return wait(most < kLeastWait ? kLeastWait : most > kMostWait ? kMostWait : most);
  }

 private:
  static constexpr uint64_t kLeastWait = 100'000'000;
  static constexpr uint64_t kMostWait = 1'000'000'000;  // of ticks of 10 ms, enough

  virgo_status wait(uint64_t ns) {
    if (run_.time_left_ns() <= ns) {
      explain(run_, "less than 100 ms are left, too short a time to see what processors do");
      return VIRGO_ERR_TIMEOUT;
    }
    const virgo_status status = loop_.after<&AgentCpu::waited>(this, run_, ns);
    if (status == VIRGO_OK) return VIRGO_PENDING;
    explain(run_, "no timer could be started to wait for the second sample");
    return status;
  }
  void waited() { run_.complete(report()); }

  // Takes a sample. `shares`: since the one before.
  virgo_status sample(Shares* shares) {
    size_t length = 0;
    const char* text = stat_.read(run_, &length);
    if (text == nullptr) return VIRGO_ERR_FAILED;
    std::string_view rest(text, length);
    CpuLine line;
    bool damaged = false;
    before_.begin();
    while (next_cpu(rest, &line, &damaged)) {
      if (line.name.empty()) continue;  // the sum
      bool known = false;
      Processor* before = before_.next(line.number, &known);
      if (before == nullptr) return VIRGO_ERR_NO_MEMORY;
      if (known) shares->add(before->ticks, line.ticks);
      memcpy(before->ticks, line.ticks, sizeof before->ticks);
    }
    before_.end();
    sampled_at_ = host_.now_ns();
    if (!damaged && before_.count() > 0) return VIRGO_OK;
    explain(run_, "%s has no whole line for each cpu", stat_.path());
    return VIRGO_ERR_FAILED;
  }

  virgo_status report() {
    Shares shares;
    const virgo_status status = sample(&shares);
    if (status != VIRGO_OK) return status;
    if (shares.processors == 0) {
      explain(run_, "by %s no processor has spent any time since the last sample", stat_.path());
      return VIRGO_ERR_FAILED;
    }
    shares.average();
    run_.emit(kCount, uint64_t{before_.count()});
    for (uint32_t i = 0; i < kShares; ++i) run_.emit(kFirstShare + i, shares.percent[i]);
    run_.emit(kUsage, shares.usage);
    run_.emit(kLeast, shares.least_usage);
    run_.emit(kMost, shares.most_usage);
    return VIRGO_OK;
  }

  const virgo::sdk::Host host_;
  const virgo::sdk::Loop loop_;
  virgo::sdk::Run run_;
  ProcFile stat_;
  Processors before_;
  uint64_t sampled_at_ = 0;
};

}  // namespace plugin
