// A folder that stands for the host's root, and a shipped check that reads it.
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "unit/native/native_world.hpp"

namespace virgo::native {

// Samples as "name{key=value,...}" -> value, in the order of the labels.
inline std::map<std::string, double> flatten(const metric::SampleBuffer& s) {
  std::map<std::string, double> out;
  for (std::size_t i = 0; i < s.size(); ++i) {
    std::string key = s.metric(i).name;
    for (std::size_t n = 0; n < s.label_count(i); ++n)
      key += (n == 0 ? "{" : ",") + std::string(s.label(i, n).key) + "=" +
             std::string(s.label(i, n).value);
    if (s.label_count(i) > 0) key += "}";
    const metric::Value v = s.value(i);
    EXPECT_EQ(out.count(key), 0u) << "twice: " << key;
    out[key] = v.type == metric::Type::f64   ? v.f64
               : v.type == metric::Type::i64 ? static_cast<double>(v.i64)
                                             : static_cast<double>(v.u64);
  }
  return out;
}

class ShippedPlugin : public NativeTest {
 public:
  ~ShippedPlugin() override { std::filesystem::remove_all(root); }

 protected:
  explicit ShippedPlugin(const std::string& name) : type_("virgo." + name) {
    auto module = load_module(agent, std::string(VIRGO_PLUGIN_DIR) + "/" + name + ".so");
    EXPECT_TRUE(module.ok()) << (module ? "" : module.error().message);
    auto made = NativeCheckType::all_of(agent, *module);
    EXPECT_TRUE(made.ok()) << (made ? "" : made.error().message);
    for (auto& type : *made) EXPECT_TRUE(registry.add(std::move(type)).ok());
    char tree[] = "/tmp/virgo-tree-XXXXXX";
    EXPECT_NE(mkdtemp(tree), nullptr);
    root = tree;
    std::filesystem::create_directories(root + "/proc/self");
  }
  void write(const std::string& path, const std::string& text) {
    std::ofstream(root + path, std::ios::binary | std::ios::trunc) << text;
  }
  // A check on the tree; `more` is YAML such as ", per_cpu: true".
  std::unique_ptr<check::Check> on_tree(const std::string& more = "") {
    return make(type_, "{root: " + root + more + "}");
  }
  // A check on this very host.
  std::unique_ptr<check::Check> on_host() { return make(type_); }
  std::map<std::string, double> collect(check::Check& check,
                                        metric::Status expected = metric::Status::ok) {
    TestRun run = new_run();
    check.start(run);
    run_until_finished(run);
    EXPECT_EQ(run.status, expected) << run.explanation;
    explanation = run.explanation;
    return flatten(run.samples());
  }

  std::string root;
  std::string explanation;

 private:
  const std::string type_;
};

}  // namespace virgo::native
