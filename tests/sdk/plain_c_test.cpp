// A check in C89 through the fake host.
#include "sdk/scripted.hpp"

namespace virgo::fake {
namespace {

TEST(PlainC, CountsOn) {
  Host host;
  Check beat(host, virgo_module_v1());
  ASSERT_TRUE(beat.configure({{"step", 3}})) << beat.problems_text();
  EXPECT_EQ(beat.collect().i64("test.beat", {{"language", "C"}}), 3);
  EXPECT_EQ(beat.collect().all_text(), "test.beat{language=C} 6 1\n");
  EXPECT_EQ(host.misuse_text(), "");
}

TEST(PlainC, ItsDefaultAndItsRejection) {
  Host host;
  Check beat(host, virgo_module_v1(), "test.plain_c");
  EXPECT_EQ(beat.collect().i64("test.beat"), 2) << "configured with nothing";
  EXPECT_FALSE(beat.configure({{"step", 0}}));
  EXPECT_EQ(beat.problems_text(), "params.step: must not be 0\n");
  EXPECT_THROW(beat.collect(), std::logic_error);
  EXPECT_FALSE(beat.configure({{"step", "much"}}));
  EXPECT_EQ(beat.problems_text(), "params.step: expected a whole number, found 'much'\n");
}

}  // namespace
}  // namespace virgo::fake
