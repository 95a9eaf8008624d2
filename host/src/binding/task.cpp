#include "binding/task.hpp"

#include <lua.hpp>

namespace virgo::binding {

class TaskSet::Task final : public Strand {
 public:
  Task(TaskSet& set, Returned r)
      : Strand(set.context_, lua::Coroutine(set.state_)), returned(std::move(r)), set_(set) {}

  void go_on(int nargs) override {
    const lua::Exit exit = resume(nargs);
    const bool waits = exit == lua::Exit::yielded && lua::take_wait(coroutine().raw());
    if (!waits) set_.ended(*this, exit);
  }

  void broke(lua::Exit exit) override { set_.ended(*this, exit); }

  const Returned returned;

 private:
  TaskSet& set_;
};

TaskSet::TaskSet(Context& context, lua::State& state, Failed failed)
    : context_(context), state_(state), failed_(std::move(failed)) {}

TaskSet::~TaskSet() {
  *alive_ = false;
}

TaskSet::Task& TaskSet::add(lua_State* L, int nargs, Returned returned) {
  auto task = std::make_unique<Task>(*this, std::move(returned));
  lua_xmove(L, task->coroutine().raw(), nargs + 1);
  Task& out = *task;
  running_.emplace(out.id(), std::move(task));
  return out;
}

void TaskSet::start(lua_State* L, int nargs, Returned returned) {
  add(L, nargs, std::move(returned)).go_on(nargs);
}

void TaskSet::start_later(lua_State* L, int nargs) {
  const std::uint64_t id = add(L, nargs, {}).id();
  context_.loop().post([this, alive = alive_, id, nargs] {
    if (!*alive) return;
    const auto it = running_.find(id);
    if (it != running_.end()) it->second->go_on(nargs);
  });
}

void TaskSet::ended(Task& task, lua::Exit exit) {
  const auto node = running_.extract(task.id());  // the task dies when this returns
  if (exit == lua::Exit::done) {
    if (task.returned) task.returned(task.coroutine().raw());
    return;
  }
  lua::Failure failure;
  if (exit == lua::Exit::yielded)
    failure.message = "coroutine.yield() outside of a coroutine of the script's own";
  else
    failure = state_.failure();
  if (failed_) failed_(failure);
}

void TaskSet::clear() {
  running_.clear();
}

}  // namespace virgo::binding
