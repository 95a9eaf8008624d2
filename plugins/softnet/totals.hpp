// The counters of each processor, which the kernel keeps in 32 bits, as ones that go on.
#pragma once

#include <shared/wrapping.hpp>

#include "softnet.hpp"

namespace plugin {

class SoftnetTotals {
 public:
  SoftnetTotals() = default;
  ~SoftnetTotals() { free(cpus_); }
  SoftnetTotals(const SoftnetTotals&) = delete;
  SoftnetTotals& operator=(const SoftnetTotals&) = delete;

  // Of the run that begins.
  void begin() { seen_ = 0; }
  // Carries the counters of the next processor on. Without memory they stay as they are.
  void carry(SoftnetCpu* cpu) {
    Counters* counters = find(cpu->cpu);
    if (counters == nullptr) return;
    for (unsigned i = 0; i < cpu->fields && i < kBacklog; ++i)
      cpu->values[i] = counters->of[i].next(cpu->values[i]);
  }
  // Forgets the processors that have not been seen.
  void end() { count_ = seen_; }

 private:
  struct Counters {
    uint64_t cpu;
    Wrapping32 of[kBacklog];
  };

  // The processors seen in this run stand in front, in the order of the file: as a rule
  // that is where they stood before.
  Counters* find(uint64_t cpu) {
    size_t at = seen_;
    while (at < count_ && cpus_[at].cpu != cpu) ++at;
    if (at == count_) {
      if (count_ == room_ && !grow()) return nullptr;
      cpus_[count_++] = {cpu, {}};
    }
    const Counters found = cpus_[at];
    cpus_[at] = cpus_[seen_];
    cpus_[seen_] = found;
    return &cpus_[seen_++];
  }
  bool grow() {
    const size_t room = room_ == 0 ? 4 : room_ * 2;
    auto* more = static_cast<Counters*>(realloc(static_cast<void*>(cpus_), room * sizeof *cpus_));
    if (more == nullptr) return false;
    cpus_ = more;
    room_ = room;
    return true;
  }

  Counters* cpus_ = nullptr;
  size_t count_ = 0;
  size_t room_ = 0;
  size_t seen_ = 0;
};

}  // namespace plugin
