// virgo.agent: what the agent itself costs and does. The one check that is no plugin,
// as only the agent knows. Loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "check/check.hpp"
#include "deliver/queue.hpp"
#include "uv/worker_pool.hpp"

namespace virgo::agent {

// The agent as of now. Counts are since its start.
struct SelfFigures {
  std::uint64_t checks = 0;       // configured and running
  std::uint64_t quarantined = 0;  // of these, taken out of service
  struct Suspended {
    std::string check;
    std::string limit;
  };
  std::vector<Suspended> suspended;  // kept from running by a limit; the quarantined too
  std::uint64_t runs = 0;
  std::uint64_t skipped = 0;   // ticks that ended in gap records
  std::uint64_t timeouts = 0;  // runs that met their deadline
  deliver::Queue::Load queue;
  uv::WorkerPool::Load workers;
  bool connected = false;  // the endpoint has accepted the agent
  std::string trouble;     // why it is not connected, if that is known
};

class SelfCheckType final : public check::CheckType {
 public:
  using Source = std::function<SelfFigures()>;

  SelfCheckType();
  // Where the figures come from; without it runs report the process only.
  void set_source(Source source) { *source_ = std::move(source); }

  const std::string& name() const override { return name_; }
  const std::string& summary() const override { return summary_; }
  const char* runtime() const override { return "agent"; }
  const std::string& origin() const override { return origin_; }
  const std::vector<check::ParamInfo>& params() const override { return params_; }
  const std::vector<metric::MetricInfo>& metrics() const override { return metrics_; }
  std::unique_ptr<check::Check> create(const config::CheckSpec& spec,
                                       config::Problems& problems) override;

 private:
  const std::string name_ = "virgo.agent";
  const std::string summary_ = "What the agent itself costs, and how its checks fare.";
  const std::string origin_ = "the agent";
  std::vector<check::ParamInfo> params_;
  std::vector<metric::MetricInfo> metrics_;
  std::shared_ptr<Source> source_ = std::make_shared<Source>();
};

}  // namespace virgo::agent
