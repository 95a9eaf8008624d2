// A check that could not be set up, standing in for itself: each run reports why.
// So a bad drop-in file, or a check whose plugin was refused, shows up at the
// endpoint under its own name instead of being silent. Loop thread only.
#pragma once

#include <string>

#include "check/check.hpp"

namespace virgo::agent {

class BrokenCheck final : public check::Check {
 public:
  explicit BrokenCheck(std::string why) : why_(std::move(why)) {}
  void start(check::Run& run) override {
    run.explain(why_);
    run.finish(metric::Status::invalid);
  }
  void cancel(check::Run&) override {}
  void abandon(check::Run&) override {}

 private:
  std::string why_;
};

}  // namespace virgo::agent
