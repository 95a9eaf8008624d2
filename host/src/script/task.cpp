#include "script/task.hpp"

#include <lua.hpp>

#include <algorithm>

#include "base/format.hpp"

namespace virgo::script {

Task& Tasks::waitable(lua_State* L, const char* function) {
  if (running_ == nullptr)
    luaL_error(L, "%s cannot be used here: only in code that may wait", function);
  lua::check_can_wait(L, function);
  return *running_;
}

Task::Task(Tasks& tasks, Ended ended)
    : tasks_(tasks), ended_(std::move(ended)), coroutine_(tasks.state()) {}

Task::~Task() {
  *alive_ = false;
  if (cancel_) {
    const auto cancel = std::move(cancel_);
    cancel();
  }
  close_resources();
}

void Task::close_resources() {
  const auto resources = std::move(resources_);
  resources_.clear();
  for (const auto& resource : resources) resource->task_over();
}

void Task::start(int nargs) {
  run(nargs);
}

void Task::run(int nargs) {
  const auto alive = alive_;
  Task* const outer = tasks_.running_;
  tasks_.running_ = this;
  lua::Exit exit = coroutine_.resume(nargs);
  tasks_.running_ = outer;
  if (exit == lua::Exit::yielded) {
    if (lua::take_wait(coroutine_.raw()) && waiting_ != nullptr) return;
    failure_ = {};
    failure_.message = "coroutine.yield() outside of a coroutine of the script's own";
    exit = lua::Exit::error;
  } else if (exit != lua::Exit::done) {
    failure_ = tasks_.state().failure();
  }
  waiting_ = nullptr;
  close_resources();
  const Ended ended = std::move(ended_);
  if (ended) ended(*this, exit);
}

int Task::wait(lua_State* L, const char* function, std::function<void()> cancel) {
  waiting_ = function;
  cancel_ = std::move(cancel);
  waiting_at_.clear();
  lua_Debug ar;
  // The innermost function of the script; level 0 is the binding itself.
  for (int level = 1; lua_getstack(L, level, &ar) != 0; ++level) {
    if (lua_getinfo(L, "Sl", &ar) == 0 || ar.currentline <= 0) continue;
    waiting_at_ = format("{}:{}", ar.short_src, ar.currentline);
    break;
  }
  return lua::wait(L);
}

void Task::wake(const std::function<int(lua_State*)>& push) {
  if (waiting_ == nullptr) return;
  waiting_ = nullptr;
  cancel_ = nullptr;
  lua_State* L = coroutine_.raw();
  lua_checkstack(L, 20);
  run(push(L));
}

std::string Task::waiting_in() const {
  if (waiting_ == nullptr) return "";
  return waiting_at_.empty() ? waiting_ : format("{} at {}", waiting_, waiting_at_);
}

void Task::own(std::shared_ptr<Resource> resource) {
  resources_.push_back(std::move(resource));
}

void Task::disown(const Resource* resource) {
  std::erase_if(resources_, [resource](const auto& r) { return r.get() == resource; });
}

}  // namespace virgo::script
