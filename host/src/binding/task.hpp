// Tasks: the strands that are no runs. A TaskSet starts them, keeps them while
// they run, and forgets them when they end; what they fail with goes to a
// callback. Loop thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "binding/strand.hpp"

namespace virgo::binding {

class TaskSet {
 public:
  using Failed = std::function<void(const lua::Failure&)>;
  // Called when a task returns normally; its results are all of `results`.
  using Returned = std::function<void(lua_State* results)>;

  // `context` and `state` outlive this.
  TaskSet(Context& context, lua::State& state, Failed failed);
  ~TaskSet();
  TaskSet(const TaskSet&) = delete;
  TaskSet& operator=(const TaskSet&) = delete;

  // Takes the function and its `nargs` arguments from the top of `L`, which may
  // be any thread of the state, and runs them as a new task, at once. `failed`, if
  // given, is told of its error in place of the set's.
  void start(lua_State* L, int nargs, Returned returned = {}, Failed failed = {});
  // The same, but from the loop, after the code that now runs.
  void start_later(lua_State* L, int nargs);
  // Drops them all. Not from within one of them.
  void clear();
  std::size_t size() const { return running_.size(); }
  bool has(const Strand& strand) const { return running_.contains(strand.id()); }

  // From now on a task is dropped when it waits, at once if it does already, unless
  // `stays(task)`: then it may go on when its wait is over. New ones are dropped. Not
  // from within one of them.
  void retire(std::function<bool(const Strand&)> stays);
  // Called once, from the loop, as soon as there is no task.
  void when_empty(std::function<void()> empty);

 private:
  class Task;
  Task& add(lua_State* L, int nargs, Returned returned, Failed failed);
  void ended(Task& task, lua::Exit exit);
  void waits(Task& task);
  void tell_if_empty();

  Context& context_;
  lua::State& state_;
  Failed failed_;
  std::map<std::uint64_t, std::unique_ptr<Task>> running_;  // by strand id
  std::function<bool(const Strand&)> stays_;                // set once retired
  std::function<void()> empty_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace virgo::binding
