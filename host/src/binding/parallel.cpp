#include "binding/parallel.hpp"

#include <lua.hpp>
#include <memory>
#include <utility>
#include <vector>

#include "base/format.hpp"
#include "binding/bindings.hpp"
#include "binding/options.hpp"
#include "binding/strand.hpp"
#include "uv/timer.hpp"

namespace virgo::binding {
namespace {

constexpr int kMaxFunctions = 64;
constexpr double kMaxTimeout = 86400;

class Group;

// One of the functions.
class Branch final : public Strand {
 public:
  Branch(Strand& parent, lua::Coroutine coroutine, Group& group, int number)
      : Strand(parent, std::move(coroutine)), group_(group), number_(number) {}

  int number() const { return number_; }
  void go_on(int nargs) override;
  void broke(lua::Exit exit) override { root().broke(exit); }

 private:
  Group& group_;
  const int number_;
};

// The operation that the calling strand waits for.
class Group {
 public:
  Group(Strand& parent, lua::State& state) : parent_(parent), state_(state) {}
  ~Group() {
    *alive_ = false;
    if (results_ref_ >= 0) luaL_unref(state_.raw(), LUA_REGISTRYINDEX, results_ref_);
  }
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  // The functions are the list at index 1 of `L`. May not raise: under HostWork.
  void begin(lua_State* L, int count, double timeout);
  void ended(Branch& branch, lua::Exit exit);

 private:
  void start_all();
  void time_over();
  void note(int number, bool ok, lua_State* from);
  void finish();

  Strand& parent_;
  lua::State& state_;
  int results_ref_ = -1;
  std::vector<std::unique_ptr<Branch>> branches_;  // null once it has ended
  std::size_t open_ = 0;
  std::unique_ptr<Branch> ended_;  // the last that did: its code may still be on the stack
  Duration timeout_{};
  std::unique_ptr<uv::Timer> timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

void Branch::go_on(int nargs) {
  Group& group = group_;
  const lua::Exit exit = resume(nargs);
  if (exit == lua::Exit::yielded && lua::take_wait(coroutine().raw())) return;
  group.ended(*this, exit);
}

void Group::begin(lua_State* L, int count, double timeout) {
  lua_createtable(L, count, 0);
  results_ref_ = luaL_ref(L, LUA_REGISTRYINDEX);
  for (int i = 1; i <= count; ++i) {
    lua::Coroutine coroutine(state_);
    lua_rawgeti(L, 1, i);
    lua_xmove(L, coroutine.raw(), 1);
    branches_.push_back(std::make_unique<Branch>(parent_, std::move(coroutine), *this, i));
  }
  open_ = branches_.size();
  timeout_ = as_duration(timeout);
  // From the loop: the caller has not yielded yet.
  parent_.context().loop().post([this, alive = alive_] {
    if (*alive) start_all();
  });
}

// The time runs from here: on a busy machine it could be over before they have begun.
void Group::start_all() {
  const auto alive = alive_;
  if (timeout_.count() > 0) {
    timer_ = std::make_unique<uv::Timer>(parent_.context().loop(), [this] { time_over(); });
    timer_->start(timeout_);
  }
  for (std::size_t i = 0; *alive && i < branches_.size(); ++i)
    if (branches_[i] != nullptr) branches_[i]->go_on(0);
}

// On the results' table: [number] = {ok =, value = | error =}. `from` has the value on
// top, and it is popped.
void Group::note(int number, bool ok, lua_State* from) {
  lua_State* L = state_.raw();
  lua_rawgeti(L, LUA_REGISTRYINDEX, results_ref_);
  lua_createtable(L, 0, 2);
  lua_pushboolean(L, ok ? 1 : 0);
  lua_setfield(L, -2, "ok");
  lua_xmove(from, L, 1);
  lua_setfield(L, -2, ok ? "value" : "error");
  lua_rawseti(L, -2, number);
  lua_pop(L, 1);
}

// May destroy this.
void Group::ended(Branch& branch, lua::Exit exit) {
  if (exit == lua::Exit::over_budget || exit == lua::Exit::over_memory) {
    parent_.root().broke(exit);
    return;
  }
  lua_State* L = branch.coroutine().raw();
  bool ok = exit == lua::Exit::done;
  if (ok) {
    ok = lua_gettop(L) < 2 || lua_toboolean(L, 1) != 0 || lua_isnil(L, 2);
    lua_settop(L, 2);
    if (ok) lua_pushvalue(L, 1);
  } else if (exit == lua::Exit::yielded) {
    push_failure(L, "failed", {Errc::failed, "coroutine.yield outside of a coroutine of its own"});
  } else {
    const lua::Failure& f = state_.failure();
    push_failure(L, f.status.empty() ? "failed" : f.status.c_str(), {Errc::failed, f.sentence()});
  }
  note(branch.number(), ok, L);
  ended_ = std::move(branches_[static_cast<std::size_t>(branch.number() - 1)]);
  if (--open_ == 0) finish();
}

void Group::time_over() {
  for (auto& branch : branches_) {
    if (branch == nullptr) continue;
    lua_State* L = branch->coroutine().raw();
    push_failure(L, "timeout",
                 {Errc::timeout, "not done in time; was waiting in " + branch->waiting_in()});
    note(branch->number(), false, L);
    branch.reset();
  }
  finish();
}

// The last thing that is done here: destroys this.
void Group::finish() {
  const int ref = std::exchange(results_ref_, -1);
  parent_.complete([ref](lua_State* L) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, ref);
    luaL_unref(L, LUA_REGISTRYINDEX, ref);
    return 1;
  });
}

double read_timeout(lua_State* L) {
  if (lua_isnoneornil(L, 2)) return 0;
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_getfield(L, 2, "timeout");
  const double timeout = luaL_optnumber(L, -1, 0);
  if (!(timeout >= 0 && timeout <= kMaxTimeout))
    luaL_argerror(L, 2, "timeout must be a number of seconds above 0");
  return timeout;
}

void begin(lua_State* L, Strand& strand, int count, double timeout) {
  const lua::HostWork unrefused(L);
  auto group = std::make_shared<Group>(strand, lua::State::of(L));
  group->begin(L, count, timeout);
  strand.wait_for(L, format("virgo.parallel of {} functions", count), group);
}

int parallel(lua_State* L) {
  Strand& strand = Strand::current(L, "virgo.parallel");
  luaL_checktype(L, 1, LUA_TTABLE);
  const int count = static_cast<int>(lua_objlen(L, 1));
  if (count > kMaxFunctions)
    return luaL_error(L, "virgo.parallel: at most %d functions, not %d", kMaxFunctions, count);
  for (int i = 1; i <= count; ++i) {
    lua_rawgeti(L, 1, i);
    if (!lua_isfunction(L, -1))
      return luaL_error(L, "virgo.parallel: number %d of the list is a %s, not a function", i,
                        luaL_typename(L, -1));
    lua_pop(L, 1);
  }
  const double timeout = read_timeout(L);
  lua::check_can_wait(L, "virgo.parallel");
  if (count == 0) {
    lua_newtable(L);
    return 1;
  }
  begin(L, strand, count, timeout);
  return lua::wait(L);
}

}  // namespace

void open_parallel(lua_State* L) {
  lua_pushcfunction(L, parallel);
  lua_setfield(L, -2, "parallel");
}

}  // namespace virgo::binding
