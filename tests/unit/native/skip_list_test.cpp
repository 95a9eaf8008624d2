// Crashes as they are written down, and who is skipped because of them.
#include "native/skip_list.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "native/call_note.hpp"

namespace virgo::native {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

CrashRecord crash(std::int64_t at, const std::string& file = "/p/a.so",
                  const std::string& identity = "7.1") {
  return {at, 11, identity, "com.acme", "disk", "collect", file};
}

TEST(CrashRecords, ReadBackAsTheyWereWritten) {
  CrashRecord bare = crash(1'800'000'000);
  bare.module = bare.check = bare.function = "";
  const Crashes read = parse_crashes(to_line(crash(5)) + to_line(bare));
  ASSERT_EQ(read.records.size(), 2u);
  EXPECT_EQ(read.unreadable, 0u);
  EXPECT_EQ(read.records[0].at, 5);
  EXPECT_EQ(read.records[0].signal, 11);
  EXPECT_EQ(read.records[0].identity, "7.1");
  EXPECT_EQ(read.records[0].module, "com.acme");
  EXPECT_EQ(read.records[0].check, "disk");
  EXPECT_EQ(read.records[0].function, "collect");
  EXPECT_EQ(read.records[0].file, "/p/a.so");
  EXPECT_EQ(read.records[1].module, "");
  EXPECT_EQ(to_line(read.records[1]), to_line(bare));
}

TEST(CrashRecords, SpoiltLinesArePassedOver) {
  const std::string good = to_line(crash(5));
  std::string cut = good;
  cut.pop_back();
  for (const std::string& bad :
       {std::string("\x7f"
                    "ELF\0\1\2\n",
                    8),
        std::string("x\t11\t7\tm\tc\tf\t/a\n"), std::string("5\tx\t7\tm\tc\tf\t/a\n"),
        std::string("5\t11\t7\tm\tc\t/a\n"), std::string("5\t11\t7\tm\tc\tf\t/a\tmore\n"),
        std::string("5\t11\t\tm\tc\tf\t/a\n"), std::string("5\t11\t7\tm\tc\tf\trelative\n"),
        std::string("5\t11\t7\tm\tc\tf\t\n"), std::string("-1\t11\t7\tm\tc\tf\t/a\n"),
        std::string("253402300800\t11\t7\tm\tc\tf\t/a\n"),
        std::string("9223372036854775807\t11\t7\tm\tc\tf\t/a\n"),
        std::string("-9223372036854775808\t11\t7\tm\tc\tf\t/a\n"),
        std::string("99999999999999999999\t11\t7\tm\tc\tf\t/a\n")}) {
    const Crashes read = parse_crashes(good + bad + good);
    EXPECT_EQ(read.records.size(), 2u) << bad;
    EXPECT_EQ(read.unreadable, 1u) << bad;
  }
  EXPECT_EQ(parse_crashes(good + cut).records.size(), 1u);
  EXPECT_EQ(parse_crashes(good + cut).unreadable, 1u);
  EXPECT_EQ(parse_crashes("\n\n").unreadable, 0u);
}

TEST(CrashRecords, FromTheFirstSecondToTheLastOneOfTheYear9999) {
  const std::string text = to_line(crash(0)) + to_line(crash(253'402'300'799));
  const Crashes read = parse_crashes(text);
  EXPECT_EQ(read.unreadable, 0u);
  ASSERT_EQ(read.records.size(), 2u);
  EXPECT_EQ(read.records[0].at, 0);
  EXPECT_THAT(repeated_crashes(read.records), IsEmpty());
  EXPECT_THAT(why_skipped(SkipList::parse(text).entries().at(0)),
              HasSubstr("last on 9999-12-31 23:59:59 UTC"));
}

TEST(RepeatedCrashes, TenMinutesApartIsStillTogether) {
  EXPECT_THAT(repeated_crashes({crash(1000), crash(1000 + kCrashWindow)}),
              ElementsAre(Field(&SkippedPlugin::crashed, 1000 + kCrashWindow)));
  EXPECT_THAT(repeated_crashes({crash(1000), crash(1001 + kCrashWindow)}), IsEmpty());
}

TEST(RepeatedCrashes, OneIsNone) {
  EXPECT_THAT(repeated_crashes({}), IsEmpty());
  EXPECT_THAT(repeated_crashes({crash(1000)}), IsEmpty());
}

TEST(RepeatedCrashes, AnyTwoOfManyCount) {
  const auto found =
      repeated_crashes({crash(0), crash(5000), crash(5000, "/p/b.so"), crash(5100), crash(5200)});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].file, "/p/a.so");
  EXPECT_EQ(found[0].crashed, 5200);
  EXPECT_EQ(found[0].module, "com.acme");
}

TEST(RepeatedCrashes, OfDifferentFilesInOnePlaceAreNotTogether) {
  EXPECT_THAT(repeated_crashes({crash(1000), crash(1001, "/p/a.so", "8.1")}), IsEmpty());
}

TEST(RepeatedCrashes, AClockSetBackHidesNone) {
  EXPECT_EQ(repeated_crashes({crash(1000), crash(500)}).size(), 1u);
  EXPECT_THAT(repeated_crashes({crash(1000), crash(399)}), IsEmpty());
}

struct SkipListTest : ::testing::Test {
  std::string dir;
  std::string plugin;
  void SetUp() override {
    char path[] = "/tmp/virgo-skip-XXXXXX";
    ASSERT_NE(mkdtemp(path), nullptr);
    dir = path;
    plugin = dir + "/a.so";
    std::ofstream(plugin) << "one";
  }
  void TearDown() override { std::filesystem::remove_all(dir); }
  SkippedPlugin entry() const { return {1'769'860'800, file_identity(plugin), "com.acme", plugin}; }
};

TEST_F(SkipListTest, SurvivesARestart) {
  SkipList list;
  list.add(entry());
  const SkipList read = SkipList::parse(list.text());
  const SkippedPlugin* found = read.find(plugin);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->module, "com.acme");
  EXPECT_EQ(why_skipped(*found),
            "crashed the agent twice within ten minutes, last on 2026-01-31 12:00:00 UTC");
  EXPECT_EQ(read.find(dir + "/b.so"), nullptr);
}

TEST_F(SkipListTest, AReplacedFileIsTriedAgain) {
  SkipList list;
  list.add(entry());
  ASSERT_NE(list.find(plugin), nullptr);
  std::ofstream(plugin) << "another";
  EXPECT_EQ(list.find(plugin), nullptr);
  // And if that one crashes too, there is one entry for the place.
  list.add(entry());
  EXPECT_NE(list.find(plugin), nullptr);
  EXPECT_EQ(list.entries().size(), 1u);
  std::filesystem::remove(plugin);
  EXPECT_EQ(list.find(plugin), nullptr);
}

TEST_F(SkipListTest, AnEntryCanBeTakenOff) {
  SkipList list;
  list.add(entry());
  EXPECT_FALSE(list.remove(dir + "/b.so"));
  EXPECT_TRUE(list.remove(plugin));
  EXPECT_FALSE(list.remove(plugin));
  EXPECT_EQ(list.find(plugin), nullptr);
}

TEST_F(SkipListTest, OfASpoiltOneWhatCanBeReadIsKept) {
  EXPECT_THAT(SkipList::parse("").entries(), IsEmpty());
  SkipList list;
  list.add(entry());
  EXPECT_EQ(SkipList::parse(list.text() + "rubbish\n\x01\x02").entries().size(), 1u);
}

}  // namespace
}  // namespace virgo::native
