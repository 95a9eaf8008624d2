// virgo.memory: what the memory is used for, from /proc/meminfo; and agent.memory, the
// same in the words of the Rackspace agent. virgo.hugepages has a file of its own.
#include <shared/naming.hpp>
#include <shared/proc_file.hpp>

#include "hugepages.hpp"
#include "meminfo.hpp"

namespace {

using plugin::Meminfo;
using plugin::MeminfoField;
using plugin::minus;
using plugin::plus;
using virgo::sdk::gauge;
using virgo::sdk::label;

constexpr const char* kMeminfoPath = "/proc/meminfo";

// Null when there is no whole MemTotal and MemFree; the run then has its explanation.
const char* read_meminfo(plugin::ProcFile& file, virgo::sdk::Run run, size_t* length) {
  const char* text = file.read(run, length);
  if (text == nullptr) return nullptr;
  const Meminfo m({text, *length});
  if (m.present[plugin::kTotal] && m.present[plugin::kFree]) return text;
  plugin::explain(run, "%s has no whole MemTotal and MemFree", file.path());
  return nullptr;
}

class Memory {
 public:
  static constexpr const char* kName = "virgo.memory";
  static constexpr const char* kSummary = "Memory in use, free, and in the kernel's caches.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  enum Metric : uint32_t {
    kUsage,
    kLimit,
    kLinuxAvailable,
    kLinuxShared,
    kSlab,
    kDirtyBytes,
    kWritebackBytes,
    kCommittedBytes,
    kCommittedLimit
  };
  static constexpr virgo_metric kMetrics[] = {
      gauge("system.memory.usage", "By", "Memory by state; the states add up to the limit.",
            VIRGO_U64),
      gauge("system.memory.limit", "By", "All memory there is.", VIRGO_U64),
      gauge("system.memory.linux.available", "By",
            "The kernel's estimate of what programs could still get without swapping.", VIRGO_U64),
      gauge("system.memory.linux.shared", "By", "Shared memory, tmpfs above all.", VIRGO_U64),
      gauge("system.memory.linux.slab.usage", "By", "The kernel's caches of small objects.",
            VIRGO_U64),
      gauge("virgo.memory.dirty", "By", "Changed pages that wait to be written to disk.",
            VIRGO_U64),
      gauge("virgo.memory.writeback", "By", "Pages being written to disk.", VIRGO_U64),
      gauge("virgo.memory.committed", "By", "What programs have been promised, used or not.",
            VIRGO_U64),
      gauge("virgo.memory.committed.limit", "By",
            "The most that would be promised if overcommitting were forbidden.", VIRGO_U64)};
  static constexpr virgo_param kParams[] = {plugin::naming_param(), plugin::root_param()};

  explicit Memory(virgo::sdk::Host) {}

  virgo_status configure(virgo::sdk::Config root) {
    naming_ = plugin::naming_of(root);
    return meminfo_.set_path(root["root"].as_text(), kMeminfoPath) ? VIRGO_OK : VIRGO_ERR_NO_MEMORY;
  }

  virgo_status collect(virgo::sdk::Run run) {
    size_t length = 0;
    const char* text = read_meminfo(meminfo_, run, &length);
    if (text == nullptr) return VIRGO_ERR_FAILED;
    if (naming_ == plugin::Naming::prometheus)
      report_lines(run, {text, length});
    else
      report(run, Meminfo({text, length}));
    return VIRGO_OK;
  }

 private:
  static void report(virgo::sdk::Run run, const Meminfo& m) {
    report_usage(run, m);
    run.emit(kLimit, m.bytes[plugin::kTotal]);
    const auto plain = [&](Metric metric, MeminfoField field) {
      if (m.present[field]) run.emit(metric, m.bytes[field]);
    };
    plain(kLinuxAvailable, plugin::kAvailable);
    plain(kLinuxShared, plugin::kShared);
    report_slab(run, m, plugin::kReclaimable, "reclaimable");
    report_slab(run, m, plugin::kUnreclaimable, "unreclaimable");
    plain(kDirtyBytes, plugin::kDirty);
    plain(kWritebackBytes, plugin::kWriteback);
    plain(kCommittedBytes, plugin::kCommitted);
    plain(kCommittedLimit, plugin::kCommitLimit);
  }

  // As free(1) counts: caches include the slabs that can be given back, and what
  // is in none of the other states is used.
  static void report_usage(virgo::sdk::Run run, const Meminfo& m) {
    const uint64_t cached = plus(m.bytes[plugin::kCached], m.bytes[plugin::kReclaimable]);
    const uint64_t used = minus(
        minus(minus(m.bytes[plugin::kTotal], m.bytes[plugin::kFree]), m.bytes[plugin::kBuffers]),
        cached);
    const auto emit = [run](std::string_view state, uint64_t bytes) {
      run.emit(kUsage, bytes, {label("system.memory.state", state)});
    };
    emit("used", used);
    emit("free", m.bytes[plugin::kFree]);
    emit("buffers", m.bytes[plugin::kBuffers]);
    emit("cached", cached);
  }

  static void report_slab(virgo::sdk::Run run, const Meminfo& m, MeminfoField field,
                          std::string_view state) {
    if (m.present[field])
      run.emit(kSlab, m.bytes[field], {label("system.memory.linux.slab.state", state)});
  }

  // Every line under its own name, as node_exporter does: "Active(anon)" is
  // node_memory_Active_anon_bytes.
  static void report_lines(virgo::sdk::Run run, std::string_view text) {
    plugin::MeminfoLine line;
    while (plugin::next_meminfo(text, &line)) {
      char name[96] = "node_memory_";
      size_t n = strlen(name);
      for (const char c : line.name) {
        if (c == ')') continue;
        if (n + sizeof "_bytes" >= sizeof name) break;
        name[n++] = c == '(' ? '_' : c;
      }
      if (line.is_bytes) {
        memcpy(name + n, "_bytes", 6);
        n += 6;
      }
      run.emit_undeclared({name, n}, line.is_bytes ? "By" : "", VIRGO_GAUGE, line.value);
    }
  }

  plugin::ProcFile meminfo_;
  plugin::Naming naming_ = plugin::Naming::otel;
};

// The check type agent.memory of the Rackspace agent: names, units and meanings are
// its own, and "pages" really are pages.
class AgentMemory {
 public:
  static constexpr const char* kName = "agent.memory";
  static constexpr const char* kSummary = "Memory and swap, as the Rackspace agent reported them.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  enum Metric : uint32_t {
    kTotal,
    kUsed,
    kFree,
    kActualUsed,
    kActualFree,
    kRam,
    kSwapTotal,
    kSwapUsed,
    kSwapFree,
    kSwapPageIn,
    kSwapPageOut
  };
  static constexpr virgo_metric kMetrics[] = {
      gauge("total", "bytes", "All memory there is.", VIRGO_U64),
      gauge("used", "bytes", "total - free.", VIRGO_U64),
      gauge("free", "bytes", "Memory used for nothing at all.", VIRGO_U64),
      gauge("actual_used", "bytes", "total - actual_free.", VIRGO_U64),
      gauge("actual_free", "bytes", "free and the kernel's buffers and cache.", VIRGO_U64),
      gauge("ram", "megabytes", "total, rounded up to a multiple of eight.", VIRGO_U64),
      gauge("swap_total", "bytes", "All swap space.", VIRGO_U64),
      gauge("swap_used", "bytes", "swap_total - swap_free.", VIRGO_U64),
      gauge("swap_free", "bytes", "Free swap space.", VIRGO_U64),
      virgo::sdk::counter("swap_page_in", "bytes", "Pages (not bytes) read from swap since boot."),
      virgo::sdk::counter("swap_page_out", "bytes",
                          "Pages (not bytes) written to swap since boot.")};
  static constexpr virgo_param kParams[] = {plugin::root_param()};

  explicit AgentMemory(virgo::sdk::Host) {}

  virgo_status configure(virgo::sdk::Config root) {
    const std::string_view prefix = root["root"].as_text();
    return meminfo_.set_path(prefix, kMeminfoPath) && vmstat_.set_path(prefix, "/proc/vmstat")
               ? VIRGO_OK
               : VIRGO_ERR_NO_MEMORY;
  }

  virgo_status collect(virgo::sdk::Run run) {
    size_t length = 0;
    const char* text = read_meminfo(meminfo_, run, &length);
    if (text == nullptr) return VIRGO_ERR_FAILED;
    const Meminfo m({text, length});
    const uint64_t total = m.bytes[plugin::kTotal];
    const uint64_t free = m.bytes[plugin::kFree];
    const uint64_t actual_free =
        plus(free, plus(m.bytes[plugin::kBuffers], m.bytes[plugin::kCached]));
    run.emit(kTotal, total);
    run.emit(kUsed, minus(total, free));
    run.emit(kFree, free);
    run.emit(kActualUsed, minus(total, actual_free));
    run.emit(kActualFree, actual_free);
    run.emit(kRam, ((total >> 20u) + 7) / 8 * 8);
    run.emit(kSwapTotal, m.bytes[plugin::kSwapTotal]);
    run.emit(kSwapUsed, minus(m.bytes[plugin::kSwapTotal], m.bytes[plugin::kSwapFree]));
    run.emit(kSwapFree, m.bytes[plugin::kSwapFree]);
    report_paging(run);
    return VIRGO_OK;
  }

 private:
  // "pswpin 1234" of /proc/vmstat; a kernel without swap has no such line.
  void report_paging(virgo::sdk::Run run) {
    uint64_t in = 0;
    uint64_t out = 0;
    size_t length = 0;
    if (const char* text = vmstat_.try_read(&length); text != nullptr) {
      std::string_view rest(text, length);
      std::string_view line;
      while (plugin::take_line(rest, &line)) {
        const std::string_view name = plugin::take_word(line);
        if (name == "pswpin") plugin::to_u64(line, &in);
        if (name == "pswpout") plugin::to_u64(line, &out);
      }
    }
    run.emit(kSwapPageIn, in);
    run.emit(kSwapPageOut, out);
  }

  plugin::ProcFile meminfo_;
  plugin::ProcFile vmstat_;
};

}  // namespace

VIRGO_CXX_MODULE("io.virgo.memory", "0.2.0", Memory, AgentMemory, plugin::HugePages);
