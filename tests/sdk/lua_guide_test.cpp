// lua-plugins/first-check.md, followed to the letter: every command of the page, one by
// one, in an empty folder, against an installed tree.
#include <gtest/gtest.h>

#include "sdk/followed.hpp"

namespace virgo::sdk_test {
namespace {

TEST(LuaGuide, FirstCheck) {
  Installed virgo;
  const std::string page = virgo.prefix() + "/share/virgo/lua-plugins/first-check.md";
  follow(virgo, page, 8, {"false", "false"});  // no compiler is needed
}

}  // namespace
}  // namespace virgo::sdk_test
