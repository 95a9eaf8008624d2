// A stack for signal handlers of one thread, so that a handler can say something
// also when the thread's own stack is full. Nothing under sanitizers, which bring
// their own.
#pragma once

namespace virgo {

class AlternateStack {
 public:
  // For the calling thread, which must also destroy it. Without memory, or where
  // the thread has one already, the thread goes on as it is.
  AlternateStack();
  ~AlternateStack();
  AlternateStack(const AlternateStack&) = delete;
  AlternateStack& operator=(const AlternateStack&) = delete;

 private:
  void* memory_ = nullptr;
};

}  // namespace virgo
