// What the tests of Lua checks share: a run that records what becomes of it, and
// a fixture with a loop on which everything opened must be closed in the end.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "check/check.hpp"
#include "check/registry.hpp"
#include "lua/watchdog.hpp"
#include "script/check_services.hpp"
#include "script/lua_plugins.hpp"
#include "uv/loop.hpp"
#include "uv/timer.hpp"
#include "uv/worker_pool.hpp"

namespace virgo::script {

using metric::Status;
using std::chrono::milliseconds;

// Plays the scheduler's part for one run.
class RecordedRun final : public check::Run {
 public:
  RecordedRun(std::uint64_t number, TimePoint deadline) : number_(number), deadline_(deadline) {}
  std::uint64_t number() const override { return number_; }
  TimePoint deadline() const override { return deadline_; }
  WallTime started() const override { return 1; }
  metric::SampleBuffer& samples() override { return samples_; }
  void explain(std::string_view text) override { text_ = text; }
  void judge(metric::Health health, std::string_view text) override {
    health_ = health;
    reason_ = text;
  }
  void finish(Status status) override {
    EXPECT_FALSE(status_.has_value()) << "finished twice";
    status_ = status;
  }

  bool finished() const { return status_.has_value(); }
  Status status() const { return status_.value_or(Status::quarantined); }
  const std::string& text() const { return text_; }
  metric::Health health() const { return health_; }
  const std::string& reason() const { return reason_; }
  const metric::SampleBuffer& samples() const { return samples_; }

 private:
  const std::uint64_t number_;
  const TimePoint deadline_;
  metric::SampleBuffer samples_;
  std::string text_;
  metric::Health health_ = metric::Health::none;
  std::string reason_;
  std::optional<Status> status_;
};

class LuaCheckTest : public testing::Test {
 protected:
  LuaCheckTest() {
    char name[] = "/tmp/virgo-lua-XXXXXX";
    folder_ = mkdtemp(name);
    set_log_sink([this](LogLevel, std::string_view, std::string_view message) {
      log_.emplace_back(message);
    });
  }
  ~LuaCheckTest() override {
    set_log_sink(nullptr);
    const int rc = std::system(("rm -rf " + folder_).c_str());
    EXPECT_EQ(rc, 0);
  }
  void TearDown() override {
    checks_.clear();
    registry_ = check::Registry();
    EXPECT_EQ(workers_.shutdown(std::chrono::seconds(60)), 0u);
    const auto open = loop_.close();
    EXPECT_TRUE(open.empty()) << "still open: " << testing::PrintToString(open);
  }

  CheckServices services() { return {loop_, system_clock(), watchdog_, workers_, limits_, files_}; }

  // Loads a file with this text; the errors that makes.
  std::vector<Error> load(const std::string& source, const std::string& name = "test.lua") {
    std::FILE* f = std::fopen((folder_ + "/" + name).c_str(), "w");
    std::fputs(source.c_str(), f);
    std::fclose(f);
    return load_lua_plugins({folder_}, registry_, services());
  }

  static config::Node scalar(const std::string& text, int line = 7) {
    config::Node node;
    node.kind = config::NodeKind::scalar;
    node.text = text;
    node.where = {std::make_shared<const std::string>("agent.yaml"), line, 3};
    return node;
  }
  using Params = std::vector<std::pair<std::string, config::Node>>;
  static config::CheckSpec spec(const std::string& type, const Params& params = {}) {
    config::CheckSpec out;
    out.name = type + "_instance";
    out.type = type;
    out.path = "checks[0]";
    out.where = scalar("", 1).where;
    out.params.kind = config::NodeKind::map;
    for (const auto& [key, value] : params) {
      out.params.keys.push_back(key);
      out.params.key_positions.push_back(value.where);
      out.params.items.push_back(value);
    }
    return out;
  }

  // Makes an instance; its problems, if any, are in problems_.
  check::Check* make(const std::string& type, const Params& params = {}) {
    problems_.clear();
    auto check = registry_.create(spec(type, params), problems_);
    if (check == nullptr) return nullptr;
    checks_.push_back(std::move(check));
    return checks_.back().get();
  }

  // Starts a run; it may end later.
  RecordedRun& start(check::Check& check, Duration timeout = std::chrono::seconds(10)) {
    runs_.push_back(std::make_unique<RecordedRun>(++run_number_, system_clock().now() + timeout));
    check.start(*runs_.back());
    return *runs_.back();
  }
  // Turns the loop until the run has ended, by itself or at its deadline.
  void settle(check::Check& check, RecordedRun& run) {
    uv::Timer deadline(loop_, [&] {
      if (!run.finished()) check.cancel(run);
    });
    deadline.start(run.deadline() - system_clock().now());
    while (!run.finished()) loop_.run_once(true);
  }
  RecordedRun& collect(check::Check& check, Duration timeout = std::chrono::seconds(10)) {
    RecordedRun& run = start(check, timeout);
    settle(check, run);
    return run;
  }
  // The body of collect(run) of a check with an f64 metric `v`, run once.
  RecordedRun& run_body(const std::string& body, Duration timeout = std::chrono::seconds(10)) {
    const std::string type = "body" + std::to_string(++bodies_);
    const auto errors = load("local check = virgo.check { name = '" + type +
                                 "', metrics = { { name = 'v' } }, "
                                 "needs = { net = {'tcp', 'udp', 'unix', 'icmp', 'dns', 'listen'}, "
                                 "read = {'/'}, exec = {'/'} } }\n"
                                 "function check:collect(run)\n" +
                                 body + "\nend",
                             type + ".lua");
    check::Check* check = make(type);
    if (check == nullptr) {
      ADD_FAILURE() << testing::PrintToString(errors.empty() ? "" : errors.back().message);
      std::abort();
    }
    std::remove((folder_ + "/" + type + ".lua").c_str());
    return collect(*check, timeout);
  }

  uv::Loop loop_;
  lua::Watchdog watchdog_;
  uv::WorkerPool workers_{{}};
  config::LimitsSpec limits_;  // zeros: the defaults
  std::vector<config::LuaPluginSpec> files_;
  std::string folder_;
  std::vector<std::string> log_;
  check::Registry registry_;
  config::Problems problems_;
  std::vector<std::unique_ptr<check::Check>> checks_;
  std::vector<std::unique_ptr<RecordedRun>> runs_;
  std::uint64_t run_number_ = 0;
  int bodies_ = 0;
};

}  // namespace virgo::script
