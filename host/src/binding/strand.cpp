#include "binding/strand.hpp"

#include <lua.hpp>

#include "binding/bindings.hpp"
#include "binding/permits.hpp"
#include "lua/traceback.hpp"

namespace virgo::binding {

Context::Context(uv::Loop& loop, const Clock& clock, uv::WorkerPool* workers)
    : loop_(loop), clock_(clock), workers_(workers) {}
Context::~Context() = default;

const std::string& Context::overlay() const {
  static const std::string none;
  return none;
}

const Permits& Context::permits() const {
  static const Permits none;
  return none;
}

Strand::Strand(Context& context, lua::Coroutine coroutine)
    : context_(context),
      id_(++context.strands_),
      coroutine_(std::move(coroutine)),
      own_scope_(std::make_unique<Scope>(id_, context.max_open(), context.max_held())),
      scope_(own_scope_.get()) {}

Strand::Strand(Strand& parent, lua::Coroutine coroutine)
    : context_(parent.context_),
      id_(++parent.context_.strands_),
      coroutine_(std::move(coroutine)),
      root_(&parent.root()),
      scope_(&parent.scope()) {}

Strand::~Strand() = default;

Strand& Strand::current(lua_State* L, const char* function) {
  Strand* strand = Context::of(L).running();
  if (strand == nullptr)
    luaL_error(L, "%s can only be used in code that may wait, such as collect()", function);
  return *strand;
}

lua::Exit Strand::resume(int nargs) {
  Strand* const outer = std::exchange(context_.running_, this);
  context_.entering(*this);
  const lua::Exit exit = coroutine_.resume(nargs);
  context_.left(*this);
  context_.running_ = outer;
  return exit;
}

void Strand::wait_for(lua_State* L, std::string what, std::shared_ptr<void> operation) {
  waiting_in_ = L;
  waiting_for_ = std::move(what);
  operation_ = std::move(operation);
}

void Strand::complete(const std::function<int(lua_State*)>& push) {
  waiting_in_ = nullptr;
  operation_.reset();
  go_on(push(coroutine_.raw()));
}

void Strand::complete_error(const Error& error, const char* status) {
  complete([&](lua_State* L) { return push_failure(L, status, error); });
}

std::string Strand::waiting_in() const {
  if (waiting_in_ == nullptr) return "";
  const std::string where = lua::position(waiting_in_);  // "" after a tail call
  return where.empty() ? waiting_for_ : waiting_for_ + " at " + where;
}

}  // namespace virgo::binding
