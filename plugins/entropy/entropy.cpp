// virgo.entropy: how much randomness the kernel has gathered, from
// /proc/sys/kernel/random.
#include <shared/main_file.hpp>
#include <shared/naming.hpp>
#include <shared/number.hpp>

namespace {

using virgo::sdk::gauge;

class Entropy {
 public:
  static constexpr const char* kName = "virgo.entropy";
  static constexpr const char* kSummary = "The kernel's pool of randomness.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  enum Metric : uint32_t { kAvailable, kPoolSize, kNodeAvailable, kNodePoolSize };
  static constexpr virgo_metric kMetrics[] = {
      gauge("virgo.entropy.available", "bit", "Randomness gathered and not yet used.", VIRGO_U64),
      gauge("virgo.entropy.limit", "bit", "The most the pool holds.", VIRGO_U64),
      gauge("node_entropy_available_bits", "bit", "Randomness gathered and not yet used.",
            VIRGO_U64),
      gauge("node_entropy_pool_size_bits", "bit", "The most the pool holds.", VIRGO_U64)};
  static constexpr virgo_param kParams[] = {plugin::naming_param(), plugin::root_param()};

  explicit Entropy(virgo::sdk::Host) {}

  virgo_status configure(virgo::sdk::Config root) {
    naming_ = plugin::naming_of(root);
    const std::string_view prefix = root["root"].as_text();
    return available_.set_path(prefix, "/proc/sys/kernel/random/entropy_avail") &&
                   pool_size_.set_path(prefix, "/proc/sys/kernel/random/poolsize")
               ? VIRGO_OK
               : VIRGO_ERR_NO_MEMORY;
  }

  virgo_status collect(virgo::sdk::Run run) {
    const bool node = naming_ == plugin::Naming::prometheus;
    size_t length = 0;
    virgo_status status = VIRGO_OK;
    const char* text = plugin::read_main(
        available_, run, "/proc/sys is not mounted, or the kernel was built without sysctl",
        &length, &status);
    if (text == nullptr) return status;
    uint64_t bits = 0;
    if (!plugin::only_number({text, length}, &bits)) {
      plugin::explain(run, "%s does not hold a whole number", available_.path());
      return VIRGO_ERR_FAILED;
    }
    run.emit(node ? kNodeAvailable : kAvailable, bits);
    text = pool_size_.try_read(&length);
    if (text != nullptr && plugin::only_number({text, length}, &bits))
      run.emit(node ? kNodePoolSize : kPoolSize, bits);
    return VIRGO_OK;
  }

 private:
  plugin::ProcFile available_;
  plugin::ProcFile pool_size_;
  plugin::Naming naming_ = plugin::Naming::otel;
};

}  // namespace

VIRGO_CXX_MODULE("io.virgo.entropy", "0.2.0", Entropy);
