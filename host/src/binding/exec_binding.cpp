#include "binding/exec_binding.hpp"

#include <stdlib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <lua.hpp>
#include <string_view>

#include "base/child_process.hpp"
#include "base/format.hpp"
#include "base/text.hpp"
#include "binding/bindings.hpp"
#include "binding/exec_job.hpp"
#include "binding/handle.hpp"
#include "binding/options.hpp"
#include "binding/permits.hpp"
#include "binding/strand.hpp"
#include "lua/scratch.hpp"

namespace virgo::binding {
namespace {

constexpr const char* kName = "virgo.exec";
constexpr const char* kCall = "virgo.exec.call";
constexpr const char* kSlots = "virgo.exec.slots";
// Children that are not reaped: of one file, and of all.
constexpr unsigned kMaxOfFile = 16;
constexpr std::size_t kMaxOfAll = 128;
constexpr unsigned kMaxStuck = 4;  // each holds a thread
constexpr double kDefaultOutput = 1 << 20;
constexpr std::size_t kMaxErrorOutput = 64 * 1024;
constexpr double kMaxTimeout = 86400;
// What a child has of our environment. The rest may hold secrets.
constexpr std::array<const char*, 4> kInherited{"PATH", "HOME", "TZ", "TMPDIR"};
constexpr std::string_view kDefaultPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

using Slots = std::shared_ptr<ExecSlots>;

// In the scope of the run as long as the call waits: it counts there.
class Program final : public Resource {
 public:
  explicit Program(std::string name) : name_(std::move(name)) {}
  const char* kind() const override { return "process"; }
  std::string description() const override { return name_; }

 private:
  const std::string name_;
};

// Functions below take C++ objects only in userdata, because they may raise.

std::string_view text_at(lua_State* L, int index) {
  std::size_t size = 0;
  const char* text = lua_tolstring(L, index, &size);
  return {text, size};
}

bool is_text(lua_State* L, int index) {
  return lua_type(L, index) == LUA_TSTRING || lua_type(L, index) == LUA_TNUMBER;
}

void set_variable(std::vector<std::string>& environment, std::string_view name,
                  std::string_view value) {
  std::erase_if(environment, [name](const std::string& v) {
    return v.size() > name.size() && v.starts_with(name) && v[name.size()] == '=';
  });
  environment.push_back(std::string(name) + "=" + std::string(value));
}

void set_default_environment(std::vector<std::string>& environment) {
  set_variable(environment, "PATH", kDefaultPath);
  // Numbers and messages that programs can be expected to write alike everywhere.
  set_variable(environment, "LC_ALL", "C.UTF-8");
  for (const char* name : kInherited)
    if (const char* value = getenv(name); value != nullptr && *value != '\0')
      set_variable(environment, name, value);
}

void read_argv(lua_State* L, ExecJob::Call& call) {
  const auto count = static_cast<int>(lua_objlen(L, 1));
  if (count == 0) luaL_error(L, "%s: no program: %s{ \"/path/of/it\", ... }", kName, kName);
  for (int i = 1; i <= count; ++i) {
    lua_rawgeti(L, 1, i);
    if (!is_text(L, -1))
      luaL_error(L, "%s: argument %d is a %s, not a text", kName, i - 1, luaL_typename(L, -1));
    call.what.argv.emplace_back(text_at(L, -1));
    lua_pop(L, 1);
  }
}

// The table at the top.
void read_environment(lua_State* L, ExecJob::Call& call) {
  if (!lua_istable(L, -1)) luaL_error(L, "%s: env is a table of names and texts", kName);
  lua_pushnil(L);
  while (lua_next(L, -2) != 0) {  // env name value
    if (lua_type(L, -2) != LUA_TSTRING || !is_text(L, -1))
      luaL_error(L, "%s: env is a table of names and texts", kName);
    const std::string_view name = text_at(L, -2);
    const std::string_view value = text_at(L, -1);
    check_variable(L, name, value, kName);
    set_variable(call.what.environment, name, value);
    lua_pop(L, 1);
  }
}

double number_option(lua_State* L, const char* name, double least, double most) {
  const double number = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : -1;
  if (!(number >= least && number <= most))
    luaL_error(L, "%s: %s is a number from %f to %f", kName, name, least, most);
  return number;
}

std::string_view text_option(lua_State* L, const char* name) {
  if (!is_text(L, -1)) luaL_error(L, "%s: %s is a text", kName, name);
  return text_at(L, -1);
}

// The value at the top.
void read_option(lua_State* L, std::string_view name, double max_output, ExecJob::Call& call) {
  if (name == "env") {
    read_environment(L, call);
  } else if (name == "stdin") {
    call.options.input = text_option(L, "stdin");
    call.what.input = true;
  } else if (name == "cwd") {
    call.what.cwd = text_option(L, "cwd");
  } else if (name == "timeout") {
    const double seconds = number_option(L, "timeout", 0.001, kMaxTimeout);
    call.timeout = as_duration(seconds);
  } else if (name == "max_output") {
    call.options.max_out = static_cast<std::size_t>(number_option(L, "max_output", 0, max_output));
  } else {
    luaL_error(L, "%s: no option '%s'; there are env, stdin, cwd, timeout and max_output", kName,
               name.data());
  }
}

void read_call(lua_State* L, double max_output, ExecJob::Call& call) {
  luaL_checktype(L, 1, LUA_TTABLE);
  read_argv(L, call);
  set_default_environment(call.what.environment);
  call.options.max_out = static_cast<std::size_t>(std::min(kDefaultOutput, max_output));
  const std::size_t count = call.what.argv.size();
  lua_pushnil(L);
  while (lua_next(L, 1) != 0) {  // key value
    if (lua_type(L, -2) == LUA_TSTRING) {
      read_option(L, text_at(L, -2), max_output, call);
    } else {
      const double n = lua_type(L, -2) == LUA_TNUMBER ? lua_tonumber(L, -2) : 0;
      if (!(n >= 1 && n <= static_cast<double>(count) && n == std::floor(n)))
        luaL_error(L, "%s: the program and its arguments are a list without gaps", kName);
    }
    lua_pop(L, 1);
  }
  call.options.max_err = std::min(call.options.max_out, kMaxErrorOutput);
}

// Upvalue 1.
const Slots& slots_of(lua_State* L) {
  return *static_cast<Slots*>(lua_touserdata(L, lua_upvalueindex(1)));
}

void check_slots(lua_State* L) {
  const ExecSlots& slots = *slots_of(L);
  if (slots.stuck >= kMaxStuck)
    luaL_error(L,
               "%s: %d programs could not be started before, and that has not come back: are their "
               "files on a mount that hangs?",
               kName, static_cast<int>(kMaxStuck));
  if (slots.taken >= kMaxOfFile)
    luaL_error(L, "%s: %d programs that this file has started still run", kName,
               static_cast<int>(kMaxOfFile));
  if (uv::live_children() >= kMaxOfAll)
    luaL_error(L, "%s: %d programs of the agent's checks still run", kName,
               static_cast<int>(kMaxOfAll));
}

// Raises nothing.
int push_result(lua_State* L, const uv::ProcessResult& result) {
  const lua::HostWork unrefused(L);
  lua_createtable(L, 0, 6);
  if (result.signal != 0) {
    lua_pushstring(L, signal_name(result.signal).c_str());
    lua_setfield(L, -2, "signal");
  } else {
    lua_pushinteger(L, result.exit_code);
    lua_setfield(L, -2, "code");
  }
  lua_pushlstring(L, result.out.data(), result.out.size());
  lua_setfield(L, -2, "stdout");
  lua_pushlstring(L, result.err.data(), result.err.size());
  lua_setfield(L, -2, "stderr");
  lua_pushboolean(L, (result.out_cut || result.err_cut) ? 1 : 0);
  lua_setfield(L, -2, "truncated");
  lua_pushboolean(L, result.left_behind ? 1 : 0);
  lua_setfield(L, -2, "left_behind");
  lua_pushnumber(L, std::chrono::duration<double>(result.duration).count());
  lua_setfield(L, -2, "seconds");
  return 1;
}

void ended(Strand& strand, const Result<uv::ProcessResult>& result) {
  if (!result)
    strand.complete_error(result.error(),
                          result.error().code == Errc::timeout ? "timeout" : "failed");
  else
    strand.complete([&](lua_State* L) { return push_result(L, *result); });
}

// What it may hold: what it is given, and its output.
std::size_t bytes_of(const ExecJob::Call& call) {
  std::size_t given = call.options.input.size() + call.what.cwd.size();
  for (const std::string& text : call.what.argv) given += text.size();
  for (const std::string& text : call.what.environment) given += text.size();
  return given + call.options.max_out + call.options.max_err;
}

// 0 with the work begun, or the results of a failure.
int start(lua_State* L, Strand& strand, ExecJob::Call& call) {
  const lua::HostWork unrefused(L);
  Context& context = strand.context();
  const std::size_t bytes = bytes_of(call);
  const std::string name = printable(call.what.argv[0], 256);
  call.what.argv[0] = file_to_use(context, call.what.argv[0]);
  auto job = ExecJob::start(context.loop(), *context.workers(), slots_of(L), std::move(call),
                            [&strand](const Result<uv::ProcessResult>& r) { ended(strand, r); });
  if (job == nullptr)
    return push_failure(L, "failed", Error{Errc::cancelled, "the agent is stopping"});
  context.opened("process", name);
  Scope& scope = strand.scope();
  const std::uint64_t number = scope.add(std::make_unique<Program>(name));
  auto held = std::make_shared<Reservation>(scope, bytes);
  const auto forget = [job, &scope, number, held](void*) {
    job->forget();
    scope.take(number);
  };
  strand.wait_for(L, format("{} of {}", kName, name), std::shared_ptr<void>(nullptr, forget));
  return 0;
}

int exec(lua_State* L) {
  Strand& strand = Strand::current(L, kName);
  auto& call = lua::push_reused<ExecJob::Call>(L, kCall);
  read_call(L, static_cast<double>(strand.context().max_read()), call);
  check_exec(L, call.what.argv[0].c_str(), kName);
  check_room(L, strand, kName);
  check_bytes(L, strand, kName, static_cast<double>(bytes_of(call)), "lower max_output");
  check_slots(L);
  lua::check_can_wait(L, kName);
  if (const int results = start(L, strand, call); results > 0) return results;
  return lua::wait(L);
}

}  // namespace

int open_exec(lua_State* L) {
  lua::push_boxed<Slots>(L, kSlots) = std::make_shared<ExecSlots>();
  lua_pushcclosure(L, exec, 1);
  return 1;
}

}  // namespace virgo::binding
