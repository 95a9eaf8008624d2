// A well-behaved module: samples of every type and kind, labels, every kind of
// parameter.
#include <virgo/plugin.hpp>

namespace {

using virgo::sdk::label;

// Emits `count` samples of one metric, on the loop.
class Samples {
 public:
  static constexpr const char* kName = "test.samples";
  static constexpr const char* kSummary = "Emits as many samples as it is told to.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  static constexpr virgo_metric kMetrics[] = {
      virgo::sdk::gauge("test.number", "1", "The number of the sample.", VIRGO_U64)};
  static constexpr virgo_param kParams[] = {
      virgo::sdk::param("count", VIRGO_PARAM_INT, "3", "How many samples.")};
  explicit Samples(virgo::sdk::Host) {}
  void configure(virgo::sdk::Config root) {
    count_ = root["count"].as_int(-1);
    if (count_ < 0) root["count"].reject("must not be negative");
  }
  void collect(virgo::sdk::Run run) {
    for (int64_t i = 0; i < count_; ++i) run.emit(0, static_cast<uint64_t>(i));
  }

 private:
  int64_t count_ = 0;
};

// One sample of each type, on a worker, and one undeclared.
class Kinds {
 public:
  static constexpr const char* kName = "test.kinds";
  static constexpr const char* kSummary = "One sample of each type.";
  static constexpr uint32_t kThread = VIRGO_ON_WORKER;
  static constexpr virgo_metric kMetrics[] = {
      virgo::sdk::gauge("test.i64", "Cel", "Signed.", VIRGO_I64),
      virgo::sdk::counter("test.u64", "By", "Unsigned."),
      virgo::sdk::gauge("test.f64", "s", "Floating."), virgo::sdk::state("test.text", "Text.")};
  explicit Kinds(virgo::sdk::Host host) : host_(host) {}
  virgo_status collect(virgo::sdk::Run run) {
    run.emit(0, -40, {label("place", "attic")});
    run.emit(1, uint64_t{18446744073709551615u}, {label("a", "1"), label("b", "2")});
    run.emit(2, 0.5, {}, 1'700'000'000'000'000'000);
    run.emit(3, "running");
    virgo_sample s{};
    s.metric = VIRGO_UNDECLARED;
    s.name = virgo_cstr("test.undeclared");
    run.set(s, 7.0);
    run.emit(&s, 1);
    host_.log(VIRGO_LOG_INFO, "collected");
    run.explain("all well");
    return VIRGO_OK;
  }

 private:
  virgo::sdk::Host host_;
};

}  // namespace

VIRGO_CXX_MODULE("test.good", "1.0.0", Samples, Kinds);
