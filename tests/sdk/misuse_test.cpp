// Every kind of misuse is found, and named.
#include <fcntl.h>
#include <math.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <thread>

#include "sdk/scripted.hpp"

namespace virgo::fake {
namespace {

struct Misuse : ::testing::Test {
  // What collect() does wrong, and what is said of it.
  void expect(const std::function<virgo_status(virgo_run)>& collect, const std::string& what) {
    script.collect = collect;
    Check check(host, script.type());
    check.start();
    EXPECT_THAT(host.misuse(), ElementsAre(HasSubstr(what)));
    host.forget();
  }
  virgo_status emit(virgo_run run, const virgo_sample& sample) {
    return script.host->run->emit(script.host, run, &sample, 1, sizeof sample);
  }
  Host host;
  Scripted script;
};

TEST_F(Misuse, Completion) {
  expect(
      [&](virgo_run run) {
        EXPECT_EQ(script.complete(run), VIRGO_OK);
        EXPECT_EQ(script.complete(run), VIRGO_ERR_STALE);
        return VIRGO_PENDING;
      },
      "complete() on a run that has ended already: it was completed");
  expect(
      [&](virgo_run run) {
        script.complete(run);
        EXPECT_EQ(script.emit(run, 1), VIRGO_ERR_STALE);
        return VIRGO_OK;
      },
      "emit() on a run that has ended already: it was completed");
  expect(
      [&](virgo_run run) {
        EXPECT_EQ(script.complete(run, VIRGO_PENDING), VIRGO_ERR_INVALID);
        return VIRGO_OK;
      },
      "complete() with VIRGO_PENDING");
}

TEST_F(Misuse, ALateThreadOfARunThatNobodyCancelled) {
  Check check(host, script.type());
  const Outcome run = check.collect();
  EXPECT_EQ(script.emit(run.id(), 1), VIRGO_ERR_STALE);
  EXPECT_THAT(host.misuse(), ElementsAre(HasSubstr("collect() has returned its status")));
}

TEST_F(Misuse, SamplesThatDoNotFit) {
  const auto bad = [this](const std::function<void(virgo_sample&)>& spoil, virgo_status answer,
                          const std::string& what) {
    expect(
        [&](virgo_run run) {
          virgo_sample s{};
          s.metric = 1;
          s.type = VIRGO_F64;
          s.value.f64 = 1;
          spoil(s);
          EXPECT_EQ(emit(run, s), answer);
          return VIRGO_OK;
        },
        what);
  };
  bad([](virgo_sample& s) { s.metric = 3; }, VIRGO_ERR_INVALID,
      "names metric 3, but only 3 are declared");
  bad([](virgo_sample& s) { s.metric = VIRGO_UNDECLARED; }, VIRGO_ERR_INVALID, "has no name");
  bad([](virgo_sample& s) { s.type = VIRGO_U64; }, VIRGO_ERR_INVALID,
      "'test.float' is declared as f64, but a sample of it is u64");
  bad([](virgo_sample& s) { s.type = 9; }, VIRGO_ERR_UNSUPPORTED, "has value type 9");
  bad([](virgo_sample& s) { s.value.f64 = NAN; }, VIRGO_ERR_INVALID, "is not a finite number");
  bad([](virgo_sample& s) { s.value.f64 = HUGE_VAL; }, VIRGO_ERR_INVALID, "is not a finite number");
  bad(
      [](virgo_sample& s) {
        s.labels = {nullptr, 1, sizeof(virgo_label)};
      },
      VIRGO_ERR_INVALID, "labels at NULL");
  bad(
      [](virgo_sample& s) {
        s.metric = 2;
        s.type = VIRGO_TEXT;
        s.value.text = {"\xff\xfe", 2};
      },
      VIRGO_OK, "a text that is not UTF-8");
  expect(
      [&](virgo_run run) {
        virgo_sample s{};
        EXPECT_EQ(script.host->run->emit(script.host, run, &s, 1, 8), VIRGO_ERR_INVALID);
        return VIRGO_OK;
      },
      "a stride of 8 bytes");
}

TEST_F(Misuse, HandlesThatNeverWere) {
  expect(
      [&](virgo_run) {
        EXPECT_EQ(script.emit(12345, 1), VIRGO_ERR_STALE);
        return VIRGO_OK;
      },
      "emit() with 0x3039, which never was a run");
  expect(
      [&](virgo_run) {
        EXPECT_EQ(script.time_left(0), 0u);
        return VIRGO_OK;
      },
      "time_left() of 0x0, which never was a run");
  expect(
      [&](virgo_run) {
        script.host->log(script.host, 99, VIRGO_LOG_INFO, virgo_cstr("x"));
        return VIRGO_OK;
      },
      "log() for 0x63, which never was a check");
  expect(
      [&](virgo_run) {
        EXPECT_EQ(script.loop->timer_stop(script.host, 5), VIRGO_ERR_STALE);
        return VIRGO_OK;
      },
      "timer_stop() with 0x5, which never was a timer or watch");
  expect(
      [&](virgo_run) {
        const auto fn = [](void*) {};
        EXPECT_EQ(script.loop->post(script.host, script.self, 7, fn, nullptr, nullptr),
                  VIRGO_ERR_STALE);
        return VIRGO_OK;
      },
      "post() for 0x7, which never was a run");
}

TEST_F(Misuse, TheConfigurationOutsideConfigure) {
  const virgo_config* kept = nullptr;
  virgo_str lent{};
  script.params = {{"path", "/tmp", nullptr, VIRGO_PARAM_TEXT, 0}};
  const virgo_config_api* api = host.table()->config;
  script.configure = [&](const virgo_config* root) {
    kept = api->get(root, virgo_cstr("path"));
    lent = api->as_text(kept, {});
    EXPECT_EQ(lent.ptr[lent.len], '<') << "no NUL to rely on";
    return VIRGO_OK;
  };
  expect(
      [&](virgo_run) {
        EXPECT_EQ(api->as_text(kept, {}).len, 0u);
        EXPECT_EQ(std::string(lent.ptr, lent.len), "####");
        return VIRGO_OK;
      },
      "config->as_text() on params.path after configure() had returned");
  script.collect = [](virgo_run) { return VIRGO_OK; };
  script.configure = [&](const virgo_config* root) {
    std::thread([&] { EXPECT_EQ(api->size(root), 0u); }).join();
    return VIRGO_OK;
  };
  Check check(host, script.type());
  check.configure();
  EXPECT_THAT(host.misuse(), ElementsAre("config->size() on params on another thread than the "
                                         "loop's"));
}

TEST_F(Misuse, LoopFunctionsOnAnotherThread) {
  Scripted worker(VIRGO_ON_WORKER);
  const auto use = [&](virgo_run run) {
    const auto fn = [](void*, virgo_timer) {};
    EXPECT_EQ(worker.loop->timer_start(worker.host, worker.self, run, 1, 0, fn, nullptr, nullptr),
              VIRGO_ERR_WRONG_THREAD);
    return VIRGO_OK;
  };
  worker.collect = use;
  Check check(host, worker.type());
  check.collect();
  const Outcome run = check.start_on_thread();
  EXPECT_TRUE(host.run_until([&] { return run.ended(); }));
  EXPECT_THAT(host.misuse(), ElementsAre(HasSubstr("timer_start() on another thread"),
                                         HasSubstr("timer_start() on another thread")))
      << "whether its thread is real or played";
}

TEST_F(Misuse, DescriptorsAndFunctions) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const auto fn = [](void*, virgo_watch, virgo_fd, uint32_t) {};
  const auto watch = [&](virgo_run run, virgo_fd fd) {
    return script.loop->watch_start(script.host, script.self, run, fd, VIRGO_READABLE, fn, nullptr,
                                    nullptr);
  };
  expect(
      [&](virgo_run run) {
        EXPECT_EQ(watch(run, ends[0]), VIRGO_OK);
        EXPECT_EQ(watch(run, ends[0]), VIRGO_ERR_INVALID);
        return VIRGO_OK;
      },
      "which has a watch already");
  expect(
      [&](virgo_run run) {
        EXPECT_EQ(watch(run, ends[0]), VIRGO_OK);
        close(ends[0]);
        return VIRGO_OK;
      },
      "was closed while a watch waited for it");
  expect(
      [&](virgo_run run) {
        EXPECT_EQ(watch(run, -1), VIRGO_ERR_INVALID);
        return VIRGO_OK;
      },
      "watch_start() of -1, which is no descriptor");
  expect(
      [&](virgo_run run) {
        EXPECT_EQ(script.loop->timer_start(script.host, script.self, run, 1, 0, nullptr, nullptr,
                                           nullptr),
                  VIRGO_ERR_INVALID);
        return VIRGO_OK;
      },
      "timer_start() without a function to call");
  close(ends[1]);
  const int file = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
  Check check(host, script.type());
  EXPECT_EQ(watch(0, file), VIRGO_ERR_UNSUPPORTED) << "an answer, not a mistake";
  close(file);
  EXPECT_THAT(host.misuse(), IsEmpty());
}

TEST_F(Misuse, ExceptionsAcrossTheBorder) {
  expect([](virgo_run) -> virgo_status { throw std::runtime_error("boom"); },
         "collect() threw an exception across the ABI: boom");
  script.collect = [](virgo_run) { return VIRGO_OK; };
  script.configure = [](const virgo_config*) -> virgo_status { throw 42; };
  Check check(host, script.type());
  EXPECT_FALSE(check.configure());
  EXPECT_THAT(host.misuse(), ElementsAre("configure() threw an exception across the ABI"));
}

TEST_F(Misuse, LoggingAfterTheEnd) {
  const virgo_host* table = nullptr;
  virgo_check self = 0;
  script.destroy = [&] { script.host->log(script.host, script.self, VIRGO_LOG_INFO, str("bye")); };
  {
    const Check check(host, script.type());
    table = script.host;
    self = script.self;
  }
  EXPECT_THAT(host.misuse(), IsEmpty()) << "in destroy() it may";
  table->log(table, self, VIRGO_LOG_INFO, virgo_cstr("still here"));
  EXPECT_THAT(host.misuse(), ElementsAre(HasSubstr("a check that has been destroyed: still here")));
}

TEST_F(Misuse, NobodyAskedSoItIsPrinted) {
  ::testing::internal::CaptureStderr();
  {
    Host other;
    Scripted twice;
    twice.collect = [&](virgo_run run) {
      twice.complete(run);
      twice.complete(run);
      return VIRGO_PENDING;
    };
    Check(other, twice.type()).collect();
  }
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr("virgo::fake::Host: misuse: complete() on a run"));
}

}  // namespace
}  // namespace virgo::fake
