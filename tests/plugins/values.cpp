// Evil: samples that do not fit their declaration, between ones that do.
#include <math.h>

#include <string>
#include <virgo/plugin.hpp>

namespace {

class Values {
 public:
  static constexpr const char* kName = "test.values";
  static constexpr const char* kSummary = "Emits values that do not fit.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  static constexpr virgo_metric kMetrics[] = {
      virgo::sdk::gauge("test.good", "1", "Fits.", VIRGO_I64),
      virgo::sdk::gauge("test.bad", "1", "Does not.", VIRGO_F64)};
  explicit Values(virgo::sdk::Host) {}
  virgo_status collect(virgo::sdk::Run run) {
    run.emit(0, 1);
    int refused = 0;
    refused += run.emit(1, "text for a number") == VIRGO_ERR_INVALID;
    refused += run.emit(1, NAN) == VIRGO_ERR_INVALID;
    refused += run.emit(1, HUGE_VAL) == VIRGO_ERR_INVALID;
    refused += run.emit(7, 1.0) == VIRGO_ERR_INVALID;
    refused += run.emit(VIRGO_UNDECLARED, 1.0) == VIRGO_ERR_INVALID;  // has no name
    virgo_sample s{};
    s.type = 99;
    refused += run.emit(&s, 1) == VIRGO_ERR_UNSUPPORTED;
    run.set(s, int64_t{1});
    s.labels.count = 3;  // at NULL
    refused += run.emit(&s, 1) == VIRGO_ERR_INVALID;
    run.emit(0, refused);
    return VIRGO_OK;
  }
};

// Labels and texts beyond every bound, and bytes that are no UTF-8.
class Texts {
 public:
  static constexpr const char* kName = "test.texts";
  static constexpr const char* kSummary = "Emits texts and labels that are too much.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  static constexpr virgo_metric kMetrics[] = {virgo::sdk::state("test.text", "Any text.")};
  explicit Texts(virgo::sdk::Host) {}
  virgo_status collect(virgo::sdk::Run run) {
    const std::string huge(1u << 20, 'x');
    run.emit(0, std::string_view(huge));
    run.emit(0, "label", {virgo::sdk::label("key", huge)});
    virgo_label labels[100];
    for (auto& l : labels) l = virgo::sdk::label("key", "value");
    virgo_sample s{};
    run.set(s, "labels");
    s.labels = VIRGO_ARRAY(labels);
    run.emit(&s, 1);
    run.emit(0, "\xff\xfe", {virgo::sdk::label("\x80", "fine")});
    return VIRGO_OK;
  }
};

}  // namespace

VIRGO_CXX_MODULE("test.values", "1.0.0", Values, Texts);
