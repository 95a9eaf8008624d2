// Virgo installed into a folder of its own, and a shell as its user has one: with
// nothing of this build in its environment. Test thread only.
#pragma once

#include <string>
#include <vector>

#include "functional/world.hpp"

namespace virgo::sdk_test {

using functional::TempDir;

struct Compilers {
  std::string c;
  std::string cxx;
};

// True if the program is found along $PATH.
bool is_installed(const std::string& program);

// What a command left behind. `ran` is false if one before it failed.
struct Done {
  bool ran = false;
  int code = -1;
  std::string out;  // standard output and error
};

// `cmake --install` of this build, and an empty folder to work in.
class Installed {
 public:
  Installed();

  const std::string& prefix() const { return prefix_; }
  // Moves the installed tree.
  void move_to(const std::string& name);
  std::string work_file(const std::string& name) const { return dir_.file("work/" + name); }

  // Runs the commands in one shell, one by one, in the working folder, until one
  // fails. $VIRGO is the prefix; CC and CXX are the compilers.
  std::vector<Done> shell(const std::vector<std::string>& commands, const Compilers& compilers);

 private:
  TempDir dir_;
  std::string prefix_;
  int shells_ = 0;
};

}  // namespace virgo::sdk_test
