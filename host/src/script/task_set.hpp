// Tasks that nobody holds: started, kept while they run, forgotten when they
// end; what they fail with goes to a callback. Loop thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "script/task.hpp"
#include "uv/loop.hpp"

namespace virgo::script {

class TaskSet {
 public:
  using Failed = std::function<void(const lua::Failure&)>;
  TaskSet(Tasks& tasks, uv::Loop& loop, Failed failed);
  ~TaskSet();

  // Takes the function and its `nargs` arguments from the top of `L`, which may
  // be any thread of the state, and runs them as a new task, at once.
  // `returned`, if given, is called when it returns normally: its results are on
  // the thread.
  void start(lua_State* L, int nargs, std::function<void(Task&)> returned = {});
  // The same for a task that owns a resource from its start.
  void start_owning(lua_State* L, int nargs, std::shared_ptr<Resource> resource);
  // As start(), but from the loop, after the code that now runs.
  void start_later(lua_State* L, int nargs);
  // Drops them all. Not from within one of them.
  void clear();
  std::size_t size() const { return running_.size(); }

 private:
  Task& add(lua_State* L, int nargs, std::function<void(Task&)> returned);
  void ended(std::uint64_t id, lua::Exit exit, const std::function<void(Task&)>& returned);

  Tasks& tasks_;
  uv::Loop& loop_;
  Failed failed_;
  std::map<std::uint64_t, std::unique_ptr<Task>> running_;
  std::uint64_t next_id_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace virgo::script
