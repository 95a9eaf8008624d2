// Workers: states of their own, on any thread, one after the other.
#include "runtime/worker.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace virgo::runtime {
namespace {

ProgramOptions options() {
  ProgramOptions o;
  o.executable = "virgo-lua";
  o.words = {"main.lua"};
  return o;
}

std::unique_ptr<Worker> make(std::uint64_t id = 1) {
  auto made = Worker::create(options(), id);
  EXPECT_TRUE(made.ok()) << made.error().message;
  return std::move(made).value();
}

TEST(Worker, RunsAFunctionWithArgumentsAndResults) {
  auto worker = make();
  const auto outcome = worker->run("local a, b, c, d = ... return d, c, b, a",
                                   {std::monostate(), true, 2.5, std::string("x\0y", 3)}, false);
  EXPECT_FALSE(outcome.failed);
  EXPECT_EQ(outcome.values, (ThreadValues{std::string("x\0y", 3), 2.5, true, std::monostate()}));
  EXPECT_TRUE(worker->usable());
}

TEST(Worker, WaitsForItsLoop) {
  auto worker = make();
  const auto outcome = worker->run(
      "local uv, thread = require('uv'), coroutine.running()\n"
      "local t = uv.new_timer()\n"
      "t:start(1, 0, function() t:close() coroutine.resume(thread) end)\n"
      "coroutine.yield()\n"
      "return 'waited'",
      {}, true);
  EXPECT_EQ(outcome.values, ThreadValues{std::string("waited")});
}

TEST(Worker, KeepsItsGlobalsAndModules) {
  auto worker = make(7);
  const std::string code = "n = (n or 0) + 1 return n, require('thread').self().id";
  EXPECT_EQ(worker->run(code, {}, false).values, (ThreadValues{1.0, 7.0}));
  EXPECT_EQ(worker->run(code, {}, false).values, (ThreadValues{2.0, 7.0}));
}

TEST(Worker, MovesFromThreadToThread) {
  auto worker = make();
  for (int i = 1; i <= 3; ++i) {
    std::thread([&] {
      const auto outcome = worker->run(
          "local s = 0 for i = 1, 1e5 do s = s + i end n = (n or 0) + 1 return n, s", {}, false);
      EXPECT_EQ(outcome.values, (ThreadValues{static_cast<double>(i), 5000050000.0}));
    }).join();
  }
  std::thread([&] { worker.reset(); }).join();
}

TEST(Worker, SeveralAtATime) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([i] {
      for (int k = 0; k < 5; ++k) {
        auto worker = make(static_cast<std::uint64_t>(i));
        const auto outcome = worker->run(
            "local t = {} for i = 1, 2000 do t[i] = tostring(i) end\n"
            "return #table.concat(t), require('json').stringify({1})",
            {}, true);
        EXPECT_EQ(outcome.values, (ThreadValues{6893.0, std::string("[1]")}));
      }
    });
  }
  for (std::thread& t : threads) t.join();
}

TEST(Worker, ErrorsComeWithMessageAndTraceback) {
  auto worker = make();
  auto outcome = worker->run("error('oops')", {}, false);
  EXPECT_TRUE(outcome.failed);
  EXPECT_NE(outcome.message.find("oops"), std::string::npos);
  EXPECT_NE(outcome.traceback.find("stack traceback"), std::string::npos);
  EXPECT_FALSE(worker->usable());

  worker = make();
  outcome = worker->run(
      "local t = require('uv').new_timer() t:start(1, 0, function() error('later') end)", {},
      false);
  EXPECT_TRUE(outcome.failed);
  EXPECT_NE(outcome.message.find("later"), std::string::npos);

  worker = make();
  outcome = worker->run("not Lua", {}, false);
  EXPECT_TRUE(outcome.failed);
  EXPECT_NE(outcome.message.find("expected"), std::string::npos);

  worker = make();
  outcome = worker->run("return print", {}, false);
  EXPECT_TRUE(outcome.failed);
  EXPECT_NE(outcome.message.find("result 1 is a function"), std::string::npos);
}

TEST(Worker, ExitEndsItAndOpenHandlesAreClosed) {
  auto worker = make();
  const auto outcome =
      worker->run("require('uv').new_timer():start(1e9, 0, print) process:exit(3)", {}, true);
  EXPECT_FALSE(outcome.failed);
  EXPECT_FALSE(worker->usable());
}

// What thread.lua does with them; here for ThreadSanitizer's sake.
TEST(Worker, ServesTheThreadsOfAProgram) {
  uv::Loop loop;
  ProgramOptions o = options();
  int ended_with = -1;
  o.exit = [&](int code) {
    ended_with = code;
    loop.stop();
  };
  o.source =
      "local thread, ended, called = require('thread'), 0, 0\n"
      "local work = thread.work(function(a) return a .. a end, function() called = called + 1 "
      "end)\n"
      "for i = 1, 6 do\n"
      "  thread.start(function(n) return n + 1 end, i):on('exit', function(n)\n"
      "    assert(n == i + 1) ended = ended + 1\n"
      "  end)\n"
      "  for k = 1, 5 do work:queue('x') end\n"
      "end\n"
      "assert(select(2, thread.start(function() return 'joined' end):join()) == 'joined')\n"
      "assert(work:call('y') == 'yy')\n"
      "process:on('exit', function() assert(ended == 6 and called == 30) process.exitCode = 7 end)";
  auto program = Program::start(loop, std::move(o));
  ASSERT_TRUE(program.ok()) << program.error().message;
  int code = -1;
  do loop.run();
  while (!(*program)->finish(code));
  EXPECT_EQ(ended_with, -1);
  EXPECT_EQ(code, 7);
}

}  // namespace
}  // namespace virgo::runtime
