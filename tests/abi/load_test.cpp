// Plugins compiled against the headers of every release and of today, and those that
// were compiled when a release was made (golden/), in today's host: what they find,
// and what they report.
#include <sys/stat.h>

#include <filesystem>

#include "abi/plugins.hpp"
#include "unit/native/native_world.hpp"

namespace virgo::native {
namespace {

namespace fs = std::filesystem;
using metric::Status;
using testing::Contains;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::StartsWith;

// "abi.item state text = a from=list at=0": one sample on a line.
std::vector<std::string> lines(const metric::SampleBuffer& samples) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const metric::MetricInfo& m = samples.metric(i);
    const metric::Value v = samples.value(i);
    std::string line = m.name + " " + kind_name(m.kind) + " " + type_name(v.type) + " = ";
    if (v.type == metric::Type::text) line += v.text;
    if (v.type == metric::Type::i64) line += std::to_string(v.i64);
    if (v.type == metric::Type::u64) line += std::to_string(v.u64);
    if (v.type == metric::Type::f64) line += std::to_string(v.f64);
    if (!m.unit.empty()) line += " " + m.unit;
    for (std::size_t n = 0; n < samples.label_count(i); ++n)
      line +=
          " " + std::string(samples.label(i, n).key) + "=" + std::string(samples.label(i, n).value);
    if (samples.unix_ns(i) != 0) line += " at " + std::to_string(samples.unix_ns(i));
    out.push_back(line);
  }
  return out;
}

class Abi : public NativeTest, public testing::WithParamInterface<AbiPlugin> {
 protected:
  // The plugin is copied into a folder that nobody else can write: a checkout may
  // lie anywhere, and the host would refuse to load from there.
  void SetUp() override {
    char name[] = "/tmp/virgo-abi-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder = name;
    const std::string copy = folder + "/plugin.so";
    fs::copy_file(GetParam().file, copy);
    ASSERT_EQ(chmod(copy.c_str(), 0644), 0);
    auto loaded = load_module(agent, copy);
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    module = *loaded;
    auto made = NativeCheckType::all_of(agent, module);
    ASSERT_TRUE(made.ok()) << made.error().message;
    for (auto& type : *made) ASSERT_TRUE(registry.add(std::move(type)).ok());
  }
  void TearDown() override {
    if (!folder.empty()) fs::remove_all(folder);
  }

  bool is_cxx() const { return GetParam().is_cxx(); }
  // A run, to its end, of a check that exists.
  void collect(check::Check& check, TestRun& run) {
    check.start(run);
    run_until_finished(run);
    run_posted();
  }

  std::string folder;
  std::shared_ptr<Module> module;
};
class AbiC : public Abi {};
class AbiCxx : public Abi {};
INSTANTIATE_TEST_SUITE_P(All, Abi, testing::ValuesIn(abi_plugins()), name_of);
INSTANTIATE_TEST_SUITE_P(InC, AbiC, testing::ValuesIn(abi_plugins("_c")), name_of);
INSTANTIATE_TEST_SUITE_P(InCxx, AbiCxx, testing::ValuesIn(abi_plugins("_cxx")), name_of);

TEST_P(Abi, SaysWhatItOffers) {
  EXPECT_EQ(module->description().id, "org.virgo.abi");
  EXPECT_EQ(module->description().version, "1.0.0");
  EXPECT_EQ(module->description().vendor, is_cxx() ? "" : "The Virgo project");
  std::vector<std::string> names;
  for (const check::CheckType* type : registry.types()) names.push_back(type->name());
  if (is_cxx())
    EXPECT_THAT(names, ElementsAre("abi.patient", "abi.samples", "abi.steps", "abi.thread",
                                   "abi.throws", "abi.worker"));
  else
    EXPECT_THAT(names,
                ElementsAre("abi.patient", "abi.samples", "abi.steps", "abi.thread", "abi.worker"));
  std::vector<std::string> params;
  for (const check::ParamInfo& p : registry.find("abi.samples")->params())
    params.push_back(p.name + " " + param_type_name(p.type) +
                     (p.has_fallback ? " = " + p.fallback : std::string()) +
                     (p.required ? " required" : "") + (p.secret ? " secret" : ""));
  EXPECT_THAT(params,
              ElementsAre("flag bool = true", "count int = 3", "ratio number = 0.25",
                          "word text = \"quiet: yes\"", "every duration = 90s", "room size = 64MiB",
                          "list list = [a, b]", "map map = {one: 1, two: 2}", "path text required",
                          "token text secret"));
}

TEST_P(Abi, ReadsItsDefaultsAndEmitsEveryKindOfSample) {
  const std::vector<std::string> expected = {
      "abi.flag gauge i64 = 1 1",
      "abi.count counter u64 = 3",
      "abi.ratio gauge f64 = 0.250000 s at 1700000000000000000",
      "abi.word state text = quiet: yes",
      "abi.every gauge u64 = 90000000000 ns",
      "abi.room gauge u64 = 67108864 By",
      "abi.undeclared counter f64 = -0.500000 By",
      "abi.item state text = a from=list at=0",
      "abi.item state text = b from=list at=1",
      "abi.entry gauge i64 = 1 {entry} from=map at=one",
      "abi.entry gauge i64 = 2 {entry} from=map at=two",
      "abi.facts state text = ok"};
  for (const char* type : {"abi.samples", "abi.worker"}) {
    LogLines log;
    auto check = make(type, "{path: /x}");
    ASSERT_TRUE(check != nullptr);
    for (int i = 0; i < 2; ++i) {
      TestRun run = new_run();
      collect(*check, run);
      EXPECT_EQ(run.status, Status::ok) << run.explanation;
      EXPECT_THAT(run.explanation, StartsWith("all well"));
      EXPECT_THAT(lines(run.samples()), ElementsAreArray(expected)) << type;
    }
    EXPECT_THAT(log.all(), Contains(HasSubstr("collected")));
  }
}

TEST_P(Abi, ReadsWhatIsConfigured) {
  auto check = make("abi.samples",
                    "{path: /x, flag: false, count: 12, ratio: -1.5, word: \"\", every: 20ms, "
                    "room: 1KiB, list: [], map: {k: -9}}");
  ASSERT_TRUE(check != nullptr);
  TestRun run = new_run();
  collect(*check, run);
  EXPECT_EQ(run.status, Status::ok) << run.explanation;
  EXPECT_THAT(
      lines(run.samples()),
      ElementsAre("abi.flag gauge i64 = 0 1", "abi.count counter u64 = 12",
                  "abi.ratio gauge f64 = -1.500000 s at 1700000000000000000",
                  "abi.word state text = ", "abi.every gauge u64 = 20000000 ns",
                  "abi.room gauge u64 = 1024 By", "abi.undeclared counter f64 = -0.500000 By",
                  "abi.entry gauge i64 = -9 {entry} from=map at=k", "abi.facts state text = ok"));
}

TEST_P(Abi, RejectsAValueAtItsPlace) {
  config::CheckSpec s = spec("abi.samples");
  s.params = config::parse("v:\n  path: /x\n  count: -1", "agent.yaml", config::process_sources())
                 .root.items.at(0);
  config::Problems problems;
  EXPECT_TRUE(registry.create(s, problems) == nullptr);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(config::to_string(problems[0]),
            "agent.yaml:3:10: checks[0].params.count: must not be negative");
}

TEST_P(Abi, CompletesFromAThreadAndIsStaleAfterwards) {
  auto check = make("abi.thread");
  for (const char* seen : {"abi.late gauge i64 = 0 1", "abi.late gauge i64 = -8 1"}) {
    TestRun run = new_run();
    collect(*check, run);
    EXPECT_EQ(run.status, Status::ok);
    EXPECT_THAT(lines(run.samples()), ElementsAre(seen));
  }
}

TEST_P(Abi, EndsItsRunWhenItIsCancelled) {
  auto check = make("abi.patient");
  TestRun run = new_run();
  check->start(run);
  EXPECT_FALSE(run.status);
  check->cancel(run);
  run_until_finished(run);
  EXPECT_EQ(run.status, Status::cancelled);
  EXPECT_THAT(lines(run.samples()), ElementsAre("abi.late gauge i64 = 1 1"));
}

TEST_P(Abi, TakesStepsOnTheLoop) {
  auto check = make("abi.steps");
  ASSERT_TRUE(check != nullptr);
  const std::string steps =
      "abi.steps state text = stop 0 -8, ticks 2, read 1, watch 0 0, worker -10, ";
  for (const char* before : {"left 0, freed 0", "left -8, freed 2", "left -8, freed 4"}) {
    TestRun run = new_run();
    collect(*check, run);
    EXPECT_EQ(run.status, Status::ok) << run.explanation;
    EXPECT_THAT(lines(run.samples()), ElementsAre(steps + before));
  }
}

TEST_P(AbiCxx, NothingThrownCrossesTheBorder) {
  auto check = make("abi.throws");
  ASSERT_TRUE(check != nullptr);
  TestRun run = new_run();
  collect(*check, run);
  EXPECT_EQ(run.status, Status::failed);
  // Were it the agent that caught it, it would complain.
  EXPECT_EQ(run.explanation, "thrown by abi.throws");
}

TEST_P(AbiC, IsUnloadedWhenNothingUsesItAnyMore) {
  LogLines log;
  registry = check::Registry();
  module.reset();
  EXPECT_THAT(log.all(), ElementsAre(HasSubstr("unloaded")));
}

}  // namespace
}  // namespace virgo::native
