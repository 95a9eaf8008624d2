// virgo.memory: what the memory is used for, from /proc/meminfo.
#include <shared/proc_file.hpp>

namespace {

using plugin::take_until;
using plugin::take_word;
using virgo::sdk::gauge;
using virgo::sdk::label;

enum Field {
  kTotal,
  kFree,
  kAvailable,
  kBuffers,
  kCached,
  kShared,
  kReclaimable,
  kUnreclaimable,
  kFields
};
constexpr std::string_view kFieldNames[] = {"MemTotal", "MemFree", "MemAvailable", "Buffers",
                                            "Cached",   "Shmem",   "SReclaimable", "SUnreclaim"};

struct Meminfo {
  uint64_t bytes[kFields] = {};
  bool present[kFields] = {};

  explicit Meminfo(std::string_view text) {
    std::string_view line;
    while (plugin::take_line(text, &line)) {
      const std::string_view name = take_until(line, ':');
      for (unsigned i = 0; i < kFields; ++i)
        if (name == kFieldNames[i]) set(i, line);
    }
  }
  // "  16315440 kB". A line cut off in its number is not taken for a smaller one.
  void set(unsigned i, std::string_view line) {
    uint64_t kib = 0;
    if (!plugin::to_u64(take_word(line), &kib) || take_word(line) != "kB") return;
    bytes[i] = kib > UINT64_MAX / 1024 ? UINT64_MAX : kib * 1024;
    present[i] = true;
  }
};

// The kernel does not take all its numbers at one moment.
uint64_t minus(uint64_t a, uint64_t b) {
  return a > b ? a - b : 0;
}
uint64_t plus(uint64_t a, uint64_t b) {
  return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

class Memory {
 public:
  static constexpr const char* kName = "virgo.memory";
  static constexpr const char* kSummary = "Memory in use, free, and in the kernel's caches.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  enum Metric : uint32_t { kUsage, kLimit, kLinuxAvailable, kLinuxShared, kSlab };
  static constexpr virgo_metric kMetrics[] = {
      gauge("system.memory.usage", "By", "Memory by state; the states add up to the limit.",
            VIRGO_U64),
      gauge("system.memory.limit", "By", "All memory there is.", VIRGO_U64),
      gauge("system.memory.linux.available", "By",
            "The kernel's estimate of what programs could still get without swapping.", VIRGO_U64),
      gauge("system.memory.linux.shared", "By", "Shared memory, tmpfs above all.", VIRGO_U64),
      gauge("system.memory.linux.slab.usage", "By", "The kernel's caches of small objects.",
            VIRGO_U64)};
  static constexpr virgo_param kParams[] = {
      virgo::sdk::param("root", VIRGO_PARAM_TEXT, nullptr,
                        "A folder to put in front of /proc, for a host mounted into a container.")};

  explicit Memory(virgo::sdk::Host) {}

  virgo_status configure(virgo::sdk::Config root) {
    return meminfo_.set_path(root["root"].as_text(), "/proc/meminfo") ? VIRGO_OK
                                                                      : VIRGO_ERR_NO_MEMORY;
  }

  virgo_status collect(virgo::sdk::Run run) {
    size_t length = 0;
    const char* text = meminfo_.read(run, &length);
    if (text == nullptr) return VIRGO_ERR_FAILED;
    const Meminfo m(std::string_view(text, length));
    if (!m.present[kTotal] || !m.present[kFree]) {
      plugin::explain(run, "%s has no whole MemTotal and MemFree", meminfo_.path());
      return VIRGO_ERR_FAILED;
    }
    report_usage(run, m);
    run.emit(kLimit, m.bytes[kTotal]);
    if (m.present[kAvailable]) run.emit(kLinuxAvailable, m.bytes[kAvailable]);
    if (m.present[kShared]) run.emit(kLinuxShared, m.bytes[kShared]);
    report_slab(run, m, kReclaimable, "reclaimable");
    report_slab(run, m, kUnreclaimable, "unreclaimable");
    return VIRGO_OK;
  }

 private:
  // As free(1) counts: caches include the slabs that can be given back, and what
  // is in none of the other states is used.
  static void report_usage(virgo::sdk::Run run, const Meminfo& m) {
    const uint64_t cached = plus(m.bytes[kCached], m.bytes[kReclaimable]);
    const uint64_t used =
        minus(minus(minus(m.bytes[kTotal], m.bytes[kFree]), m.bytes[kBuffers]), cached);
    const auto emit = [run](std::string_view state, uint64_t bytes) {
      run.emit(kUsage, bytes, {label("system.memory.state", state)});
    };
    emit("used", used);
    emit("free", m.bytes[kFree]);
    emit("buffers", m.bytes[kBuffers]);
    emit("cached", cached);
  }

  static void report_slab(virgo::sdk::Run run, const Meminfo& m, Field field,
                          std::string_view state) {
    if (m.present[field])
      run.emit(kSlab, m.bytes[field], {label("system.memory.linux.slab.state", state)});
  }

  plugin::ProcFile meminfo_;
};

}  // namespace

VIRGO_CXX_MODULE("io.virgo.memory", "0.1.0", Memory);
