// The test plugins, as real libraries: the ABI across a real border.
#include "unit/native/native_world.hpp"

namespace virgo::native {
namespace {

using metric::Status;
using testing::HasSubstr;

class Plugins : public NativeTest {};

TEST_F(Plugins, ExceptionsOfALibraryStopAtTheBorder) {
  load("throw");
  for (const auto& [type, words] : {std::pair{"test.throw_loop", "boom in collect"},
                                    std::pair{"test.throw_worker", "boom in collect"},
                                    std::pair{"test.throw_int", "that is no std::exception"}}) {
    auto check = make(type);
    for (int i = 0; i < 2; ++i) {
      TestRun run = new_run();
      check->start(run);
      run_until_finished(run);
      EXPECT_EQ(run.status, Status::failed);
      EXPECT_THAT(run.explanation, HasSubstr("threw an exception across the ABI"));
      EXPECT_THAT(run.explanation, HasSubstr(words));
    }
  }
}

TEST_F(Plugins, ExceptionsOfCreateConfigureAndDestroy) {
  LogLines log;
  load("throw");
  for (const auto& [type, words] : {std::pair{"test.throw_create", "boom in create"},
                                    std::pair{"test.throw_configure", "boom in configure"}}) {
    config::Problems problems;
    EXPECT_EQ(registry.create(spec(type), problems), nullptr);
    ASSERT_EQ(problems.size(), 1u);
    EXPECT_THAT(problems[0].text, HasSubstr(words));
  }
  make("test.throw_destroy").reset();
  EXPECT_THAT(log.all(), testing::Contains(HasSubstr("check 'it': destroy() threw")));
}

TEST_F(Plugins, CompletingThreeTimesCountsOnce) {
  load("complete");
  auto check = make("test.complete_twice");
  for (int i = 0; i < 3; ++i) {
    TestRun run = new_run();
    check->start(run);
    run_until_finished(run);
    EXPECT_EQ(run.status, Status::ok);
    ASSERT_EQ(run.samples().size(), 1u);
    EXPECT_EQ(run.samples().value(0).i64, 3) << "stale answers of the run before";
  }
}

TEST_F(Plugins, CompletingLateIsStaleAndHarmless) {
  LogLines log;
  load("complete");
  auto check = make("test.complete_late", "{after: 1ms}");
  {
    TestRun run = new_run();
    check->start(run);
    check->cancel(run);
    check->abandon(run);
    EXPECT_FALSE(check->wedged());
  }
  check.reset();  // waits for the late thread
  bool found = false;
  for (const auto& line : log.all())
    found = found || line.find("complete() -8") != std::string::npos;
  // The thread may have been quicker than abandon(); then it was simply in time.
  EXPECT_TRUE(found || testing::Value(log.all(), testing::Contains(HasSubstr("complete() 0"))));
}

TEST_F(Plugins, AsynchronousRunsOneAfterTheOther) {
  load("async");
  auto check = make("test.async");
  for (std::uint64_t i = 1; i <= 20; ++i) {
    TestRun run = new_run();
    check->start(run);
    run_until_finished(run);
    EXPECT_EQ(run.status, Status::ok);
    ASSERT_EQ(run.samples().size(), 1u);
    EXPECT_EQ(run.samples().value(0).u64, i);
  }
}

TEST_F(Plugins, EveryKindOfSampleArrives) {
  load("good");
  auto check = make("test.kinds");
  TestRun run = new_run();
  check->start(run);
  run_until_finished(run);
  EXPECT_EQ(run.status, Status::ok);
  EXPECT_EQ(run.explanation, "all well");
  const auto& s = run.samples();
  ASSERT_EQ(s.size(), 5u);
  EXPECT_EQ(s.value(0).i64, -40);
  EXPECT_EQ(s.label(0, 0).key, "place");
  EXPECT_EQ(s.label(0, 0).value, "attic");
  EXPECT_EQ(s.value(1).u64, UINT64_MAX);
  EXPECT_EQ(s.label_count(1), 2u);
  EXPECT_EQ(s.value(2).f64, 0.5);
  EXPECT_EQ(s.unix_ns(2), 1'700'000'000'000'000'000);
  EXPECT_EQ(s.value(3).text, "running");
  EXPECT_EQ(s.metric(4).name, "test.undeclared");
  EXPECT_EQ(s.value(4).f64, 7.0);
}

TEST_F(Plugins, ParametersReachACppCheckAndItsRefusalsTheConfiguration) {
  load("good");
  auto check = make("test.samples", "{count: 5}");
  TestRun run = new_run();
  check->start(run);
  EXPECT_EQ(run.samples().size(), 5u);
  config::CheckSpec bad = spec("test.samples");
  bad.params =
      config::parse("v: {count: -1}", "a.yaml", config::process_sources()).root.items.at(0);
  config::Problems problems;
  EXPECT_EQ(registry.create(bad, problems), nullptr);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(config::to_string(problems[0]),
            "a.yaml:1:12: checks[0].params.count: must not be negative");
}

TEST_F(Plugins, ACheckInPlainC) {
  load("plain_c");
  auto check = make("test.plain_c", "{step: 21}");
  for (std::int64_t i = 1; i <= 2; ++i) {
    TestRun run = new_run();
    check->start(run);
    ASSERT_EQ(run.samples().size(), 1u);
    EXPECT_EQ(run.samples().value(0).i64, 21 * i);
    EXPECT_EQ(run.samples().label(0, 0).value, "C");
  }
}

}  // namespace
}  // namespace virgo::native
