#include "native/host.hpp"

#include <memory>

#include "native/immortal.hpp"
#include "native/loop_objects.hpp"

namespace virgo::native {

Host::Host(uv::Loop& loop, uv::WorkerPool& pool, const Clock& clock, const Options& options)
    : loop_(loop),
      pool_(pool),
      clock_(clock),
      options_(options),
      handles_(keep_for_ever(std::make_unique<Handles>(loop, clock))) {}

Host::~Host() {
  for (LoopObjects* objects : loop_objects_) objects->let_go();
  handles_->shut_down();
}

}  // namespace virgo::native
