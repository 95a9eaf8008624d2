#include "endpoint/backoff.hpp"

#include <gtest/gtest.h>

#include <random>

namespace virgo::endpoint {
namespace {

using namespace std::chrono_literals;

TEST(Backoff, TheCeilingDoublesUpToItsMaximum) {
  Backoff backoff(1s, 10s, [] { return 0.5; });
  for (const Duration ceiling : {1s, 2s, 4s, 8s, 10s, 10s}) EXPECT_EQ(backoff.next(), ceiling / 2);
}

TEST(Backoff, HasFullJitter) {
  double fraction = 0;
  Backoff backoff(1s, 1s, [&] { return fraction; });
  EXPECT_EQ(backoff.next(), Duration(0));
  fraction = 0.25;
  EXPECT_EQ(backoff.next(), Duration(250ms));
  fraction = std::nextafter(1.0, 0.0);
  EXPECT_LE(backoff.next(), Duration(1s));
}

TEST(Backoff, StaysWithinItsBounds) {
  std::mt19937 random(13);
  std::uniform_real_distribution<double> fraction(0, 1);
  Backoff backoff(100ms, 5s, [&] { return fraction(random); });
  Duration ceiling = 100ms;
  for (int i = 0; i < 100; ++i) {
    const Duration d = backoff.next();
    EXPECT_GE(d, Duration(0));
    EXPECT_LE(d, ceiling);
    ceiling = std::min<Duration>(5s, ceiling * 2);
  }
}

TEST(Backoff, ResetStartsAnew) {
  Backoff backoff(1s, 60s, [] { return 0.5; });
  for (int i = 0; i < 4; ++i) (void)backoff.next();
  backoff.reset();
  EXPECT_EQ(backoff.next(), Duration(500ms));
  EXPECT_EQ(backoff.next(), Duration(1s));
}

TEST(Backoff, AMinimumAboveTheMaximumIsTheMaximum) {
  Backoff backoff(10s, 2s, [] { return 0.5; });
  EXPECT_EQ(backoff.next(), Duration(1s));
  EXPECT_EQ(backoff.next(), Duration(1s));
  backoff.reset();
  EXPECT_EQ(backoff.next(), Duration(1s));
}

TEST(Backoff, TheLongestDelaysDoNotOverflow) {
  Backoff backoff(Duration::max() / 3, Duration::max(), [] { return 0.5; });
  Duration before(0);
  for (int i = 0; i < 5; ++i) {
    const Duration d = backoff.next();
    EXPECT_GE(d, before);
    before = d;
  }
}

}  // namespace
}  // namespace virgo::endpoint
