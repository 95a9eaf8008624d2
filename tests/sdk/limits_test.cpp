// The bounds of the agent, which the fake host keeps too.
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "sdk/scripted.hpp"

namespace virgo::fake {
namespace {

using namespace std::chrono_literals;

struct FakeLimits : ::testing::Test {
  Host host;
  Scripted script;
  Outcome run_of(std::function<virgo_status(virgo_run)> collect) {
    script.collect = std::move(collect);
    Check check(host, script.type());
    return check.collect();
  }
};

TEST_F(FakeLimits, TextsOfARun) {
  const std::string text(1000, 'x');
  const Outcome run = run_of([&](virgo_run id) {
    virgo_sample s{};
    s.metric = 2;
    s.type = VIRGO_TEXT;
    s.value.text = str(text);
    const uint32_t most = (1 << 20) / 1000;
    for (uint32_t i = 0; i < most; ++i)
      EXPECT_EQ(script.host->run->emit(script.host, id, &s, 1, sizeof s), VIRGO_OK);
    EXPECT_EQ(script.host->run->emit(script.host, id, &s, 1, sizeof s), VIRGO_ERR_LIMIT);
    EXPECT_EQ(script.emit(id, 1), VIRGO_OK) << "a number still fits";
    return VIRGO_OK;
  });
  EXPECT_EQ(run.status(), VIRGO_ERR_LIMIT);
  EXPECT_EQ(run.samples().size(), (1u << 20) / 1000 + 1);
  EXPECT_EQ(host.misuse_text(), "");
}

TEST_F(FakeLimits, AnErrorIsNotReplacedByTheLimit) {
  Limits limits;
  limits.samples = 0;
  host.set_limits(limits);
  const Outcome run = run_of([&](virgo_run id) {
    EXPECT_EQ(script.emit(id, 1), VIRGO_ERR_LIMIT);
    return virgo_status{VIRGO_ERR_UNREACHABLE};
  });
  EXPECT_EQ(run.status(), VIRGO_ERR_UNREACHABLE);
}

TEST_F(FakeLimits, AnExplanationIsCutBetweenCharacters) {
  const std::string text = std::string(2047, 'x') + "\xc3\xa4";
  const Outcome run =
      run_of([&](virgo_run id) { return script.host->run->explain(script.host, id, str(text)); });
  EXPECT_EQ(run.explanation(), std::string(2047, 'x'));
  EXPECT_EQ(host.misuse_text(), "");
}

TEST_F(FakeLimits, UnknownLevelsAreInformation) {
  run_of([&](virgo_run) {
    EXPECT_NE(script.host->log_enabled(script.host, script.self, 0), 0);
    EXPECT_NE(script.host->log_enabled(script.host, script.self, 77), 0);
    host.set_log_level(VIRGO_LOG_WARN);
    EXPECT_EQ(script.host->log_enabled(script.host, script.self, -1), 0);
    script.host->log(script.host, script.self, 77, virgo_cstr("odd"));
    return VIRGO_OK;
  });
  ASSERT_EQ(host.log().size(), 1u);
  EXPECT_EQ(host.log()[0].level, VIRGO_LOG_INFO);
}

TEST_F(FakeLimits, SamplesOfALaterHeaderAreReadByTheirStride) {
  struct Later {
    virgo_sample known;
    uint64_t more;
  };
  const Outcome run = run_of([&](virgo_run id) {
    Later s[2] = {};
    for (Later& one : s) {
      one.known.type = VIRGO_I64;
      one.more = UINT64_MAX;
    }
    s[1].known.value.i64 = 1;
    return script.host->run->emit(script.host, id, &s[0].known, 2, sizeof s[0]);
  });
  EXPECT_EQ(run.all_text(), "test.signed 0 1\ntest.signed 1 1\n");
  EXPECT_EQ(host.misuse_text(), "");
}

TEST_F(FakeLimits, ATimerAsFarAwayAsCanBeDoesNotFire) {
  int fired = 0;
  const Outcome run = run_of([&](virgo_run id) {
    for (const uint64_t delay : {UINT64_MAX, UINT64_MAX - host.now_ns() + 1})
      EXPECT_EQ(script.loop->timer_start(
                    script.host, script.self, id, delay, 0,
                    [](void* user, virgo_timer) { ++*static_cast<int*>(user); }, &fired, nullptr),
                VIRGO_OK);
    host.advance(1s);
    EXPECT_EQ(fired, 0);
    return VIRGO_OK;
  });
  EXPECT_EQ(run.status(), VIRGO_OK);
}

TEST_F(FakeLimits, AWatchOfAClosedDescriptorCannotBeModified) {
  run_of([&](virgo_run id) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    virgo_watch watch = 0;
    EXPECT_EQ(script.loop->watch_start(
                  script.host, script.self, id, ends[0], VIRGO_READABLE,
                  [](void*, virgo_watch, virgo_fd, uint32_t) {}, nullptr, &watch),
              VIRGO_OK);
    EXPECT_EQ(script.loop->watch_modify(script.host, watch, 0), VIRGO_OK);
    close(ends[0]);
    EXPECT_EQ(script.loop->watch_modify(script.host, watch, VIRGO_READABLE), VIRGO_ERR_INVALID);
    close(ends[1]);
    return VIRGO_OK;
  });
  ASSERT_FALSE(host.misuse().empty());
  EXPECT_THAT(host.misuse()[0], HasSubstr("was closed while a watch waited for it"));
}

TEST_F(FakeLimits, SerialTypesAreCollectedOneAfterTheOther) {
  Scripted serial(VIRGO_ON_WORKER, VIRGO_CHECK_SERIAL);
  Gate started;
  Gate end;
  serial.collect = [&](virgo_run) {
    started.open();
    EXPECT_TRUE(end.pass());
    return VIRGO_OK;
  };
  Check first(host, serial.type());
  Check second(host, serial.type());
  const Outcome run = first.start_on_thread();
  ASSERT_TRUE(started.pass());
  EXPECT_THROW(second.start_on_thread(), std::logic_error);
  EXPECT_THROW(second.start(), std::logic_error);
  end.open();
  EXPECT_TRUE(host.run_until([&] { return run.ended(); }));
  EXPECT_EQ(second.collect().status(), VIRGO_OK);
}

}  // namespace
}  // namespace virgo::fake
