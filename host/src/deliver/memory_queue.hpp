// The Queue in memory, bounded in bytes (records' JSON plus their bookkeeping;
// gap records, a few per check, come on top). Loop thread only.
#pragma once

#include <deque>
#include <map>
#include <vector>

#include "deliver/queue.hpp"

namespace virgo::deliver {

class MemoryQueue final : public Queue {
 public:
  // `epoch`: milliseconds since 1970 at the start will do.
  MemoryQueue(std::size_t max_bytes, std::uint64_t epoch);

  void append(Record record) override;
  Batch take(std::size_t max_bytes) override;
  void acknowledge(std::uint64_t seq) override;
  void rewind() override { taken_ = acknowledged_; }
  void on_ready(std::function<void()> ready) override;
  Load load() const override { return {entries_.size() + lost_.size(), bytes_, dropped_}; }
  std::uint64_t epoch() const override { return epoch_; }
  std::uint64_t next_seq() const override { return next_seq_; }

 private:
  // A check that was heard of. Kept here, so that records may outlive it.
  struct Known {
    metric::CheckIdentity identity;   // its name only
    std::vector<std::uint64_t> lost;  // keys of its entries in lost_
  };
  struct Entry {
    std::uint64_t seq;
    Known* check;
    std::uint64_t first_run;
    std::uint64_t last_run;
    WallTime noticed;
    std::string json;
  };
  // Runs of one check in succession whose records were dropped, told as one gap
  // record under the sequence number of the last of them.
  struct Lost {
    Known* check = nullptr;
    std::uint64_t first_run = 0;
    std::uint64_t last_run = 0;
    WallTime noticed = 0;
  };
  static std::size_t cost(const Entry& entry);
  Known* known(const metric::CheckIdentity& check);
  std::deque<Entry>::iterator first_untaken();
  void make_room();
  void drop(std::deque<Entry>::iterator entry);
  void note_lost(std::uint64_t seq, Lost lost);

  const std::size_t max_bytes_;
  const std::uint64_t epoch_;
  std::uint64_t next_seq_ = 1;
  std::map<std::string, Known, std::less<>> known_;
  std::deque<Entry> entries_;           // by seq
  std::map<std::uint64_t, Lost> lost_;  // by seq
  std::uint64_t acknowledged_ = 0;
  std::uint64_t taken_ = 0;  // everything up to this seq is on its way
  std::size_t bytes_ = 0;
  std::uint64_t dropped_ = 0;
  bool was_full_ = false;
  std::shared_ptr<const std::function<void()>> ready_;
};

}  // namespace virgo::deliver
