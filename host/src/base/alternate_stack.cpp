#include "base/alternate_stack.hpp"

#include <signal.h>
#include <sys/mman.h>

#include <cstddef>

namespace virgo {
namespace {

// The processor's registers alone may take 11 KiB of it (AVX-512).
constexpr std::size_t kSize = 64 * 1024;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kWanted = false;
#else
constexpr bool kWanted = true;
#endif

}  // namespace

AlternateStack::AlternateStack() {
  stack_t before{};
  if (!kWanted || sigaltstack(nullptr, &before) != 0 || (before.ss_flags & SS_DISABLE) == 0) return;
  void* memory = mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;
  stack_t stack{};
  stack.ss_sp = memory;
  stack.ss_size = kSize;
  if (sigaltstack(&stack, nullptr) == 0)
    memory_ = memory;
  else
    munmap(memory, kSize);
}

AlternateStack::~AlternateStack() {
  if (memory_ == nullptr) return;
  stack_t none{};
  none.ss_flags = SS_DISABLE;
  sigaltstack(&none, nullptr);
  munmap(memory_, kSize);
}

}  // namespace virgo
