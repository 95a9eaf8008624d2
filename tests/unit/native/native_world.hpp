// A loop, a pool, a host, a run without a scheduler, and a module whose functions
// are lambdas: what the tests of native checks are made of.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "check/check.hpp"
#include "config/load.hpp"
#include "native/host.hpp"
#include "native/loader.hpp"
#include "native/module.hpp"
#include "native/native_check_type.hpp"
#include "uv/loop.hpp"
#include "uv/timer.hpp"
#include "uv/worker_pool.hpp"

namespace virgo::native {

// Holds threads back until it is opened.
class Gate {
 public:
  ~Gate() { open(); }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  // True when it was opened; the time only keeps a broken test from hanging.
  bool pass() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

class TestRun final : public check::Run {
 public:
  explicit TestRun(TimePoint deadline, metric::SampleLimits limits = {})
      : samples_(limits), deadline_(deadline) {}
  std::uint64_t number() const override { return 1; }
  TimePoint deadline() const override { return deadline_; }
  WallTime started() const override { return 1; }
  metric::SampleBuffer& samples() override { return samples_; }
  void explain(std::string_view text) override { explanation = text; }
  void finish(metric::Status s) override {
    EXPECT_FALSE(status) << "finished twice";
    status = s;
  }

  std::optional<metric::Status> status;
  std::string explanation;

 private:
  metric::SampleBuffer samples_;
  TimePoint deadline_;
};

// A module with one check type, whose functions the test supplies. They are called
// with the host table of the module.
struct ScriptedModule {
  std::function<virgo_status(const virgo_host*, virgo_run)> collect;
  std::function<void(const virgo_host*, virgo_run)> cancel;
  std::function<virgo_status(const virgo_host*, const virgo_config*)> configure;
  std::function<virgo_status(void**)> create;
  std::function<void()> destroyed;
  virgo_check_type type{};
  std::vector<virgo_param> params;
  std::vector<virgo_metric> metrics{{"test.value", "1", nullptr, VIRGO_GAUGE, VIRGO_I64},
                                    {"test.other", "1", nullptr, VIRGO_COUNTER, VIRGO_F64}};
  virgo_module module{};
  const virgo_check_type* types[1] = {&type};
  // Of the instance made last.
  const virgo_host* host = nullptr;
  virgo_check self = 0;

  struct Instance {
    ScriptedModule* script;
    const virgo_host* host;
    virgo_check self;
  };

  explicit ScriptedModule(std::uint32_t thread, std::uint32_t flags = 0) {
    current() = this;
    type.struct_size = sizeof type;
    type.thread = thread;
    type.flags = flags;
    type.name = "test.scripted";
    type.create = [](const virgo_host* h, virgo_check made, void** out) -> virgo_status {
      current()->host = h;
      current()->self = made;
      if (current()->create) return current()->create(out);
      *out = new Instance{current(), h, made};
      return VIRGO_OK;
    };
    type.configure = [](void* p, const virgo_config* root) -> virgo_status {
      auto* i = static_cast<Instance*>(p);
      return i->script->configure ? i->script->configure(i->host, root) : VIRGO_OK;
    };
    type.collect = [](void* p, virgo_run run) -> virgo_status {
      auto* i = static_cast<Instance*>(p);
      return i->script->collect ? i->script->collect(i->host, run) : VIRGO_OK;
    };
    type.cancel = [](void* p, virgo_run run) {
      auto* i = static_cast<Instance*>(p);
      if (i->script->cancel) i->script->cancel(i->host, run);
    };
    type.destroy = [](void* p) {
      auto* i = static_cast<Instance*>(p);
      if (i->script->destroyed) i->script->destroyed();
      delete i;
    };
    module = {VIRGO_MODULE_HEADER(0), 1, "test.module", "1.0", nullptr, types, nullptr, nullptr};
  }
  const virgo_module* raw() {
    type.params = {params.data(), static_cast<std::uint32_t>(params.size()), sizeof(virgo_param)};
    type.metrics = {metrics.data(), static_cast<std::uint32_t>(metrics.size()),
                    sizeof(virgo_metric)};
    return &module;
  }
  static ScriptedModule*& current() {
    static ScriptedModule* script = nullptr;
    return script;
  }
};

// Lines the agent logs while this lives.
class LogLines {
 public:
  LogLines() {
    set_log_sink([this](LogLevel, std::string_view component, std::string_view text) {
      const std::lock_guard lock(mutex_);
      lines_.push_back(std::string(component) + ": " + std::string(text));
    });
  }
  ~LogLines() { set_log_sink(nullptr); }
  std::vector<std::string> all() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

class NativeTest : public testing::Test {
 protected:
  static constexpr Duration kLong = std::chrono::hours(1);

  // Turns the loop until `done`; fails the test when that takes far too long.
  void run_until(const std::function<bool()>& done) {
    bool hung = false;
    uv::Timer watchdog(loop, [&] { hung = true; });
    watchdog.start(std::chrono::seconds(20));
    while (!done() && !hung) loop.run_once(true);
    ASSERT_FALSE(hung) << "waited in vain";
  }
  // The same for what no event of the loop tells of.
  void spin_until(const std::function<bool()>& done) {
    run_until([&] {
      if (done()) return true;
      loop.post([] {});
      return false;
    });
  }
  // Runs what has been posted so far.
  void run_posted() {
    bool turned = false;
    loop.post([&] { turned = true; });
    run_until([&] { return turned; });
  }
  void run_until_finished(TestRun& run) {
    run_until([&] { return run.status.has_value(); });
  }

  // The only type of a scripted module.
  check::CheckType& add(ScriptedModule& script) {
    auto module = Module::open(agent, "scripted.so", script.raw());
    EXPECT_TRUE(module.ok()) << (module ? "" : module.error().message);
    auto made = NativeCheckType::all_of(agent, *module);
    EXPECT_TRUE(made.ok()) << (made ? "" : made.error().message);
    types.push_back(std::move((*made)[0]));
    return *types.back();
  }
  // All types of a plugin of the test folder.
  void load(const std::string& name) {
    auto module = load_module(agent, std::string(VIRGO_TEST_PLUGIN_DIR) + "/test_" + name + ".so");
    ASSERT_TRUE(module.ok()) << module.error().message;
    auto made = NativeCheckType::all_of(agent, *module);
    ASSERT_TRUE(made.ok()) << made.error().message;
    for (auto& type : *made) ASSERT_TRUE(registry.add(std::move(type)).ok());
  }

  static config::CheckSpec spec(const std::string& type, const std::string& name = "it") {
    config::CheckSpec s;
    s.name = name;
    s.type = type;
    s.path = "checks[0]";
    return s;
  }
  // `yaml` is a flow map: "{count: 3}".
  std::unique_ptr<check::Check> make(const std::string& type, const std::string& yaml = "{}") {
    config::CheckSpec s = spec(type);
    s.params = config::parse("v: " + yaml, "test.yaml", config::process_sources()).root.items.at(0);
    config::Problems problems;
    auto check = registry.create(s, problems);
    for (const auto& p : problems) ADD_FAILURE() << config::to_string(p);
    return check;
  }
  std::unique_ptr<check::Check> make(check::CheckType& type, const std::string& name = "it") {
    config::Problems problems;
    auto check = type.create(spec(type.name(), name), problems);
    EXPECT_TRUE(check != nullptr) << (problems.empty() ? "" : config::to_string(problems[0]));
    return check;
  }

  TestRun new_run(metric::SampleLimits limits = {}) {
    return TestRun(system_clock().now() + kLong, limits);
  }

  uv::Loop loop;
  uv::WorkerPool pool{{.threads = 2, .max_written_off = 8}};
  Host agent{loop, pool, system_clock(), {}};
  check::Registry registry;
  std::vector<std::unique_ptr<check::CheckType>> types;
};

}  // namespace virgo::native
