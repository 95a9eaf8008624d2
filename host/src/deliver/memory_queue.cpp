#include "deliver/memory_queue.hpp"

#include <algorithm>
#include <vector>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "deliver/encode.hpp"

namespace virgo::deliver {

MemoryQueue::MemoryQueue(std::size_t max_bytes, std::uint64_t epoch)
    : max_bytes_(max_bytes), epoch_(epoch) {}

std::size_t MemoryQueue::cost(const Entry& entry) {
  return sizeof(Entry) + entry.record.json.capacity();
}

void MemoryQueue::append(Record record) {
  record.json.shrink_to_fit();
  entries_.push_back({next_seq_++, std::move(record)});
  bytes_ += cost(entries_.back());
  make_room();
  if (ready_) ready_();
}

void MemoryQueue::make_room() {
  // What is on its way is kept: were it dropped and then acknowledged, the gap
  // record would be a lie.
  while (bytes_ > max_bytes_ && entries_.size() > taken_) drop_oldest();
  const bool calm = bytes_ < max_bytes_ / 2;
  if (calm) was_full_ = false;
}

void MemoryQueue::drop_oldest() {
  const auto it = entries_.begin() + static_cast<std::ptrdiff_t>(taken_);
  const Record& r = it->record;
  Lost& lost = lost_[r.check];
  if (lost.seq == 0) lost.first_run = r.first_run;
  lost.first_run = std::min(lost.first_run, r.first_run);
  lost.last_run = std::max(lost.last_run, r.last_run);
  lost.seq = it->seq;
  lost.noticed = r.noticed;
  bytes_ -= cost(*it);
  entries_.erase(it);
  ++dropped_;
  if (was_full_) return;
  was_full_ = true;
  log_warn("deliver",
           "the queue is full ({} of reports wait, limits.queue): the oldest are dropped and "
           "reported as gaps",
           format_size(max_bytes_));
}

// Gap records first: their sequence numbers are lower than any entry's that was
// not taken before.
void MemoryQueue::write_lost(Batch& batch) {
  std::vector<std::pair<const metric::CheckIdentity*, const Lost*>> order;
  for (const auto& [check, lost] : lost_) order.emplace_back(check, &lost);
  std::sort(order.begin(), order.end(),
            [](const auto& a, const auto& b) { return a.second->seq < b.second->seq; });
  for (const auto& [check, lost] : order) {
    metric::Gap gap;
    gap.check = check;
    gap.from = lost->first_run;
    gap.to = lost->last_run;
    gap.reason = metric::GapReason::queue;
    gap.noticed = lost->noticed;
    if (batch.first == 0) batch.first = lost->seq;
    batch.last = lost->seq;
    ++batch.count;
    batch.records += format("{}{{\"seq\":{},{}}}", batch.count == 1 ? "" : ",", lost->seq,
                            encode(gap));
  }
}

Batch MemoryQueue::take(std::size_t max_bytes) {
  Batch batch;
  batch.records = "[";
  if (taken_ == 0) write_lost(batch);
  while (taken_ < entries_.size()) {
    const Entry& e = entries_[taken_];
    if (batch.count > 0 && batch.records.size() + e.record.json.size() + 40 > max_bytes) break;
    if (batch.first == 0) batch.first = e.seq;
    batch.last = e.seq;
    ++batch.count;
    batch.records +=
        format("{}{{\"seq\":{},{}}}", batch.count == 1 ? "" : ",", e.seq, e.record.json);
    ++taken_;
  }
  batch.records += "]";
  taken_up_to_ = std::max(taken_up_to_, batch.last);
  return batch;
}

void MemoryQueue::acknowledge(std::uint64_t seq) {
  seq = std::min(seq, taken_up_to_);  // nobody has seen more
  std::erase_if(lost_, [seq](const auto& item) { return item.second.seq <= seq; });
  while (!entries_.empty() && entries_.front().seq <= seq) {
    bytes_ -= cost(entries_.front());
    entries_.pop_front();
    if (taken_ > 0) --taken_;
  }
}

}  // namespace virgo::deliver
