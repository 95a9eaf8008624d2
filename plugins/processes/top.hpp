// The processes that use most, of all there are.
#pragma once

#include "by_process.hpp"
#include "report.hpp"

namespace plugin {

class Top {
 public:
  static constexpr int64_t kMost = 100;

  Top() = default;
  ~Top() { free(ranks_); }
  Top(const Top&) = delete;
  Top& operator=(const Top&) = delete;

  bool set(uint32_t size) {
    free(ranks_);
    size_ = size;
    ranks_ = static_cast<Rank*>(calloc(size + 1, sizeof(Rank)));
    return ranks_ != nullptr;
  }

  bool is_wanted() const { return size_ > 0; }
  // False when there is no memory. Of processor time there is nothing to tell in the
  // first run.
  bool report(const Scan& scan, const Reporter& reporter) {
    if (size_ == 0) return true;
    count_ = 0;
    for (const Process& p : scan) rank(p, p.resident);
    const auto page = static_cast<double>(Reporter::page_size());
    for (uint32_t i = 0; i < count_; ++i)
      reporter.top(*ranks_[i].process, false, static_cast<double>(ranks_[i].value) * page);
    count_ = 0;
    used_.begin();
    for (const Process& p : scan) {
      const uint64_t ticks = plus(p.user, p.system);
      const Used* before = used_.find(p.pid, p.start);
      rank(p, minus(ticks, before != nullptr ? before->ticks : 0));
      if (!used_.add({p.pid, p.start, ticks})) return false;
    }
    used_.keep();
    const double passed = static_cast<double>(scan.taken_ns() - previous_) / 1e9;
    const bool is_first = previous_ == 0;
    previous_ = scan.taken_ns();
    for (uint32_t i = 0; i < count_ && !is_first && passed > 0; ++i)
      reporter.top(*ranks_[i].process, true,
                   static_cast<double>(ranks_[i].value) / Reporter::ticks_per_second() / passed);
    return true;
  }

 private:
  struct Rank {
    uint64_t value;
    const Process* process;
  };
  struct Used {
    int32_t pid;
    uint64_t start;
    uint64_t ticks;
  };

  // Those that use nothing are not ranked.
  void rank(const Process& p, uint64_t value) {
    if (value == 0 || (count_ == size_ && value <= ranks_[count_ - 1].value)) return;
    uint32_t at = count_ < size_ ? count_++ : count_ - 1;
    for (; at > 0 && ranks_[at - 1].value < value; --at) ranks_[at] = ranks_[at - 1];
    ranks_[at] = {value, &p};
  }

  uint32_t size_ = 0;
  uint32_t count_ = 0;
  Rank* ranks_ = nullptr;
  ByProcess<Used> used_;
  uint64_t previous_ = 0;  // when the last run's scan was taken
};

}  // namespace plugin
