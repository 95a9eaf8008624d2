#include "script/task_set.hpp"

#include <lua.hpp>

namespace virgo::script {

TaskSet::TaskSet(Tasks& tasks, uv::Loop& loop, Failed failed)
    : tasks_(tasks), loop_(loop), failed_(std::move(failed)) {}

TaskSet::~TaskSet() {
  *alive_ = false;
}

Task& TaskSet::add(lua_State* L, int nargs, std::function<void(Task&)> returned) {
  const std::uint64_t id = next_id_++;
  auto task =
      std::make_unique<Task>(tasks_, [this, id, returned = std::move(returned)](
                                         Task&, lua::Exit exit) { ended(id, exit, returned); });
  lua_xmove(L, task->raw(), nargs + 1);
  Task& out = *task;
  running_.emplace(id, std::move(task));
  return out;
}

void TaskSet::start(lua_State* L, int nargs, std::function<void(Task&)> returned) {
  add(L, nargs, std::move(returned)).start(nargs);
}

void TaskSet::start_owning(lua_State* L, int nargs, std::shared_ptr<Resource> resource) {
  Task& task = add(L, nargs, {});
  task.own(std::move(resource));
  task.start(nargs);
}

void TaskSet::start_later(lua_State* L, int nargs) {
  const std::uint64_t id = next_id_;
  add(L, nargs, {});
  loop_.post([this, alive = alive_, id, nargs] {
    if (!*alive) return;
    const auto it = running_.find(id);
    if (it != running_.end()) it->second->start(nargs);
  });
}

void TaskSet::ended(std::uint64_t id, lua::Exit exit, const std::function<void(Task&)>& returned) {
  const auto node = running_.extract(id);  // the task dies when this returns
  if (exit == lua::Exit::done) {
    if (returned) returned(*node.mapped());
  } else if (failed_) {
    failed_(node.mapped()->failure());
  }
}

void TaskSet::clear() {
  running_.clear();
}

}  // namespace virgo::script
