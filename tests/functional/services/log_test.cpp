// log.lua on files that grow, are renamed, truncated, and have long lines.
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include <gtest/gtest.h>

#include "base/format.hpp"
#include "functional/services/watch.hpp"

namespace virgo::functional {
namespace {

void append(const std::string& path, const std::string& text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  ASSERT_GE(fd, 0) << path;
  EXPECT_EQ(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  close(fd);
}

// The lines and those that match "error", once a report has them.
Watch::Accept has(const std::string& file, double lines, double errors) {
  return [=](const json::Value& report) {
    return number(report, "virgo.log.lines{log.file.path=" + file + "}") == lines &&
           number(report, "virgo.log.matches{log.file.path=" + file + ",pattern=error}") == errors;
  };
}

class LogService : public testing::Test {
 protected:
  std::string check(const std::string& name, const std::string& more = "") const {
    return format(
        "  - {{name: {}, type: virgo.log, params: {{file: {}, patterns: {{error: "
        "'%f[%a]ERROR%f[%A]',"
        " slow: 'took %d%d%d+ ms'}}{}}}}}\n",
        name, dir_.file(name), more);
  }
  double value(const json::Value& report, const char* what, const std::string& name) const {
    return number(report, format("virgo.log.{}{{log.file.path={}}}", what, dir_.file(name)));
  }
  TempDir dir_;
};

TEST_F(LogService, RotationKeepsThePlace) {
  const std::string file = dir_.file("app");
  append(file, "an old ERROR\n");
  Watch watch(check("app", ", rotated: " + file + ".1"));
  watch.report("app", has(file, 0, 0));
  append(file, "a\nERROR b\nERRORS\nhal");
  const json::Value partly = watch.report("app", has(file, 3, 1));
  EXPECT_EQ(value(partly, "unread", "app"), 3) << "the line is not ended";
  append(file, "f an ERROR took 1234 ms\n");
  const json::Value whole = watch.report("app", has(file, 4, 2));
  EXPECT_NE(text_of(whole, "message").find("half an ERROR"), std::string::npos);
  EXPECT_EQ(number(whole, "virgo.log.matches{log.file.path=" + file + ",pattern=slow}"), 1);

  // Renamed, and written to before the next is made.
  std::filesystem::rename(file, file + ".1");
  append(file + ".1", "late ERROR\nthe very last, an ERROR");
  append(file, "new\n");
  const json::Value renamed = watch.report("app", has(file, 7, 4));
  EXPECT_EQ(value(renamed, "rotations", "app"), 1);

  // Copied and truncated.
  std::filesystem::copy_file(file, file + ".2");
  std::filesystem::resize_file(file, 0);
  append(file, "x\n");
  const json::Value truncated = watch.report("app", has(file, 8, 4));
  EXPECT_EQ(value(truncated, "rotations", "app"), 2);

  // Away for a while; what comes then is read from its start.
  std::filesystem::remove(file);
  watch.report("app", ended("failed", "no such file"));
  append(file, "again an ERROR\n");
  watch.report("app", has(file, 9, 5));
}

TEST_F(LogService, ReadsAreBounded) {
  const std::string file = dir_.file("big");
  std::string line(1023, 'x');
  std::string text;
  for (int i = 0; i < 600; ++i) text += line + "\n";
  append(file, text);
  // Of a line only its first 64 KiB are looked at, and it is one.
  const std::string long_line = dir_.file("long");
  append(long_line,
         std::string(200'000, 'y') + " ERROR\n" + "ERROR " + std::string(70'000, 'z') + "\nlast\n");
  Watch watch(check("big", ", from_start: true, max_read: 128KiB") +
              check("long", ", from_start: true") + check("missing", ""));
  const json::Value first = watch.report("big");
  EXPECT_EQ(value(first, "bytes", "big"), 128 * 1024);
  EXPECT_EQ(value(first, "lines", "big"), 128);
  EXPECT_EQ(value(first, "unread", "big"), (600 - 128) * 1024);
  const json::Value end = watch.report("big", has(file, 600, 0));
  EXPECT_EQ(value(end, "unread", "big"), 0);
  watch.report("long", has(long_line, 3, 1));
  watch.report("missing", ended("failed", "no such file"));
  append(dir_.file("missing"), "an ERROR\n");
  watch.report("missing", has(dir_.file("missing"), 1, 1));
}

}  // namespace
}  // namespace virgo::functional
