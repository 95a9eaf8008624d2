#include "base/result.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace virgo {
namespace {

TEST(Result, HoldsAValue) {
  const Result<int> r = 7;
  EXPECT_TRUE(r.ok());
  EXPECT_TRUE(static_cast<bool>(r));
  EXPECT_EQ(r.value(), 7);
  EXPECT_EQ(*r, 7);
}

TEST(Result, HoldsAnError) {
  const Result<int> r = Error{Errc::not_found, "no such file"};
  EXPECT_FALSE(r.ok());
  EXPECT_EQ(r.error().code, Errc::not_found);
  EXPECT_EQ(r.error().message, "no such file");
}

TEST(Result, MovesItsValueOut) {
  Result<std::unique_ptr<int>> r = std::make_unique<int>(3);
  const std::unique_ptr<int> out = std::move(r).value();
  EXPECT_EQ(*out, 3);
}

TEST(Result, OfVoid) {
  const Result<void> good;
  EXPECT_TRUE(good.ok());
  const Result<void> bad = Error{Errc::io, "disk"};
  EXPECT_FALSE(bad);
  EXPECT_EQ(bad.error().message, "disk");
}

TEST(ResultDeathTest, ReadingTheWrongOneAborts) {
  EXPECT_DEATH(
      {
        const Result<int> r = Error{};
        static_cast<void>(r.value());
      },
      "");
  EXPECT_DEATH(
      {
        const Result<int> r = 1;
        static_cast<void>(r.error());
      },
      "");
  EXPECT_DEATH(
      {
        const Result<void> r;
        static_cast<void>(r.error());
      },
      "");
}

TEST(Error, ContextGoesInFrontAndKeepsTheCode) {
  const Error e = Error{Errc::denied, "not ours"}.context("loading cpu.so");
  EXPECT_EQ(e.code, Errc::denied);
  EXPECT_EQ(e.message, "loading cpu.so: not ours");
}

TEST(Error, EveryCodeHasAName) {
  for (int i = 0; i <= static_cast<int>(Errc::closed); ++i) {
    const std::string name = errc_name(static_cast<Errc>(i));
    EXPECT_FALSE(name.empty());
    EXPECT_EQ(name == "failed", i == 0) << i;
  }
}

}  // namespace
}  // namespace virgo
