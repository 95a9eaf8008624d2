#include "script/lua_file.hpp"

#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <lua.hpp>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/text.hpp"
#include "lua/traceback.hpp"
#include "script/check_bindings.hpp"
#include "script/file_text.hpp"
#include "script/hung_checks.hpp"
#include "script/lua_check.hpp"
#include "script/lua_run.hpp"

namespace virgo::script {
namespace {

constexpr std::size_t kIdleCoroutines = 4;

std::string base_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

const config::LuaPluginSpec* find_settings(const CheckServices& services, const std::string& name) {
  for (const config::LuaPluginSpec& file : services.files)
    if (file.file == name) return &file;
  return nullptr;
}

}  // namespace

LuaFile::LuaFile(std::string path, const CheckServices& services)
    : Context(services.loop, services.clock, &services.workers),
      path_(std::move(path)),
      name_(base_name(path_)),
      identity_(file_identity(path_)),
      services_(services),
      settings_(find_settings(services_, name_)),
      limits_(limits_of(services_.limits, settings_)),
      log_(services.clock, limits_.log_lines),
      cpu_(limits_.cpu_per_minute, services.clock.now()) {}

LuaFile::~LuaFile() {
  idle_.clear();
}

Result<std::shared_ptr<LuaFile>> LuaFile::load(const std::string& path,
                                               const CheckServices& services) {
  auto source = read_script(path);
  if (!source) return source.error();
  return load(path, std::move(source).value(), services);
}

Result<std::shared_ptr<LuaFile>> LuaFile::load(const std::string& path, std::string source,
                                               const CheckServices& services) {
  std::shared_ptr<LuaFile> file(new LuaFile(path, services));
  file->source_ = std::move(source);
  if (std::string why = file->hung(""); !why.empty()) return Error{Errc::limit, std::move(why)};
  if (auto opened = file->open_state(); !opened) return opened.error();
  auto declared = file->run_file();
  if (!declared) return declared.error();
  file->declarations_ = std::move(declared).value();
  for (const Declaration& d : file->declarations_) file->names_.push_back(d.name);
  return file;
}

Result<void> LuaFile::open_state() {
  idle_.clear();
  lua::StateOptions options;
  options.kind = lua::StateKind::plugin;
  options.name = name_;
  options.memory = limits_.memory;
  options.budget = limits_.budget;
  options.watchdog = &services_.watchdog;
  options.memory_option = "limits.lua_memory";
  options.budget_option = "limits.lua_budget";
  auto made = lua::State::create(std::move(options));
  if (!made) return made.error().context(name_);
  state_ = std::move(made).value();
  state_->set_owner(static_cast<binding::Context*>(this));
  ++generation_;
  return state_->protect(
      [](lua_State* L) {
        bind_check_globals(L);
        lua_newtable(L);
        of(L).declared_ref_ = luaL_ref(L, LUA_REGISTRYINDEX);
        return 0;
      },
      nullptr);
}

Result<std::vector<Declaration>> LuaFile::run_file() {
  lua_State* L = state_->raw();
  if (auto loaded = state_->load(L, source_, "@" + name_); !loaded) return loaded.error();
  loading_ = true;
  const lua::Exit exit = state_->call(L, 0, 0);
  loading_ = false;
  if (exit != lua::Exit::done) return Error{Errc::invalid, state_->failure().sentence()};

  std::vector<Declaration> out;
  lua_rawgeti(L, LUA_REGISTRYINDEX, declared_ref_);
  const int count = static_cast<int>(lua_objlen(L, -1)) / 2;
  for (int i = 1; i <= count; ++i) {
    lua_rawgeti(L, -1, 2 * i);
    const std::string where = lua_tostring(L, -1);
    lua_pop(L, 1);
    lua_rawgeti(L, -1, 2 * i - 1);
    auto declaration = read_declaration(L, -1);
    lua_pushliteral(L, "collect");
    lua_rawget(L, -2);
    const bool collects = lua_isfunction(L, -1);
    lua_pop(L, 2);
    if (!declaration) return declaration.error().context(where + ": virgo.check");
    if (!collects)
      return Error{Errc::invalid,
                   format("{}: check '{}' has no function collect(run)", where, declaration->name)};
    for (const Declaration& other : out)
      if (other.name == declaration->name)
        return Error{Errc::invalid, format("{}: check '{}' is declared already in this file", where,
                                           declaration->name)};
    out.push_back(std::move(declaration).value());
  }
  lua_pop(L, 1);
  if (out.empty())
    return Error{Errc::invalid, name_ + ": declares no check: it does not call virgo.check{...}"};
  return out;
}

Result<lua::State*> LuaFile::state() {
  if (state_ != nullptr && !state_->spent()) return state_.get();
  if (auto opened = open_state(); !opened) return opened.error();
  auto declared = run_file();
  bool same = declared.ok() && declared->size() == names_.size();
  for (std::size_t i = 0; same && i < names_.size(); ++i) same = (*declared)[i].name == names_[i];
  if (same) return state_.get();
  idle_.clear();
  state_.reset();
  if (!declared) return declared.error();
  return Error{Errc::failed, name_ + ": declared other checks when it was run again"};
}

void LuaFile::push_declared(lua_State* L, std::size_t n) const {
  lua_rawgeti(L, LUA_REGISTRYINDEX, declared_ref_);
  lua_rawgeti(L, -1, static_cast<int>(2 * n + 1));
  lua_remove(L, -2);
}

void LuaFile::declare(lua_State* L, int index) {
  if (!loading_)
    luaL_error(L, "virgo.check can only be called while the file is loaded, not from collect()");
  char where[80] = "";
  lua::position(L, 1, where, sizeof where);
  lua_rawgeti(L, LUA_REGISTRYINDEX, declared_ref_);
  const int count = static_cast<int>(lua_objlen(L, -1));
  lua_pushvalue(L, index);
  lua_rawseti(L, -2, count + 1);
  lua_pushstring(L, where);
  lua_rawseti(L, -2, count + 2);
  lua_pop(L, 1);
}

void LuaFile::log(LogLevel level, std::string_view text) {
  const LuaRun* run = current_run();
  if (services_.observer != nullptr) {
    services_.observer->logged(level, text);
    return;
  }
  const std::string who = run != nullptr ? format("check '{}'", run->check().name()) : name_;
  if (log_.write(level, who, text)) return;
  exceeded("limits.lua_log_lines", format("{}", limits_.log_lines),
           format("wrote more than {} lines into the log in a minute (limits.lua_log_lines)",
                  limits_.log_lines));
}

binding::Context::Executing LuaFile::executing() const {
  const LuaRun* run = current_run();
  return {run == nullptr ? "" : run->check().name(), path_, identity_};
}

std::string LuaFile::hung(std::string_view check) const {
  return services_.hung == nullptr ? "" : services_.hung->refusal(check, path_, identity_);
}

void LuaFile::exceeded(const char* limit, std::string value, std::string text) {
  if (LuaRun* run = current_run(); run != nullptr)
    run->exceed(limit, std::move(value), std::move(text));
}

void LuaFile::entering(binding::Strand& strand) {
  const auto& run = static_cast<LuaRun&>(strand.root());
  // What runs in the background has no end by which to measure it.
  const Duration of_run =
      run.is_background() ? limits_.cpu_per_minute : limits_.cpu_per_run - run.cpu;
  const Duration of_minute = cpu_left();
  cpu_before_ = state_->cpu_used();
  if (of_run <= of_minute && !run.is_background())
    state_->set_allowance({of_run, limits_.cpu_per_run, "in one run", "limits.lua_cpu_per_run"});
  else
    state_->set_allowance(
        {of_minute, limits_.cpu_per_minute, "in a minute", "limits.lua_cpu_per_minute"});
}

void LuaFile::left(binding::Strand& strand) {
  const Duration used = state_->cpu_used() - cpu_before_;
  static_cast<LuaRun&>(strand.root()).cpu += used;
  cpu_.use(used);
  state_->set_allowance({});
}

LuaRun* LuaFile::current_run() const {
  binding::Strand* strand = running();
  return strand == nullptr ? nullptr : &static_cast<LuaRun&>(strand->root());
}

const binding::Permits& LuaFile::permits() const {
  const LuaRun* run = current_run();
  return run == nullptr ? Context::permits() : run->check().permits();
}

void LuaFile::watch(const std::shared_ptr<binding::FileJob>& job) {
  if (LuaRun* run = current_run(); run != nullptr) run->check().watch(job);
}

void LuaFile::opened(const char* kind, std::string_view what) {
  if (services_.observer != nullptr) services_.observer->opened(kind, what);
}

void LuaFile::used(const char* list, std::string_view what) {
  if (services_.observer != nullptr) services_.observer->used(list, what);
}

std::size_t LuaFile::max_read() const {
  return static_cast<std::size_t>(limits_.memory / 4);
}

lua::Coroutine LuaFile::take_coroutine() {
  if (idle_.empty()) return lua::Coroutine(*state_);
  lua::Coroutine out = std::move(idle_.back());
  idle_.pop_back();
  return out;
}

void LuaFile::give_back(lua::Coroutine coroutine) {
  if (idle_.size() < kIdleCoroutines) idle_.push_back(std::move(coroutine));
}

void LuaFile::remove(LuaCheck& check) {
  std::erase(checks_, &check);
}

void LuaFile::give_up_state(LuaCheck& guilty, const std::string& why) {
  for (LuaCheck* check : checks_)
    if (check != &guilty) check->evict(why);
  idle_.clear();
  state_.reset();
  malloc_trim(0);  // what it had is not to stay with the process
  // Ending a run calls into the scheduler; look anew each time.
  const auto next = [this] {
    return std::find_if(checks_.begin(), checks_.end(),
                        [](LuaCheck* check) { return check->evicted(); });
  };
  for (auto it = next(); it != checks_.end(); it = next()) (*it)->finish_evicted();
}

}  // namespace virgo::script
