#include "runtime/worker.hpp"

#include <lua.hpp>

namespace virgo::runtime {

bool read_values(lua_State* L, int first, int last, ThreadValues& out, int& bad) {
  for (int i = first; i <= last; ++i) {
    std::size_t n = 0;
    const char* s = nullptr;
    switch (lua_type(L, i)) {
      case LUA_TNIL:
        out.emplace_back();
        break;
      case LUA_TBOOLEAN:
        out.emplace_back(lua_toboolean(L, i) != 0);
        break;
      case LUA_TNUMBER:
        out.emplace_back(static_cast<double>(lua_tonumber(L, i)));
        break;
      case LUA_TSTRING:
        s = lua_tolstring(L, i, &n);
        out.emplace_back(std::string(s, n));
        break;
      default:
        bad = i;
        return false;
    }
  }
  return true;
}

void push_values(lua_State* L, const ThreadValues& values) {
  luaL_checkstack(L, static_cast<int>(values.size()) + 4, "too many values");
  for (const ThreadValue& value : values) {
    if (const bool* b = std::get_if<bool>(&value))
      lua_pushboolean(L, *b ? 1 : 0);
    else if (const double* d = std::get_if<double>(&value))
      lua_pushnumber(L, *d);
    else if (const std::string* s = std::get_if<std::string>(&value))
      lua_pushlstring(L, s->data(), s->size());
    else
      lua_pushnil(L);
  }
}

Result<std::unique_ptr<Worker>> Worker::create(const ProgramOptions& parent, std::uint64_t id) {
  std::unique_ptr<Worker> worker(new Worker(id));
  ProgramOptions options;
  options.executable = parent.executable;
  options.words = parent.words;
  options.runtime_folder = parent.runtime_folder;
  options.worker = worker.get();
  options.exit = [w = worker.get()](int) {
    w->exited_ = true;
    w->loop_.stop();
  };
  auto program = Program::start(worker->loop_, std::move(options));
  if (!program) return program.error();
  worker->program_ = std::move(program).value();
  return worker;
}

Worker::~Worker() {
  program_.reset();
  loop_.run();  // last goodbyes
}

void Worker::failed(std::string message, std::string traceback) {
  if (outcome_.failed) return;
  outcome_.failed = true;
  outcome_.message = std::move(message);
  outcome_.traceback = std::move(traceback);
}

Worker::Outcome Worker::run(const std::string& code, const ThreadValues& arguments, bool last) {
  outcome_ = {};
  lua_State* L = program_->state().raw();
  program_->push_entry();
  lua_pushlstring(L, code.data(), code.size());
  push_values(L, arguments);
  program_->call(L, 1 + static_cast<int>(arguments.size()));
  int exit_code = 0;
  while (!exited_) {
    loop_.run();
    if (exited_ || !last || program_->finish(exit_code)) break;
  }
  return std::move(outcome_);
}

}  // namespace virgo::runtime
