// Evil: crashes the process, each type in its own way.
#include <pthread.h>
#include <stdlib.h>
#include <virgo/plugin.hpp>

namespace {

volatile int* nowhere = nullptr;

// Not a loop for the compiler: what it returns depends on what follows the call.
int down(volatile int* above) {  // NOLINT(misc-no-recursion)
  volatile int here[256];
  here[0] = *above + 1;
  return down(here) + here[0];
}

struct Type {
  static constexpr virgo_metric kMetrics[] = {
      virgo::sdk::gauge("test.never", "1", "Never emitted.", VIRGO_U64)};
  explicit Type(virgo::sdk::Host) {}
};

struct OnWorker : Type {
  using Type::Type;
  static constexpr const char* kName = "test.crash_worker";
  static constexpr const char* kSummary = "Writes to nowhere, on a worker.";
  static constexpr uint32_t kThread = VIRGO_ON_WORKER;
  static void collect(virgo::sdk::Run) { *nowhere = 1; }
};

struct OnLoop : Type {
  using Type::Type;
  static constexpr const char* kName = "test.crash_loop";
  static constexpr const char* kSummary = "Writes to nowhere, on the loop.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  static void collect(virgo::sdk::Run) { *nowhere = 1; }
};

struct Stack : Type {
  using Type::Type;
  static constexpr const char* kName = "test.crash_stack";
  static constexpr const char* kSummary = "Calls itself for ever, on a worker.";
  static constexpr uint32_t kThread = VIRGO_ON_WORKER;
  static void collect(virgo::sdk::Run) {
    volatile int top = 0;
    *nowhere = down(&top);
  }
};

struct LoopStack : Stack {
  using Stack::Stack;
  static constexpr const char* kName = "test.crash_loop_stack";
  static constexpr const char* kSummary = "Calls itself for ever, on the loop.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
};

// Nothing the agent called is under way when it crashes.
struct OwnThread : Type {
  using Type::Type;
  static constexpr const char* kName = "test.crash_thread";
  static constexpr const char* kSummary = "Writes to nowhere, on a thread of its own.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  static void collect(virgo::sdk::Run) {
    pthread_t thread;
    const auto crash = [](void*) -> void* {
      *nowhere = 1;
      return nullptr;
    };
    if (pthread_create(&thread, nullptr, crash, nullptr) == 0) pthread_detach(thread);
  }
};

}  // namespace

VIRGO_CXX_MODULE("test.crash", "1.0.0", OnWorker, OnLoop, Stack, LoopStack, OwnThread);
