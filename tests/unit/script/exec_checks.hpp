// What the tests of checks that run programs share: the shipped files, and what a run
// leaves as text.
#pragma once

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

#include "base/format.hpp"
#include "lua_checks.hpp"
#include "uv/process_spawn.hpp"

namespace virgo::script {

class ExecCheckTest : public LuaCheckTest {
 protected:
  void TearDown() override {
    checks_.clear();
    {
      uv::Timer pulse(loop_, [] {});
      pulse.start(milliseconds(1), milliseconds(1));
      const TimePoint late = system_clock().now() + std::chrono::seconds(20);
      while ((uv::live_children() > 0 || uv::spawn_in_progress()) && system_clock().now() < late)
        loop_.run_once(true);
    }
    EXPECT_EQ(uv::live_children(), 0u);
    LuaCheckTest::TearDown();
  }

  // Of lua-plugins.
  void load_shipped(const std::string& name) {
    std::ifstream file(std::string(VIRGO_SOURCE_DIR) + "/lua-plugins/" + name);
    const std::string source{std::istreambuf_iterator<char>(file), {}};
    ASSERT_FALSE(source.empty());
    const auto errors = load(source, name);
    ASSERT_TRUE(errors.empty()) << errors.front().message;
  }
  static config::Node list(const std::vector<std::string>& items) {
    config::Node node = scalar("");
    node.kind = config::NodeKind::sequence;
    for (const std::string& item : items) {
      node.items.push_back(scalar(item));
      node.items.back().quoted = true;
    }
    return node;
  }
  static config::Node map(const Params& items) {
    config::Node node = scalar("");
    node.kind = config::NodeKind::map;
    for (const auto& [key, value] : items) {
      node.keys.push_back(key);
      node.key_positions.push_back(value.where);
      node.items.push_back(value);
    }
    return node;
  }

  static std::string text_of(const metric::Value& value) {
    switch (value.type) {
      case metric::Type::i64:
        return format("i64 {}", value.i64);
      case metric::Type::u64:
        return format("u64 {}", value.u64);
      case metric::Type::f64:
        return format("f64 {}", value.f64);
      default:
        return format("text {}", value.text);
    }
  }
  // "name{key=value,...} type value unit", " counter" behind what is one; in order, joined by " |
  // ".
  static std::string samples_of(const RecordedRun& run) {
    std::string out;
    const metric::SampleBuffer& all = run.samples();
    for (std::size_t i = 0; i < all.size(); ++i) {
      out += (i > 0 ? " | " : "") + all.metric(i).name;
      for (std::size_t n = 0; n < all.label_count(i); ++n)
        out += format("{}{}={}", n == 0 ? "{" : ",", all.label(i, n).key, all.label(i, n).value);
      out += (all.label_count(i) > 0 ? "} " : " ") + text_of(all.value(i));
      if (!all.metric(i).unit.empty()) out += " " + all.metric(i).unit;
      if (all.metric(i).kind == metric::Kind::counter) out += " counter";
    }
    return out;
  }
  static std::string verdict_of(const RecordedRun& run) {
    return std::string(metric::status_name(run.status())) + ": " + run.text();
  }
  static std::string health_of(const RecordedRun& run) {
    return std::string(metric::health_name(run.health())) +
           (run.reason().empty() ? "" : ": " + run.reason());
  }
};

}  // namespace virgo::script
