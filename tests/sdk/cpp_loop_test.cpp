// virgo::sdk::Loop: methods of a check, called by the loop.
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <virgo/plugin.hpp>

#include "sdk/scripted.hpp"

namespace virgo::fake {
namespace {

using namespace std::chrono_literals;
using sdk::Owner;

// An object beside the check, whose methods must not throw.
struct Counter {
  int count = 0;
  void up() noexcept { ++count; }
};

class Probe {
 public:
  static constexpr const char* kName = "test.probe";
  static constexpr const char* kSummary = "Uses the loop.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  static constexpr virgo_metric kMetrics[] = {sdk::gauge("test.probe", "1", "A number.")};

  explicit Probe(sdk::Host agent) : host(agent), loop(agent) {}
  ~Probe() {
    for (const int fd : ends)
      if (fd >= 0) close(fd);
  }
  virgo_status collect(sdk::Run run) {
    id = run.id();
    return loop ? begin(run) : VIRGO_ERR_UNSUPPORTED;
  }
  virgo_status begin(sdk::Run run) {
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return VIRGO_ERR_FAILED;
    EXPECT_EQ(loop.after<&Counter::up>(&counter, run, 1), VIRGO_OK);
    EXPECT_EQ(loop.every<&Probe::tick>(this, run, 1'000'000, &ticking), VIRGO_OK);
    EXPECT_EQ(loop.watch<&Probe::ready>(this, run, ends[0], VIRGO_READABLE, &watching), VIRGO_OK);
    EXPECT_EQ((loop.work<&Probe::block, &Probe::done>(this, run)), VIRGO_OK);
    EXPECT_EQ(loop.post<&Probe::posted>(this, run), VIRGO_OK);
    return VIRGO_PENDING;
  }
  void tick(virgo_timer timer) {
    EXPECT_EQ(timer, ticking.id);
    if (++ticks < 3) return;
    EXPECT_EQ(loop.stop(ticking), VIRGO_OK);
  }
  void ready(virgo_fd fd, uint32_t) {
    char c = 0;
    EXPECT_EQ(read(static_cast<int>(fd), &c, 1), 1);
    if (c == '!') throw std::runtime_error("cannot read that");
    loop.modify(watching, 0);
    loop.stop(watching);
    sdk::Run(host.raw(), id).complete(VIRGO_OK);
  }
  void block() { blocked = true; }
  void done() { finished = blocked; }
  void posted() { ++posts; }
  void background() { throw std::runtime_error("the cache is cold"); }

  sdk::Host host;
  sdk::Loop loop;
  virgo_run id = 0;
  sdk::Timer ticking;
  sdk::Watch watching;
  Counter counter;
  int ends[2] = {-1, -1};
  int ticks = 0;
  int posts = 0;
  bool blocked = false;
  bool finished = false;
};

struct CppLoop : ::testing::Test {
  static Probe& of(const Check& check) { return sdk::detail::check_in<Probe>(check.instance()); }
  Host host;
};

TEST_F(CppLoop, EverythingCallsItsMethod) {
  Check check(host, sdk::detail::type_of<Probe>);
  const Outcome run = check.start();
  Probe& probe = of(check);
  EXPECT_TRUE(host.run_until([&] { return probe.finished; }));
  host.advance(10ms);
  EXPECT_EQ(probe.ticks, 3);
  EXPECT_EQ(probe.posts, 1);
  EXPECT_EQ(probe.counter.count, 1);
  ASSERT_EQ(write(probe.ends[1], "x", 1), 1);
  EXPECT_TRUE(host.run_until([&] { return run.ended(); }));
  EXPECT_EQ(run.status(), VIRGO_OK);
  EXPECT_EQ(host.misuse_text(), "");
}

TEST_F(CppLoop, AnExceptionEndsTheRunItBelongsTo) {
  Check check(host, sdk::detail::type_of<Probe>);
  const Outcome run = check.start();
  ASSERT_EQ(write(of(check).ends[1], "!", 1), 1);
  EXPECT_TRUE(host.run_until([&] { return run.ended(); }));
  EXPECT_EQ(run.status(), VIRGO_ERR_FAILED);
  EXPECT_EQ(run.explanation(), "cannot read that");
  EXPECT_THAT(host.log(), IsEmpty());
  EXPECT_EQ(host.misuse_text(), "");
}

TEST_F(CppLoop, AnExceptionBetweenRunsIsLogged) {
  Check check(host, sdk::detail::type_of<Probe>);
  const Outcome run = check.start();
  Probe& probe = of(check);
  probe.loop.after<&Probe::background>(&probe, Owner::check(), 5);
  host.advance(5ns);
  EXPECT_FALSE(run.ended()) << "it is none of the run's";
  ASSERT_EQ(host.log().size(), 1u);
  EXPECT_EQ(host.log()[0].text, "the cache is cold");
  EXPECT_EQ(host.log()[0].level, VIRGO_LOG_ERROR);
  EXPECT_EQ(host.misuse_text(), "");
}

TEST_F(CppLoop, WithoutTheExtensionItSaysSo) {
  host.without(VIRGO_EXT_LOOP);
  Check check(host, sdk::detail::type_of<Probe>);
  EXPECT_EQ(check.collect().status(), VIRGO_ERR_UNSUPPORTED);
  Probe& probe = of(check);
  EXPECT_EQ(probe.loop.post<&Probe::posted>(&probe, Owner::check()), VIRGO_ERR_UNSUPPORTED);
  EXPECT_EQ(probe.loop.stop(probe.ticking), VIRGO_ERR_UNSUPPORTED);
}

}  // namespace
}  // namespace virgo::fake
