// The queue between the scheduler and an output: records in order, each with a
// sequence number, kept until they are acknowledged.
//
// This is the interface that a spool on disk implements as well. Sequence
// numbers begin at 1 and never repeat within an epoch; the epoch changes when
// the queue starts anew, so (epoch, seq) is unique for an agent. They only grow,
// but with holes. Loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "metric/report.hpp"

namespace virgo::deliver {

// One thing to be delivered, encoded (see encode.hpp), and what it is about, for
// the gap record if it must be dropped.
struct Record {
  const metric::CheckIdentity* check = nullptr;  // read by append(), not kept
  std::uint64_t first_run = 0;
  std::uint64_t last_run = 0;
  WallTime noticed = 0;
  std::string json;
};

// A run of records taken for sending.
struct Batch {
  std::uint64_t first = 0;  // sequence numbers; 0 = nothing to send
  std::uint64_t last = 0;
  std::size_t count = 0;
  std::string records;  // JSON array: [{"seq":1,...},{"seq":2,...}]
};

class Queue {
 public:
  virtual ~Queue() = default;

  // Never fails: what does not fit pushes the oldest out, which leaves a gap
  // record of reason "queue" per check in its place.
  virtual void append(Record record) = 0;

  // The oldest records, up to `max_bytes` of JSON but at least one. They stay in
  // the queue, and are not dropped, until acknowledge() or rewind().
  virtual Batch take(std::size_t max_bytes) = 0;
  // Everything up to and including `seq` has arrived and is forgotten.
  virtual void acknowledge(std::uint64_t seq) = 0;
  // What was taken and not acknowledged is to be taken again, unless it must be
  // dropped first: then its runs are in a gap record although they may have
  // arrived, if only their acknowledgement was lost.
  virtual void rewind() = 0;

  // `ready` is called after each append(), from within it. Null for none.
  virtual void on_ready(std::function<void()> ready) = 0;

  struct Load {
    std::size_t records = 0;
    std::size_t bytes = 0;
    std::uint64_t dropped = 0;  // records pushed out since the start
  };
  virtual Load load() const = 0;
  virtual std::uint64_t epoch() const = 0;
  // The next record's sequence number.
  virtual std::uint64_t next_seq() const = 0;
};

}  // namespace virgo::deliver
