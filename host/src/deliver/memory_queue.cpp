#include "deliver/memory_queue.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "deliver/encode.hpp"

namespace virgo::deliver {
namespace {

// Room for {"seq":N, and } and a comma around a record, and for the brackets.
constexpr std::size_t kSeqBytes = 40;

}  // namespace

MemoryQueue::MemoryQueue(std::size_t max_bytes, std::uint64_t epoch)
    : max_bytes_(max_bytes), epoch_(epoch) {}

void MemoryQueue::on_ready(std::function<void()> ready) {
  ready_ = ready ? std::make_shared<const std::function<void()>>(std::move(ready)) : nullptr;
}

std::size_t MemoryQueue::cost(const Entry& entry) {
  return sizeof(Entry) + entry.json.capacity();
}

MemoryQueue::Known* MemoryQueue::known(const metric::CheckIdentity& check) {
  const auto it = known_.find(check.check);
  if (it != known_.end()) return &it->second;
  Known& added = known_[check.check];
  added.identity.check = check.check;
  return &added;
}

void MemoryQueue::append(Record record) {
  record.json.shrink_to_fit();
  entries_.push_back({next_seq_++, known(*record.check), record.first_run, record.last_run,
                      record.noticed, std::move(record.json)});
  bytes_ += cost(entries_.back());
  make_room();
  const auto ready = ready_;  // the callback may replace itself
  if (ready) (*ready)();
}

std::deque<MemoryQueue::Entry>::iterator MemoryQueue::first_untaken() {
  return std::partition_point(entries_.begin(), entries_.end(),
                              [this](const Entry& e) { return e.seq <= taken_; });
}

void MemoryQueue::make_room() {
  // What is on its way is kept: were it dropped and then acknowledged, the gap
  // record would be a lie.
  while (bytes_ > max_bytes_) {
    const auto oldest = first_untaken();
    if (oldest == entries_.end()) break;
    drop(oldest);
  }
  if (bytes_ < max_bytes_ / 2) was_full_ = false;
}

void MemoryQueue::drop(std::deque<Entry>::iterator entry) {
  const Entry dropped = std::move(*entry);
  entries_.erase(entry);
  bytes_ -= cost(dropped);
  ++dropped_;
  note_lost(dropped.seq, {dropped.check, dropped.first_run, dropped.last_run, dropped.noticed});
  if (was_full_) return;
  was_full_ = true;
  log_warn("deliver",
           "the queue is full ({} of reports wait, limits.queue): the oldest are dropped and "
           "reported as gaps",
           format_size(max_bytes_));
}

// Joins what was lost with what the same check lost just before or after it. Only
// runs in succession are joined: between others there may be a report that is
// still to be delivered. The highest of the sequence numbers stays, because the
// endpoint may have seen the lower ones (in a batch whose acknowledgement was
// lost) and ignores what it has seen.
void MemoryQueue::note_lost(std::uint64_t seq, Lost lost) {
  auto& seqs = lost.check->lost;
  for (bool joined = true; joined;) {
    joined = false;
    for (auto it = seqs.begin(); it != seqs.end(); ++it) {
      if (*it <= taken_) continue;  // on its way
      const Lost& other = lost_.at(*it);
      if (other.last_run + 1 != lost.first_run && lost.last_run + 1 != other.first_run) continue;
      lost.first_run = std::min(lost.first_run, other.first_run);
      lost.last_run = std::max(lost.last_run, other.last_run);
      lost.noticed = std::max(lost.noticed, other.noticed);
      lost_.erase(*it);
      seq = std::max(seq, *it);
      seqs.erase(it);
      joined = true;
      break;
    }
  }
  seqs.push_back(seq);
  lost_.emplace(seq, lost);
}

Batch MemoryQueue::take(std::size_t max_bytes) {
  Batch batch;
  batch.records = "[";
  auto entry = first_untaken();
  auto lost = lost_.upper_bound(taken_);
  while (entry != entries_.end() || lost != lost_.end()) {
    const bool is_gap =
        lost != lost_.end() && (entry == entries_.end() || lost->first < entry->seq);
    const std::uint64_t seq = is_gap ? lost->first : entry->seq;
    std::string gap_json;
    if (is_gap) {
      const Lost& l = lost->second;
      gap_json = encode(metric::Gap{&l.check->identity, l.first_run, l.last_run,
                                    metric::GapReason::queue, l.noticed});
    }
    const std::string& json = is_gap ? gap_json : entry->json;
    if (batch.count > 0 && batch.records.size() + json.size() + kSeqBytes > max_bytes) break;
    batch.records += format("{}{{\"seq\":{},{}}}", batch.count == 0 ? "" : ",", seq, json);
    if (batch.first == 0) batch.first = seq;
    batch.last = seq;
    ++batch.count;
    if (is_gap)
      ++lost;
    else
      ++entry;
  }
  batch.records += "]";
  taken_ = std::max(taken_, batch.last);
  return batch;
}

void MemoryQueue::acknowledge(std::uint64_t seq) {
  seq = std::min(seq, taken_);  // nobody has seen more
  acknowledged_ = std::max(acknowledged_, seq);
  while (!lost_.empty() && lost_.begin()->first <= seq) {
    std::erase(lost_.begin()->second.check->lost, lost_.begin()->first);
    lost_.erase(lost_.begin());
  }
  while (!entries_.empty() && entries_.front().seq <= seq) {
    bytes_ -= cost(entries_.front());
    entries_.pop_front();
  }
}

}  // namespace virgo::deliver
