// The Queue in memory, bounded in bytes (records' JSON plus their bookkeeping).
// Loop thread only.
#pragma once

#include <deque>
#include <map>

#include "deliver/queue.hpp"

namespace virgo::deliver {

class MemoryQueue final : public Queue {
 public:
  // `epoch`: milliseconds since 1970 at the start will do.
  MemoryQueue(std::size_t max_bytes, std::uint64_t epoch);

  void append(Record record) override;
  Batch take(std::size_t max_bytes) override;
  void acknowledge(std::uint64_t seq) override;
  void rewind() override { taken_ = 0; }
  void on_ready(std::function<void()> ready) override { ready_ = std::move(ready); }
  Load load() const override { return {entries_.size() + lost_.size(), bytes_, dropped_}; }
  std::uint64_t epoch() const override { return epoch_; }
  std::uint64_t next_seq() const override { return next_seq_; }

 private:
  struct Entry {
    std::uint64_t seq;
    Record record;
  };
  // What was dropped of one check, told as one gap record under the sequence
  // number of the last one dropped.
  struct Lost {
    std::uint64_t seq = 0;
    std::uint64_t first_run = 0;
    std::uint64_t last_run = 0;
    WallTime noticed = 0;
  };
  static std::size_t cost(const Entry& entry);
  void make_room();
  void drop_oldest();
  void write_lost(Batch& batch);

  const std::size_t max_bytes_;
  const std::uint64_t epoch_;
  std::uint64_t next_seq_ = 1;
  std::deque<Entry> entries_;
  std::map<const metric::CheckIdentity*, Lost> lost_;
  std::size_t bytes_ = 0;
  std::size_t taken_ = 0;           // of entries_, from the front
  std::uint64_t taken_up_to_ = 0;   // sequence number; lost_ entries up to it too
  std::uint64_t dropped_ = 0;
  bool was_full_ = false;
  std::function<void()> ready_;
};

}  // namespace virgo::deliver
