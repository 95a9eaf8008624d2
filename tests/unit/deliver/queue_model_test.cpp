// The queue against a model of an endpoint, over connections that break at any
// moment: every run of every check is delivered or in a delivered gap.
#include <algorithm>
#include <map>
#include <random>

#include "unit/deliver/deliver_world.hpp"
#include "unit/log_capture.hpp"

namespace virgo::deliver {
namespace {

using testing::read;
using testing::record;
using testing::Seen;

// Keeps the last number it has written and drops what is not above it, as the
// protocol says.
struct ModelEndpoint {
  void receive(const std::vector<Seen>& records) {
    for (const Seen& s : records) {
      if (s.seq <= last) continue;
      last = s.seq;
      for (std::uint64_t n = s.from; n <= s.to; ++n) ++(s.gap ? gaps : reports)[s.check][n];
    }
  }
  std::uint64_t last = 0;
  std::map<std::string, std::map<std::uint64_t, int>> reports;
  std::map<std::string, std::map<std::uint64_t, int>> gaps;
};

class Simulation {
 public:
  Simulation(unsigned seed, bool breaks)
      : random_(seed), breaks_(breaks), queue_(500 + random_() % 5000, seed) {
    for (std::size_t i = 0; i < 1 + random_() % 4; ++i)
      checks_.push_back({{std::string(1, static_cast<char>('a' + i)), "t", "native"}, 1});
  }

  void run() {
    const int steps = static_cast<int>(50 + random_() % 400);
    for (int step = 0; step < steps; ++step) {
      switch (random_() % 8) {
        case 0:
          send();
          break;
        case 1:
          acknowledge();
          break;
        case 2:
          if (breaks_ && random_() % 4 == 0) break_connection();
          break;
        default:
          produce();
      }
    }
    // At last everything gets through.
    break_connection();
    for (;;) {
      const Batch batch = queue_.take(300);
      if (batch.count == 0) break;
      endpoint_.receive(read(batch));
      queue_.acknowledge(endpoint_.last);
    }
    EXPECT_EQ(queue_.load().records, 0u);
    EXPECT_EQ(queue_.load().bytes, 0u);
  }

  void expect_complete() {
    for (const Check& check : checks_) {
      const std::string& name = check.identity.check;
      for (std::uint64_t n = 1; n < check.next; ++n) {
        const int reports = endpoint_.reports[name][n];
        const int gaps = endpoint_.gaps[name][n];
        ASSERT_GE(reports + gaps, 1) << name << n << " is nowhere";
        ASSERT_LE(reports, 1) << name << n << " arrived twice";
        // Without a lost acknowledgement nothing is ever told twice.
        if (!breaks_) {
          ASSERT_EQ(reports + gaps, 1) << name << n;
        }
      }
      EXPECT_EQ(endpoint_.reports[name].size() > 0 || endpoint_.gaps[name].size() > 0,
                check.next > 1);
      if (!endpoint_.gaps[name].empty()) {
        EXPECT_LT(endpoint_.gaps[name].rbegin()->first, check.next) << "a run that never was";
      }
    }
  }

 private:
  struct Check {
    metric::CheckIdentity identity;
    std::uint64_t next;
  };
  void produce() {
    Check& check = checks_[random_() % checks_.size()];
    const std::uint64_t from = check.next;
    const std::size_t pad = random_() % 20 == 0 ? random_() % 2000 : random_() % 60;
    if (random_() % 6 == 0) {
      // A run that is still open when the next ticks are skipped.
      const std::uint64_t skipped = 1 + random_() % 3;
      queue_.append(record(check.identity, from + 1, from + skipped));
      queue_.append(record(check.identity, from, from, pad));
      check.next = from + skipped + 1;
    } else {
      const std::uint64_t to = from + (random_() % 8 == 0 ? random_() % 5 : 0);
      queue_.append(record(check.identity, from, to, pad));
      check.next = to + 1;
    }
  }
  void send() {
    const Batch batch = queue_.take(random_() % 600);
    const auto records = read(batch);
    if (records.empty()) return;
    EXPECT_GT(records.front().seq, sent_up_to_) << "taken twice without rewind()";
    sent_up_to_ = records.back().seq;
    under_way_.push_back(records);
  }
  void arrive() {
    endpoint_.receive(under_way_.front());
    under_way_.erase(under_way_.begin());
  }
  void acknowledge() {
    if (under_way_.empty()) return;
    arrive();
    queue_.acknowledge(endpoint_.last);
  }
  void break_connection() {
    // Some batches arrive, but their acknowledgements do not; the rest is lost.
    if (!breaks_)
      while (!under_way_.empty()) acknowledge();
    while (!under_way_.empty() && random_() % 2 == 0) arrive();
    under_way_.clear();
    sent_up_to_ = 0;
    queue_.rewind();
  }

  std::mt19937 random_;
  const bool breaks_;
  MemoryQueue queue_;
  std::vector<Check> checks_;
  ModelEndpoint endpoint_;
  std::vector<std::vector<Seen>> under_way_;
  std::uint64_t sent_up_to_ = 0;
};

void simulate(unsigned from, unsigned to, bool breaks) {
  const virgo::testing::LogCapture quiet;
  for (unsigned seed = from; seed <= to; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Simulation simulation(seed, breaks);
    simulation.run();
    simulation.expect_complete();
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(QueueModel, EveryRunIsDeliveredOrInAGapAndNothingTwice) {
  simulate(1, 300, false);
}

TEST(QueueModel, AlsoWhenConnectionsBreak) {
  simulate(10'001, 10'300, true);
}

}  // namespace
}  // namespace virgo::deliver
