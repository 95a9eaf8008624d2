#include "base/alternate_stack.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <thread>

namespace virgo {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

stack_t now() {
  stack_t s{};
  EXPECT_EQ(sigaltstack(nullptr, &s), 0);
  return s;
}

TEST(AlternateStack, IsThatOfItsThreadForAsLongAsItLives) {
  if (kSanitized) GTEST_SKIP() << "the sanitizer brings its own";
  std::thread([] {
    EXPECT_NE(now().ss_flags & SS_DISABLE, 0);
    {
      const AlternateStack stack;
      EXPECT_EQ(now().ss_flags, 0);
      EXPECT_GE(now().ss_size, 64u * 1024);
      std::thread([] { EXPECT_NE(now().ss_flags & SS_DISABLE, 0); }).join();
    }
    EXPECT_NE(now().ss_flags & SS_DISABLE, 0);
  }).join();
}

TEST(AlternateStack, LeavesOneThatIsThereAlone) {
  if (kSanitized) GTEST_SKIP() << "the sanitizer brings its own";
  std::thread([] {
    const AlternateStack first;
    const void* memory = now().ss_sp;
    {
      const AlternateStack second;
      EXPECT_EQ(now().ss_sp, memory);
    }
    EXPECT_EQ(now().ss_sp, memory);
  }).join();
}

}  // namespace
}  // namespace virgo
