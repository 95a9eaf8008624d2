#include "native/host.hpp"

#include <memory>

#include "native/immortal.hpp"

namespace virgo::native {

Host::Host(uv::Loop& loop, uv::WorkerPool& pool, const Clock& clock, const Options& options)
    : pool_(pool),
      clock_(clock),
      options_(options),
      handles_(keep_for_ever(std::make_unique<Handles>(loop, clock))) {}

Host::~Host() {
  handles_->shut_down();
}

}  // namespace virgo::native
