#include "binding/permits.hpp"

#include <gtest/gtest.h>

namespace virgo::binding {
namespace {

TEST(Permits, APathIsNamedByItselfItsFolderOrAPattern) {
  EXPECT_TRUE(matches_path("/bin/x", "/bin/x"));
  EXPECT_FALSE(matches_path("/bin/x", "/bin/xy"));
  EXPECT_FALSE(matches_path("/bin/xy", "/bin/x"));
  EXPECT_TRUE(matches_path("/var/log/", "/var/log/a"));
  EXPECT_TRUE(matches_path("/var/log/", "/var/log/a/b"));
  EXPECT_TRUE(matches_path("/var/log/", "/var/log"));
  EXPECT_FALSE(matches_path("/var/log/", "/var/logs"));
  EXPECT_FALSE(matches_path("/var/log/", "/var"));
  EXPECT_TRUE(matches_path("/", "/etc/passwd"));
  EXPECT_TRUE(matches_path("/proc/*/stat", "/proc/17/stat"));
  EXPECT_FALSE(matches_path("/proc/*/stat", "/proc/17/task/stat"));
  EXPECT_TRUE(matches_path("/proc/*/", "/proc/17/task/stat"));
  EXPECT_TRUE(
      matches_path("/usr/lib/nagios/plugins/check_*", "/usr/lib/nagios/plugins/check_load"));
  EXPECT_FALSE(matches_path("/usr/lib/*", "/usr/lib/x/y"));
}

TEST(Permits, APathThatIsNotPlainIsNamedByNothing) {
  for (const char* path : {"", "etc", "/etc/../x", "/etc/./x", "/etc//x", "/..", "/x/.."})
    EXPECT_FALSE(matches_path("/", path)) << path;
  EXPECT_TRUE(matches_path("/", "/..x"));
  EXPECT_FALSE(matches_path("/", std::string_view("/a\0b", 4)));
}

}  // namespace
}  // namespace virgo::binding
