// plugin-sdk/docs/start.md, followed to the letter: every command of the page, one
// by one, in an empty folder, against an installed tree, with gcc and with clang.
// Each command must end with 0 and print what the page shows.
#include "sdk/guide.hpp"

#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sdk/followed.hpp"
#include "sdk/installed.hpp"

namespace virgo::sdk_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

void follow_the_guide(const Compilers& compilers) {
  Installed virgo;
  follow(virgo, virgo.prefix() + "/share/virgo/sdk/docs/start.md", 10, compilers);
  struct stat info {};
  for (const char* file : {"build/acme-queue.so", "build-spool/acme-spool.so", "acme-spool.so"})
    EXPECT_EQ(stat(virgo.work_file(file).c_str(), &info), 0) << file;
}

TEST(Guide, WithGcc) {
  follow_the_guide({"gcc", "g++"});
}

TEST(Guide, WithClang) {
  if (!is_installed("clang++-16"))
    GTEST_SKIP() << "clang-16 is not installed; ./dev deps installs it";
  follow_the_guide({"clang-16", "clang++-16"});
}

constexpr const char* kPage = R"(Text.

    not this
```sh
one
# a comment
two \
  three
cat >x <<'WORD'
y

z
WORD
four
```

```
shown
```
```yaml
not: this
```
```sh
five
```
Text.
```
not shown
```
)";

TEST(ReadGuide, CommandsAndWhatTheyPrint) {
  const std::vector<Step> steps = read_guide(kPage);
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[0].line, 4);
  EXPECT_THAT(steps[0].commands,
              ElementsAre("one", "two \\\n  three", "cat >x <<'WORD'\ny\n\nz\nWORD", "four"));
  EXPECT_THAT(steps[0].shown, ElementsAre("shown"));
  EXPECT_THAT(steps[1].commands, ElementsAre("five"));
  EXPECT_THAT(steps[1].shown, IsEmpty());
}

TEST(ReadGuide, ShownLinesAreLookedFor) {
  EXPECT_EQ(missing_line({"a 1.5 ms x", "b"}, "a     12 us x\nb\n"), "");
  EXPECT_EQ(missing_line({"a 1.5 ms x", "b"}, "a 12 us y\nb\n"), "a 1.5 ms x");
  EXPECT_EQ(missing_line({"...", "b", "..."}, "a\nb\nc\n"), "");
  EXPECT_EQ(missing_line({"...", "b"}, "a\nb\nc\n"), "(the end: it goes on with 'c')");
  EXPECT_EQ(missing_line({"b"}, "a\nb\n"), "b");
  EXPECT_EQ(missing_line({"...", "b", "...", "a", "..."}, "a\nb\n"), "a");
  EXPECT_EQ(missing_line({"Test #1: x ....  Passed 0.04 sec"}, "Test #1: x ......  Passed 1 sec\n"),
            "");
  EXPECT_EQ(missing_line({"acme.queue 3"}, "acme queue 3\n"), "acme.queue 3");
}

}  // namespace
}  // namespace virgo::sdk_test
