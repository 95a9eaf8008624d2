// Commands of `virgo` that end by themselves, run in a folder of the test's own.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "functional/world.hpp"

namespace virgo::functional {

struct Ended {
  int code = -1;
  std::string out;
  std::string err;
};

struct Commands : ::testing::Test {
  TempDir dir;

  Ended virgo(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), virgo_binary());
    Process process(std::move(arguments), dir.file("run" + std::to_string(++runs_)));
    const int code = process.wait();
    return {code, process.out(), process.err()};
  }
  // Of a group: "plugin", "ctl".
  Ended virgo(const char* group, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), group);
    return virgo(std::move(arguments));
  }
  Ended plugin(std::vector<std::string> arguments) { return virgo("plugin", std::move(arguments)); }
  std::string written(const std::string& name, const std::string& text) const {
    write_file(dir.file(name), text);
    return dir.file(name);
  }

 private:
  int runs_ = 0;
};

}  // namespace virgo::functional
