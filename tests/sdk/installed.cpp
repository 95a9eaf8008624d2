#include "sdk/installed.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

namespace virgo::sdk_test {
namespace {

// Compiling C++ on a busy machine. Nothing passes by it.
constexpr std::chrono::minutes kPatience{12};

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Runs the files given, in this shell, until one fails.
constexpr const char* kDriver = R"(cd "$1" || exit
shift
for step in "$@"; do
  . "$step" >"$step.out" 2>&1
  code=$?
  echo $code >"$step.code"
  [ $code = 0 ] || break
done
)";

}  // namespace

bool is_installed(const std::string& program) {
  const std::string path = variable("PATH");
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find(':', at), path.size());
    if (access((path.substr(at, end - at) + "/" + program).c_str(), X_OK) == 0) return true;
    at = end + 1;
  }
  return false;
}

Installed::Installed() : prefix_(dir_.file("virgo")) {
  std::filesystem::create_directory(dir_.file("work"));
  functional::Process install({"/usr/bin/env", "-u", "DESTDIR", VIRGO_CMAKE, "--install",
                               VIRGO_BUILD_DIR, "--prefix", prefix_},
                              dir_.file("install"));
  EXPECT_EQ(install.wait(), 0) << install.out() << install.err();
}

void Installed::move_to(const std::string& name) {
  std::filesystem::rename(prefix_, dir_.file(name));
  prefix_ = dir_.file(name);
}

std::vector<Done> Installed::shell(const std::vector<std::string>& commands,
                                   const Compilers& compilers) {
  const std::string steps = dir_.file("shell" + std::to_string(++shells_));
  std::filesystem::create_directory(steps);
  functional::write_file(steps + "/driver", kDriver);
  std::vector<std::string> argv{"/usr/bin/env",
                                "-i",
                                "PATH=" + variable("PATH"),
                                "HOME=" + dir_.path(),
                                "TMPDIR=" + dir_.path(),
                                "LC_ALL=C.UTF-8",
                                "ASAN_OPTIONS=" + variable("ASAN_OPTIONS"),
                                "UBSAN_OPTIONS=" + variable("UBSAN_OPTIONS"),
                                "VIRGO=" + prefix_,
                                "CC=" + compilers.c,
                                "CXX=" + compilers.cxx,
                                "sh",
                                steps + "/driver",
                                dir_.file("work")};
  std::vector<std::string> files;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    files.push_back(steps + "/" + std::to_string(i));
    functional::write_file(files.back(), commands[i] + "\n");
  }
  argv.insert(argv.end(), files.begin(), files.end());
  functional::Process shell(std::move(argv), steps + "/shell");
  EXPECT_TRUE(functional::eventually([&] { return !shell.running(); }, kPatience));

  std::vector<Done> done;
  for (const std::string& file : files) {
    const std::string code = functional::read_file(file + ".code");
    const bool ran = !code.empty();
    done.push_back({ran, ran ? std::atoi(code.c_str()) : -1, functional::read_file(file + ".out")});
  }
  return done;
}

}  // namespace virgo::sdk_test
