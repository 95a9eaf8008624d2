// How runs end, and what is left of them.
#include <thread>

#include "sdk/scripted.hpp"

namespace virgo::fake {
namespace {

struct FakeRun : ::testing::Test {
  Host host;
};

TEST_F(FakeRun, SamplesWithLabelsAndTypes) {
  Scripted script;
  script.collect = [&](virgo_run run) {
    const virgo_label labels[] = {{VIRGO_STR("disk"), VIRGO_STR("sda")},
                                  {VIRGO_STR("mode"), VIRGO_STR("read")}};
    virgo_sample s[2] = {};
    s[0].type = VIRGO_I64;
    s[0].value.i64 = -4;
    s[0].labels = VIRGO_ARRAY(labels);
    s[0].unix_ns = 77;
    s[1].metric = VIRGO_UNDECLARED;
    s[1].name = virgo_cstr("test.free");
    s[1].type = VIRGO_F64;
    s[1].value.f64 = 0.5;
    script.host->run->explain(script.host, run, virgo_cstr("first"));
    script.host->run->explain(script.host, run, virgo_cstr("all well"));
    return script.host->run->emit(script.host, run, s, 2, sizeof s[0]);
  };
  Check check(host, script.type());
  const Outcome run = check.collect();
  EXPECT_TRUE(run.ended());
  EXPECT_EQ(run.status(), VIRGO_OK);
  EXPECT_EQ(run.explanation(), "all well");
  EXPECT_EQ(run.i64("test.signed", {{"mode", "read"}}), -4);
  EXPECT_EQ(run.sample("test.signed").label("disk"), "sda");
  EXPECT_EQ(run.sample("test.signed").unix_ns, 77);
  EXPECT_EQ(run.f64("test.free"), 0.5);
  EXPECT_EQ(run.all_text(), "test.signed{disk=sda,mode=read} -4 1\ntest.free 0.5\n");
  EXPECT_THROW(run.f64("test.signed"), std::logic_error);
  EXPECT_THROW(run.i64("test.signed", {{"mode", "write"}}), std::logic_error);
  EXPECT_EQ(host.misuse_text(), "");
}

TEST_F(FakeRun, CompletedLaterFromAThreadOfItsOwn) {
  Scripted script;
  std::thread thread;
  script.collect = [&](virgo_run run) {
    thread = std::thread([&script, run] {
      script.emit(run, 1);
      script.complete(run, VIRGO_ERR_UNREACHABLE);
    });
    return VIRGO_PENDING;
  };
  script.destroy = [&] { thread.join(); };
  Check check(host, script.type());
  const Outcome run = check.collect();
  EXPECT_EQ(run.status(), VIRGO_ERR_UNREACHABLE);
  EXPECT_EQ(run.i64("test.signed"), 1);
  EXPECT_EQ(host.misuse_text(), "");
}

TEST_F(FakeRun, CompletedBeforeCollectReturns) {
  Scripted script;
  script.collect = [&](virgo_run run) {
    script.complete(run, VIRGO_ERR_LIMIT);
    return VIRGO_OK;  // not looked at
  };
  Check check(host, script.type());
  EXPECT_EQ(check.collect().status(), VIRGO_ERR_LIMIT);
  EXPECT_EQ(host.misuse_text(), "");
}

TEST_F(FakeRun, OnAThreadItIsCancelledWhileItExecutes) {
  Scripted script(VIRGO_ON_WORKER);
  Gate started;
  std::atomic<bool> cancelled{false};
  script.collect = [&](virgo_run run) {
    started.open();
    while (script.time_left(run) > 0) std::this_thread::yield();
    return virgo_status{VIRGO_ERR_CANCELLED};
  };
  script.cancel = [&](virgo_run) { cancelled = true; };
  Check check(host, script.type());
  const Outcome run = check.start_on_thread();
  ASSERT_TRUE(started.pass());
  EXPECT_FALSE(run.ended());
  EXPECT_THROW(check.start(), std::logic_error) << "one run at a time";
  check.cancel(run);
  EXPECT_TRUE(cancelled);
  EXPECT_TRUE(host.run_until([&] { return run.ended(); }));
  EXPECT_EQ(run.status(), VIRGO_ERR_CANCELLED);
  EXPECT_EQ(check.start_on_thread().id() == run.id(), false);
  EXPECT_EQ(host.misuse_text(), "");
}

TEST_F(FakeRun, BeyondALimitTheRunEndsWithThat) {
  Scripted script;
  script.collect = [&](virgo_run run) {
    EXPECT_EQ(script.emit(run, 1), VIRGO_OK);
    EXPECT_EQ(script.emit(run, 2), VIRGO_ERR_LIMIT);
    return VIRGO_OK;
  };
  Limits limits;
  limits.samples = 1;
  host.set_limits(limits);
  Check check(host, script.type());
  const Outcome run = check.collect();
  EXPECT_EQ(run.status(), VIRGO_ERR_LIMIT);
  EXPECT_EQ(run.samples().size(), 1u);
  EXPECT_EQ(host.misuse_text(), "") << "a limit is the agent's, not a mistake of the check";
}

TEST_F(FakeRun, LogLinesSayWhoSpoke) {
  Scripted script;
  script.collect = [&](virgo_run) {
    EXPECT_NE(script.host->log_enabled(script.host, script.self, VIRGO_LOG_INFO), 0);
    EXPECT_EQ(script.host->log_enabled(script.host, script.self, VIRGO_LOG_DEBUG), 0);
    script.host->log(script.host, script.self, VIRGO_LOG_WARN, virgo_cstr("odd"));
    script.host->log(script.host, 0, VIRGO_LOG_INFO, virgo_cstr("module"));
    return VIRGO_OK;
  };
  host.set_log_level(VIRGO_LOG_INFO);
  Check check(host, script.type());
  check.collect();
  ASSERT_EQ(host.log().size(), 2u);
  EXPECT_EQ(host.log()[0].check, "test.scripted");
  EXPECT_EQ(host.log()[0].text, "odd");
  EXPECT_EQ(host.log()[0].level, VIRGO_LOG_WARN);
  EXPECT_EQ(host.log()[1].check, "");
}

TEST_F(FakeRun, AModuleOfAnotherVersionIsRefused) {
  // As a plugin's tables: they outlive the host.
  static Scripted script;
  static const virgo_check_type* types[] = {&script.type()};
  static virgo_module module = {
      VIRGO_MODULE_HEADER(0), 1, "m", "1", nullptr, types, nullptr, nullptr};
  EXPECT_THROW(Check(host, &module, "test.other"), std::logic_error);
  EXPECT_EQ(Check(host, &module).create_status(), VIRGO_OK);
  module.requires_minor = VIRGO_ABI_MINOR + 1;
  EXPECT_THROW(Check(host, &module), std::logic_error);
}

}  // namespace
}  // namespace virgo::fake
