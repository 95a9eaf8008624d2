// Bounds on what a run may emit, at their edges, and samples that do not fit.
#include "unit/native/native_world.hpp"

namespace virgo::native {
namespace {

using metric::Status;
using testing::HasSubstr;

class Limits : public NativeTest {
 protected:
  // Runs a check of the test plugins to its end.
  void collect(const std::string& type, const std::string& params, TestRun& run) {
    auto check = make(type, params);
    ASSERT_TRUE(check != nullptr);
    check->start(run);
    run_until_finished(run);
  }
};

TEST_F(Limits, AsManySamplesAsAllowedAreFine) {
  load("flood");
  TestRun run = new_run({.samples = 100});
  collect("test.flood", "{count: 100}", run);
  EXPECT_EQ(run.status, Status::ok);
  EXPECT_EQ(run.explanation, "");
  EXPECT_EQ(run.samples().size(), 100u);
}

TEST_F(Limits, OneSampleMoreEndsTheRunWithLimit) {
  load("flood");
  TestRun run = new_run({.samples = 100});
  collect("test.flood", "{count: 101}", run);
  EXPECT_EQ(run.status, Status::limit);
  EXPECT_EQ(
      run.explanation,
      "emitted 101 samples, the limit is 100 (limits.samples_per_run); the first 100 were kept");
  EXPECT_EQ(run.samples().size(), 100u);
}

TEST_F(Limits, AMillionSamplesOneByOneOrAtOnceAreCounted) {
  load("flood");
  for (const char* params : {"{}", "{at_once: true}"}) {
    TestRun run = new_run();
    collect("test.flood", params, run);
    EXPECT_EQ(run.status, Status::limit);
    EXPECT_THAT(run.explanation, HasSubstr("emitted 1000000 samples, the limit is 5000 "));
    EXPECT_EQ(run.samples().size(), 5000u);
  }
}

TEST_F(Limits, AFailureStaysAFailure) {
  ScriptedModule script(VIRGO_ON_LOOP);
  script.collect = [](const virgo_host* h, virgo_run run) {
    virgo_sample s[3]{};
    for (auto& x : s) x.type = VIRGO_I64;
    EXPECT_EQ(h->run->emit(h, run, s, 2, sizeof s[0]), VIRGO_OK);
    EXPECT_EQ(h->run->emit(h, run, s, 3, sizeof s[0]), VIRGO_ERR_LIMIT);
    h->run->explain(h, run, virgo_cstr("no answer"));
    return VIRGO_ERR_UNREACHABLE;
  };
  auto check = make(add(script));
  TestRun run = new_run({.samples = 2});
  check->start(run);
  EXPECT_EQ(run.status, Status::unreachable);
  EXPECT_THAT(run.explanation, HasSubstr("no answer; emitted 5 samples, the limit is 2"));
}

TEST_F(Limits, TextsAndLabelsTooMuchAreRefusedAndTheRestKept) {
  load("values");
  TestRun run = new_run();
  collect("test.texts", "{}", run);
  EXPECT_EQ(run.status, Status::limit);
  EXPECT_THAT(run.explanation, HasSubstr("3 samples were refused: a text of more than 1024 bytes"));
  ASSERT_EQ(run.samples().size(), 1u);
  EXPECT_EQ(run.samples().value(0).text, "\xef\xbf\xbd\xef\xbf\xbd");  // mended
  EXPECT_EQ(run.samples().label(0, 0).key, "\xef\xbf\xbd");
}

TEST_F(Limits, LabelsAtTheEdge) {
  ScriptedModule script(VIRGO_ON_LOOP);
  script.collect = [](const virgo_host* h, virgo_run run) {
    const virgo_label labels[17] = {};
    virgo_sample s{};
    s.type = VIRGO_I64;
    s.labels = {labels, 16, sizeof(virgo_label)};
    EXPECT_EQ(h->run->emit(h, run, &s, 1, sizeof s), VIRGO_OK);
    s.labels.count = 17;
    EXPECT_EQ(h->run->emit(h, run, &s, 1, sizeof s), VIRGO_ERR_LIMIT);
    s.labels.count = 0xffffffffu;  // must not be walked through
    EXPECT_EQ(h->run->emit(h, run, &s, 1, sizeof s), VIRGO_ERR_LIMIT);
    s.labels = {labels, 1, sizeof(virgo_label) - 1};
    EXPECT_EQ(h->run->emit(h, run, &s, 1, sizeof s), VIRGO_ERR_INVALID);
    return VIRGO_OK;
  };
  auto check = make(add(script));
  TestRun run = new_run();
  check->start(run);
  EXPECT_EQ(run.status, Status::limit);
  ASSERT_EQ(run.samples().size(), 1u);
  EXPECT_EQ(run.samples().label_count(0), 16u);
}

TEST_F(Limits, ValuesThatDoNotFitAreRefusedNamedAndLoggedOnce) {
  load("values");
  LogLines log;
  TestRun run = new_run();
  collect("test.values", "{}", run);
  EXPECT_EQ(run.status, Status::ok);
  ASSERT_EQ(run.samples().size(), 2u);
  EXPECT_EQ(run.samples().value(1).i64, 7) << "refusals the plugin saw";
  EXPECT_EQ(
      run.explanation,
      "7 samples were refused: metric 'test.bad' is declared as f64, but a sample of it is text");
  ASSERT_EQ(log.all().size(), 1u);
  EXPECT_EQ(log.all()[0],
            "native: check 'it': metric 'test.bad' is declared as f64, but a sample of it is text");
}

TEST_F(Limits, SamplesMayBeLargerThanTheHostKnows) {
  struct Newer {
    virgo_sample known;
    std::uint64_t more;
  };
  ScriptedModule script(VIRGO_ON_LOOP);
  script.collect = [](const virgo_host* h, virgo_run run) {
    Newer s[2]{};
    s[0].known.type = s[1].known.type = VIRGO_I64;
    s[1].known.value.i64 = 2;
    s[0].more = ~0ull;
    return h->run->emit(h, run, &s[0].known, 2, sizeof s[0]);
  };
  auto check = make(add(script));
  TestRun run = new_run();
  check->start(run);
  EXPECT_EQ(run.status, Status::ok);
  ASSERT_EQ(run.samples().size(), 2u);
  EXPECT_EQ(run.samples().value(1).i64, 2);
}

TEST_F(Limits, LabelsMayBeFurtherApartThanTheHostKnows) {
  struct Newer {
    virgo_label known;
    std::uint64_t more;
  };
  ScriptedModule script(VIRGO_ON_LOOP);
  script.collect = [](const virgo_host* h, virgo_run run) {
    const Newer labels[] = {{{VIRGO_STR("a"), VIRGO_STR("1")}, ~0ull},
                            {{VIRGO_STR("b"), VIRGO_STR("2")}, 0}};
    virgo_sample s{};
    s.type = VIRGO_I64;
    s.labels = VIRGO_ARRAY(labels);
    return h->run->emit(h, run, &s, 1, sizeof s);
  };
  auto check = make(add(script));
  TestRun run = new_run();
  check->start(run);
  ASSERT_EQ(run.samples().size(), 1u);
  EXPECT_EQ(run.samples().label(0, 1).key, "b");
  EXPECT_EQ(run.samples().label(0, 1).value, "2");
}

TEST_F(Limits, ExplanationsAreCut) {
  ScriptedModule script(VIRGO_ON_LOOP);
  const std::string text(100'000, 'x');
  script.collect = [&](const virgo_host* h, virgo_run run) {
    return h->run->explain(h, run, {text.data(), text.size()});
  };
  auto check = make(add(script));
  TestRun run = new_run();
  check->start(run);
  EXPECT_EQ(run.explanation.size(), 2048u);
}

}  // namespace
}  // namespace virgo::native
