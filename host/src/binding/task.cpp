#include "binding/task.hpp"

#include <lua.hpp>

namespace virgo::binding {

class TaskSet::Task final : public Strand {
 public:
  Task(TaskSet& set, Returned r, Failed f)
      : Strand(set.context_, lua::Coroutine(set.state_)),
        returned(std::move(r)),
        failed(std::move(f)),
        set_(set) {}

  void go_on(int nargs) override {
    const lua::Exit exit = resume(nargs);
    const bool waits = exit == lua::Exit::yielded && lua::take_wait(coroutine().raw());
    if (waits)
      set_.waits(*this);
    else
      set_.ended(*this, exit);
  }

  void broke(lua::Exit exit) override { set_.ended(*this, exit); }

  const Returned returned;
  const Failed failed;

 private:
  TaskSet& set_;
};

TaskSet::TaskSet(Context& context, lua::State& state, Failed failed)
    : context_(context), state_(state), failed_(std::move(failed)) {}

TaskSet::~TaskSet() {
  *alive_ = false;
}

TaskSet::Task& TaskSet::add(lua_State* L, int nargs, Returned returned, Failed failed) {
  auto task = std::make_unique<Task>(*this, std::move(returned), std::move(failed));
  lua_xmove(L, task->coroutine().raw(), nargs + 1);
  Task& out = *task;
  running_.emplace(out.id(), std::move(task));
  return out;
}

void TaskSet::start(lua_State* L, int nargs, Returned returned, Failed failed) {
  add(L, nargs, std::move(returned), std::move(failed)).go_on(nargs);
}

void TaskSet::start_later(lua_State* L, int nargs) {
  if (stays_) {
    lua_pop(L, nargs + 1);
    return;
  }
  const std::uint64_t id = add(L, nargs, {}, {}).id();
  context_.loop().post([this, alive = alive_, id, nargs] {
    if (!*alive) return;
    const auto it = running_.find(id);
    if (it != running_.end()) it->second->go_on(nargs);
  });
}

void TaskSet::ended(Task& task, lua::Exit exit) {
  const auto node = running_.extract(task.id());  // the task dies when this returns
  tell_if_empty();
  if (exit == lua::Exit::done) {
    if (task.returned) task.returned(task.coroutine().raw());
    return;
  }
  lua::Failure failure;
  if (exit == lua::Exit::yielded)
    failure.message = "coroutine.yield() outside of a coroutine of the script's own";
  else
    failure = state_.failure();
  const Failed& tell = task.failed ? task.failed : failed_;
  if (tell) tell(failure);
}

void TaskSet::waits(Task& task) {
  if (!stays_ || stays_(task)) return;
  const auto node = running_.extract(task.id());
  tell_if_empty();
}

void TaskSet::retire(std::function<bool(const Strand&)> stays) {
  stays_ = std::move(stays);
  std::erase_if(running_, [this](const auto& task) { return !stays_(*task.second); });
  tell_if_empty();
}

void TaskSet::when_empty(std::function<void()> empty) {
  empty_ = std::move(empty);
  tell_if_empty();
}

void TaskSet::tell_if_empty() {
  if (!empty_ || !running_.empty()) return;
  context_.loop().post([alive = alive_, empty = std::exchange(empty_, nullptr)] {
    if (*alive) empty();
  });
}

void TaskSet::clear() {
  running_.clear();
  tell_if_empty();
}

}  // namespace virgo::binding
