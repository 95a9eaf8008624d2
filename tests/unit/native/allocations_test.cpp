// A sample costs the host no allocation once the buffers have grown. Counted by the
// operator new of this whole program, per thread. Not under sanitizers: theirs also
// finds what is allocated in one way and freed in another, in all tests of here.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

#include <array>
#include <cstdlib>
#include <new>

#include "unit/native/native_world.hpp"
#include "virgo/plugin.hpp"

namespace {
thread_local std::uint64_t allocations = 0;
}

void* operator new(std::size_t size) {
  ++allocations;
  if (void* p = std::malloc(size != 0 ? size : 1)) return p;
  throw std::bad_alloc();
}
void operator delete(void* p) noexcept {
  std::free(p);
}
void operator delete(void* p, std::size_t) noexcept {
  std::free(p);
}

namespace virgo::native {
namespace {

// A run whose buffer is used again, as the scheduler does it.
class SteadyRun final : public check::Run {
 public:
  std::uint64_t number() const override { return 1; }
  TimePoint deadline() const override { return TimePoint::max(); }
  WallTime started() const override { return 1; }
  metric::SampleBuffer& samples() override { return samples_; }
  void explain(std::string_view) override {}
  void finish(metric::Status status) override {
    EXPECT_EQ(status, metric::Status::ok);
    seen_ = samples_.size();
    samples_.clear();
  }
  std::size_t samples_seen() const { return seen_; }

 private:
  metric::SampleBuffer samples_;
  std::size_t seen_ = 0;
};

class Allocations : public NativeTest, public testing::WithParamInterface<int> {};
INSTANTIATE_TEST_SUITE_P(SamplesPerCall, Allocations, testing::Values(1, 50));

TEST_P(Allocations, NonePerSample) {
  constexpr int kSamples = 250;
  const auto per_call = static_cast<std::uint32_t>(GetParam());
  ScriptedModule script(VIRGO_ON_LOOP);
  script.collect = [per_call](const virgo_host* host, virgo_run run) {
    const virgo_label labels[] = {sdk::label("device", "eth0"), sdk::label("direction", "receive")};
    std::array<virgo_sample, 50> samples{};
    for (virgo_sample& s : samples) {
      s.type = VIRGO_I64;
      s.labels = {labels, 2, sizeof labels[0]};
    }
    for (std::uint32_t i = 0; i < kSamples; i += per_call)
      EXPECT_EQ(host->run->emit(host, run, samples.data(), per_call, sizeof samples[0]), VIRGO_OK);
    return VIRGO_OK;
  };
  auto check = make(add(script));
  SteadyRun run;
  for (int i = 0; i < 3; ++i) check->start(run);
  EXPECT_EQ(run.samples_seen(), std::size_t{kSamples});
  const std::uint64_t before = allocations;
  for (int i = 0; i < 10; ++i) check->start(run);
  EXPECT_EQ(allocations - before, 0u);
  // The count does count.
  const auto one = std::make_unique<int>(1);
  EXPECT_EQ(allocations - before, 1u);
}

}  // namespace
}  // namespace virgo::native

#endif
