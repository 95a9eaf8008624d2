// The installed SDK from the outside: find_package(VirgoPlugin), virgo_add_plugin()
// and pkg-config, for projects in C, in C++ and in both.
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sdk/installed.hpp"

namespace virgo::sdk_test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kPlugin = R"(#include <virgo/plugin.h>
static virgo_status create(const virgo_host* host, virgo_check self, void** instance) {
  (void)host, (void)self, *instance = (void*)host;
  return VIRGO_OK;
}
static virgo_status collect(void* instance, virgo_run run) {
  (void)instance, (void)run;
  return VIRGO_OK;
}
static void destroy(void* instance) { (void)instance; }
int visible_by_accident(void);
int visible_by_accident(void) { return 1; }
static const virgo_check_type type = {VIRGO_U32(sizeof(virgo_check_type)), VIRGO_ON_LOOP, 0, 0,
  "acme.none", "Nothing.", VIRGO_ARRAY_NONE, VIRGO_ARRAY_NONE, create, NULL, collect, NULL,
  destroy, NULL};
static const virgo_check_type* const types[] = {&type};
static const virgo_module module = {VIRGO_MODULE_HEADER(0), 1, "com.acme.none", "1", NULL, types,
  NULL, NULL};
VIRGO_MODULE_ENTRY(module, 0);
)";

// Exports what the standard library's templates and inline variables would.
constexpr const char* kMore = R"(#include <virgo/plugin.hpp>
#include <stdexcept>
#include <string>
#include <vector>
template <class T> struct Shared { static inline T value{}; };
std::string more(int n) {
  std::vector<std::string> all(static_cast<size_t>(n), "x");
  if (all.empty()) throw std::runtime_error("none" + std::to_string(Shared<int>::value));
  return all.back();
}
)";

struct Package : ::testing::Test {
  Installed virgo;
  Compilers compilers{"gcc", "g++"};

  void write(const std::string& name, const std::string& text) {
    functional::write_file(virgo.work_file(name), text);
  }
  void write_project(const std::string& languages, const std::string& rest) {
    write("CMakeLists.txt", "cmake_minimum_required(VERSION 3.18)\nproject(none LANGUAGES " +
                                languages + ")\nenable_testing()\n" + rest);
  }
  // All of them must do.
  std::string run(const std::vector<std::string>& commands) {
    std::string out;
    for (const Done& done : virgo.shell(commands, compilers)) {
      EXPECT_EQ(done.code, 0) << out << done.out;
      out += done.out;
    }
    return out;
  }
  // The last of them must fail; what it said.
  std::string fails(const std::vector<std::string>& commands) {
    const std::vector<Done> done = virgo.shell(commands, compilers);
    EXPECT_TRUE(done.back().ran) << (done.size() > 1 ? done[done.size() - 2].out : "");
    EXPECT_NE(done.back().code, 0) << done.back().out;
    return done.back().out;
  }
  static std::vector<std::string> build_and_test() {
    return {"cmake -S . -B b -DCMAKE_PREFIX_PATH=\"$VIRGO\"", "cmake --build b",
            "ctest --test-dir b --output-on-failure --no-tests=error"};
  }
};

constexpr const char* kFind = "find_package(VirgoPlugin 1.0 REQUIRED)\n";

TEST_F(Package, ForProjectsInCAlone) {
  write("none.c", kPlugin);
  write_project("C", std::string(kFind) + "virgo_add_plugin(NAME none SOURCES none.c)\n");
  virgo.move_to("another place");  // nothing in it knows where it was installed
  EXPECT_THAT(run(build_and_test()), HasSubstr("plugin.none.exports"));
  EXPECT_EQ(access(virgo.work_file("b/none.so").c_str(), R_OK), 0);
}

// An older standard than plugin.hpp needs, and none at all.
TEST_F(Package, ForProjectsInCxxAlone) {
  write("none.cpp", std::string(kPlugin) + kMore);
  for (const char* standard :
       {"", "set(CMAKE_CXX_STANDARD 14)\n", "set(CMAKE_CXX_STANDARD 20)\n"}) {
    write_project("CXX",
                  std::string(standard) + kFind + "virgo_add_plugin(NAME none SOURCES none.cpp)\n");
    EXPECT_THAT(run(build_and_test()), HasSubstr("100% tests passed"));
  }
}

TEST_F(Package, ForProjectsInBothWithClang) {
  if (!is_installed("clang++-16"))
    GTEST_SKIP() << "clang-16 is not installed; ./dev deps installs it";
  compilers = {"clang-16", "clang++-16"};
  write("none.c", kPlugin);
  write("more.cpp", kMore);
  write_project("C CXX", std::string(kFind) +
                             "virgo_add_plugin(NAME none SOURCES none.c more.cpp)\n"
                             "virgo_add_plugin(NAME none-in-c SOURCES none.c NO_INSTALL)\n");
  const std::string out = run(build_and_test());
  EXPECT_THAT(out, HasSubstr("plugin.none.exports"));
  EXPECT_THAT(out, HasSubstr("plugin.none-in-c.exports"));
  run({"cmake --install b --prefix \"$VIRGO\""});
  EXPECT_EQ(access((virgo.prefix() + "/lib/virgo/plugins/none.so").c_str(), R_OK), 0);
  EXPECT_NE(access((virgo.prefix() + "/lib/virgo/plugins/none-in-c.so").c_str(), F_OK), 0);
}

TEST_F(Package, AMissingEntryIsFoundByItsTest) {
  write("none.c", "int nothing;\n");
  write_project("C", std::string(kFind) + "virgo_add_plugin(NAME none SOURCES none.c)\n");
  EXPECT_THAT(fails(build_and_test()), HasSubstr("VIRGO_MODULE_ENTRY()"));
}

TEST_F(Package, AMissingSymbolIsFoundByTheLinker) {
  write("none.c", std::string(kPlugin) +
                      "int elsewhere(void);\nint f(void);\n"
                      "int f(void) { return elsewhere(); }\n");
  write_project("C", std::string(kFind) + "virgo_add_plugin(NAME none SOURCES none.c)\n");
  auto steps = build_and_test();
  steps.pop_back();
  EXPECT_THAT(fails(steps), HasSubstr("elsewhere"));
}

// Its symbols come with the program.
TEST_F(Package, APluginMayHaveASanitizer) {
  write("none.c", kPlugin);
  write_project("C", std::string(kFind) + "virgo_add_plugin(NAME none SOURCES none.c)\n");
  auto steps = build_and_test();
  steps[0] += " -DCMAKE_C_FLAGS=-fsanitize=address";
  run(steps);
  if (!is_installed("clang-16")) return;
  compilers.c = "clang-16";
  steps[0] += " --fresh";
  run(steps);
}

TEST_F(Package, ItsVersionIsTheAbis) {
  const auto asks_for = [this](const std::string& version) {
    write_project("C", "find_package(VirgoPlugin " + version + " REQUIRED)\n");
    return std::vector<std::string>{build_and_test()[0]};
  };
  run(asks_for("1"));
  run(asks_for("1.0"));
  EXPECT_THAT(fails(asks_for("2.0")), HasSubstr("requested version \"2.0\""));
  EXPECT_THAT(fails(asks_for("0.1")), HasSubstr("requested version \"0.1\""));
  EXPECT_EQ(run({"PKG_CONFIG_PATH=\"$VIRGO/lib/pkgconfig\" pkg-config --modversion virgo-plugin"}),
            "1.0.0\n");
}

TEST_F(Package, PkgConfigIsEnough) {
  write("none.c", kPlugin);
  virgo.move_to("moved");
  const std::string build =
      " -Wall -Wextra -Werror -shared -fPIC $(pkg-config --cflags --libs virgo-plugin) none.c -o ";
  run({"export PKG_CONFIG_PATH=\"$VIRGO/lib/pkgconfig\"", "gcc -std=c89" + build + "c89.so",
       "g++ -x c++ -std=c++98" + build + "cxx98.so"});
  for (const char* file : {"c89.so", "cxx98.so"}) {
    const std::string symbols = run({std::string("nm -D --defined-only ") + file});
    EXPECT_THAT(symbols, HasSubstr(" T virgo_module_v1\n"));
    EXPECT_THAT(symbols, Not(HasSubstr("accident")));
  }
  EXPECT_THAT(run({"realpath $(PKG_CONFIG_PATH=\"$VIRGO/lib/pkgconfig\" pkg-config "
                   "--variable=plugindir virgo-plugin)"}),
              HasSubstr("/moved/lib/virgo/plugins\n"));
}

TEST_F(Package, TheBuildTreeIsOneToo) {
  write("none.c", kPlugin);
  write_project("C", std::string(kFind) + "virgo_add_plugin(NAME none SOURCES none.c)\n");
  auto steps = build_and_test();
  steps[0] = "cmake -S . -B b -DCMAKE_PREFIX_PATH=" VIRGO_BUILD_DIR;
  run(steps);
}

}  // namespace
}  // namespace virgo::sdk_test
