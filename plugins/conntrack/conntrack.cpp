// virgo.conntrack: how full the table of tracked connections is, and what became of
// packets on their way through it.
#include <shared/naming.hpp>
#include <shared/net_file.hpp>
#include <shared/wrapping.hpp>

#include "conntrack_stats.hpp"

namespace {

using plugin::kConntrackCounters;
using virgo::sdk::counter;
using virgo::sdk::gauge;

class Conntrack {
 public:
  static constexpr const char* kName = "virgo.conntrack";
  static constexpr const char* kSummary = "How full the table of tracked connections is.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  // A counter is found by what it counts: kFirst + a ConntrackCounter.
  enum Metric : uint32_t {
    kCount,
    kMax,
    kFirst,
    kNodeEntries = kFirst + uint32_t{kConntrackCounters},
    kNodeLimit,
    kNodeFirst
  };
  static constexpr virgo_metric kMetrics[] = {
      gauge("system.network.conntrack.count", "{entry}", "Connections tracked.", VIRGO_U64),
      gauge("system.network.conntrack.max", "{entry}",
            "The most that can be; beyond it packets are dropped.", VIRGO_U64),
      counter("virgo.conntrack.found", "{entry}", "Entries searched for and found."),
      counter("virgo.conntrack.invalid", "{packet}", "Packets that cannot be tracked."),
      counter("virgo.conntrack.ignore", "{packet}", "Packets that have an entry already."),
      counter("virgo.conntrack.insert", "{entry}", "Entries put into the table."),
      counter("virgo.conntrack.insert_failed", "{entry}", "Entries that could not be put there."),
      counter("virgo.conntrack.drop", "{packet}", "Packets dropped for want of an entry."),
      counter("virgo.conntrack.early_drop", "{entry}", "Entries removed to make room."),
      counter("virgo.conntrack.search_restart", "{search}",
              "Searches begun anew, as the table changed its size."),
      gauge("node_nf_conntrack_entries", "{entry}", "Connections tracked.", VIRGO_U64),
      gauge("node_nf_conntrack_entries_limit", "{entry}", "The most that can be.", VIRGO_U64),
      counter("node_nf_conntrack_stat_found", "{entry}", "Entries searched for and found."),
      counter("node_nf_conntrack_stat_invalid", "{packet}", "Packets that cannot be tracked."),
      counter("node_nf_conntrack_stat_ignore", "{packet}", "Packets that have an entry already."),
      counter("node_nf_conntrack_stat_insert", "{entry}", "Entries put into the table."),
      counter("node_nf_conntrack_stat_insert_failed", "{entry}",
              "Entries that could not be put there."),
      counter("node_nf_conntrack_stat_drop", "{packet}", "Packets dropped for want of an entry."),
      counter("node_nf_conntrack_stat_early_drop", "{entry}", "Entries removed to make room."),
      counter("node_nf_conntrack_stat_search_restart", "{search}",
              "Searches begun anew, as the table changed its size.")};
  static_assert(sizeof kMetrics / sizeof kMetrics[0] == uint32_t{kNodeFirst} + kConntrackCounters);
  static constexpr virgo_param kParams[] = {plugin::naming_param(), plugin::root_param()};

  explicit Conntrack(virgo::sdk::Host) {}
  ~Conntrack() { free(processors_); }

  virgo_status configure(virgo::sdk::Config root) {
    naming_ = plugin::naming_of(root);
    const std::string_view prefix = root["root"].as_text();
    const bool done = count_.set_path(prefix, "/proc/sys/net/netfilter/nf_conntrack_count") &&
                      max_.set_path(prefix, "/proc/sys/net/netfilter/nf_conntrack_max") &&
                      stat_.set_path(prefix, "stat/nf_conntrack");
    return done ? VIRGO_OK : VIRGO_ERR_NO_MEMORY;
  }

  virgo_status collect(virgo::sdk::Run run) {
    uint64_t count = 0;
    uint64_t max = 0;
    if (const virgo_status status = read_number(run, count_, &count); status < 0) return status;
    if (const virgo_status status = read_number(run, max_, &max); status < 0) return status;
    const bool is_node = naming_ == plugin::Naming::prometheus;
    run.emit(is_node ? kNodeEntries : kCount, count);
    run.emit(is_node ? kNodeLimit : kMax, max);
    return report_counters(run, is_node ? kNodeFirst : kFirst);
  }

 private:
  struct Processor {
    plugin::Wrapping32 counters[kConntrackCounters];
  };

  static virgo_status read_number(virgo::sdk::Run run, plugin::ProcFile& file, uint64_t* out) {
    size_t length = 0;
    const char* text = file.try_read(&length);
    if (text == nullptr && errno == ENOENT) {
      plugin::explain(run,
                      "there is no %s: the kernel does not track connections, as no rule of a "
                      "firewall has asked for it yet",
                      file.path());
      return VIRGO_ERR_UNSUPPORTED;
    }
    if (text == nullptr) {
      plugin::explain(run, "%s: %s", file.path(), strerror(errno));
      return VIRGO_ERR_FAILED;
    }
    std::string_view rest(text, length);
    std::string_view line;
    if (plugin::take_line(rest, &line) && plugin::to_u64(line, out)) return VIRGO_OK;
    plugin::explain(run, "%s has no whole number", file.path());
    return VIRGO_ERR_FAILED;
  }

  // A kernel can do without that file.
  virgo_status report_counters(virgo::sdk::Run run, uint32_t first) {
    size_t length = 0;
    const char* text = stat_.try_read(&length);
    if (text == nullptr) return VIRGO_OK;
    plugin::ConntrackTable table({text, length});
    uint64_t sums[kConntrackCounters] = {};
    uint64_t counters[kConntrackCounters];
    uint32_t processor = 0;
    for (; table.next(counters); ++processor) {
      if (processor == count_of_processors_ && !add_processor()) return VIRGO_ERR_NO_MEMORY;
      for (unsigned n = 0; n < kConntrackCounters; ++n)
        sums[n] = plugin::plus(sums[n], processors_[processor].counters[n].next(counters[n]));
    }
    for (unsigned n = 0; n < kConntrackCounters && processor > 0; ++n)
      if (table.has(n)) run.emit(first + n, sums[n]);
    return VIRGO_OK;
  }
  // The kernel counts in 32 bits, for each processor apart.
  bool add_processor() {
    if ((count_of_processors_ & (count_of_processors_ + 1)) == 0) {  // 0, 1, 3, 7...: full
      void* bigger = realloc(processors_, (2 * count_of_processors_ + 1) * sizeof(Processor));
      if (bigger == nullptr) return false;
      processors_ = static_cast<Processor*>(bigger);
    }
    processors_[count_of_processors_++] = Processor{};
    return true;
  }

  plugin::ProcFile count_;
  plugin::ProcFile max_;
  plugin::NetFile stat_;
  Processor* processors_ = nullptr;
  uint32_t count_of_processors_ = 0;
  plugin::Naming naming_ = plugin::Naming::otel;
};

}  // namespace

VIRGO_CXX_MODULE("io.virgo.conntrack", "0.2.0", Conntrack);
