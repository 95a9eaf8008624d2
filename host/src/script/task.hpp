// Task: a script that runs as a coroutine and may wait, and what it has opened.
//
// A check's run, a connection's conversation and each client of the endpoint
// server are tasks. A binding that has to wait starts its work, calls
// `return task.wait(...)`, and later, from the loop, wakes the task with the
// results. When a task ends or is dropped, its wait is cancelled and everything
// it opened is closed, and no callback follows. Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lua/coroutine.hpp"
#include "lua/state.hpp"

namespace virgo::script {

class Task;

// The tasks of one state: what bindings find by their lua_State. Sets itself as
// the state's owner.
class Tasks {
 public:
  explicit Tasks(lua::State& state) : state_(state) { state.set_owner(this); }
  Tasks(const Tasks&) = delete;
  Tasks& operator=(const Tasks&) = delete;

  static Tasks& of(lua_State* L) { return *static_cast<Tasks*>(lua::State::of(L).owner()); }
  lua::State& state() { return state_; }
  // The task whose script is running; null outside of one.
  Task* running() const { return running_; }
  // The same, but raises an error if `function` (the binding's name) cannot wait
  // where it was called. May raise.
  Task& waitable(lua_State* L, const char* function);

 private:
  friend class Task;
  lua::State& state_;
  Task* running_ = nullptr;
};

// Something a task has opened.
class Resource {
 public:
  virtual ~Resource() = default;
  // The task is over: close, and never call back.
  virtual void task_over() noexcept = 0;
};

class Task {
 public:
  // The script has returned (done: results on the thread) or failed; called from
  // within start() or wake(). May destroy the task.
  using Ended = std::function<void(Task&, lua::Exit)>;
  Task(Tasks& tasks, Ended ended);
  // Drops the script where it stands. Not from within its own run.
  ~Task();
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  Tasks& tasks() { return tasks_; }
  // Push the function and its arguments here, then start().
  lua_State* raw() const { return coroutine_.raw(); }
  void start(int nargs);

  // For bindings, as their last statement. `function` is a literal, the name for
  // messages. `cancel` is called if the task is dropped while it waits.
  int wait(lua_State* L, const char* function, std::function<void()> cancel);
  // Ends the wait: `push` pushes the results and returns how many. From the
  // loop, never from within the binding. The task may be gone when it returns.
  void wake(const std::function<int(lua_State*)>& push);
  bool waiting() const { return waiting_ != nullptr; }
  // "net.connect at tcp.lua:21", or "" when it does not wait.
  std::string waiting_in() const;

  // Why it failed; valid once `ended` has been called with a failure.
  const lua::Failure& failure() const { return failure_; }

  // The resource is closed with the task, unless it is disowned before.
  void own(std::shared_ptr<Resource> resource);
  void disown(const Resource* resource);
  std::size_t owned() const { return resources_.size(); }

 private:
  void run(int nargs);
  void close_resources();

  Tasks& tasks_;
  Ended ended_;
  lua::Coroutine coroutine_;
  const char* waiting_ = nullptr;
  std::string waiting_at_;
  std::function<void()> cancel_;
  std::vector<std::shared_ptr<Resource>> resources_;
  lua::Failure failure_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace virgo::script
