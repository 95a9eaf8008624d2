// LuaFile: one plugin file and the Lua state its checks share. The file is the
// unit of trust and of accounting: memory and CPU are capped per file, and a
// state that broke a cap is closed and made anew for all instances of the file.
// Loop thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "binding/strand.hpp"
#include "lua/coroutine.hpp"
#include "lua/state.hpp"
#include "script/check_services.hpp"
#include "script/cpu_meter.hpp"
#include "script/file_limits.hpp"
#include "script/log_limiter.hpp"
#include "script/lua_declaration.hpp"

namespace virgo::script {

class LuaCheck;
class LuaRun;

class LuaFile final : public binding::Context {
 public:
  // Reads the file, runs it, and reads what it declares: at least one check.
  // Errors begin with the file's path or "name.lua:line".
  static Result<std::shared_ptr<LuaFile>> load(const std::string& path,
                                               const CheckServices& services);
  // The same of a text that was read already.
  static Result<std::shared_ptr<LuaFile>> load(const std::string& path, std::string source,
                                               const CheckServices& services);
  ~LuaFile() override;
  LuaFile(const LuaFile&) = delete;
  LuaFile& operator=(const LuaFile&) = delete;

  const std::string& path() const { return path_; }
  const std::string& name() const { return name_; }  // "redis.lua"
  const std::string& source() const { return source_; }
  const CheckServices& services() const { return services_; }
  // What the file declared when it was loaded, to be moved into check types.
  std::vector<Declaration>& declarations() { return declarations_; }

  // The state, made anew (by running the file again) if the last one is spent.
  Result<lua::State*> state();
  // The same without making one; null if there is none.
  lua::State* live_state() const { return state_.get(); }
  // Counts states; what was made in an older one is gone.
  std::uint32_t generation() const { return generation_; }
  // Pushes the table of the n-th declaration.
  void push_declared(lua_State* L, std::size_t n) const;

  // A thread for a run; they are used again.
  lua::Coroutine take_coroutine();
  void give_back(lua::Coroutine coroutine);

  void add(LuaCheck& check) { checks_.push_back(&check); }
  void remove(LuaCheck& check);

  // `guilty` broke a cap: the open runs of the others end as cancelled, with
  // `why`, and the state is closed. Its own run must have been dropped.
  void give_up_state(LuaCheck& guilty, const std::string& why);

  // Of the bindings: remembers the table at `index`, given to virgo.check().
  // May raise.
  void declare(lua_State* L, int index);

  // Under the name of the check whose run is executing, or the file's; limited.
  void log(LogLevel level, std::string_view text) override;
  // A quarter of the cap, so that the script can work with what it got.
  std::size_t max_read() const override;
  // Of the check whose run is executing.
  const binding::Permits& permits() const override;
  void watch(const std::shared_ptr<binding::FileJob>& job) override;
  void opened(const char* kind, std::string_view what) override;
  void used(const char* list, std::string_view what) override;
  const std::string& overlay() const override { return services_.overlay; }
  std::size_t max_open() const override { return limits_.sockets; }
  Executing executing() const override;
  // Why `check` must not run, or with "" nothing of this file; "" if it may.
  std::string hung(std::string_view check) const;
  void exceeded(const char* limit, std::string value, std::string text) override;
  void entering(binding::Strand& strand) override;
  void left(binding::Strand& strand) override;

  const FileLimits& limits() const { return limits_; }
  // What the configuration says about this file; null: nothing.
  const config::LuaPluginSpec* settings() const { return settings_; }
  // Processor time that is left of this minute.
  Duration cpu_left() { return cpu_.left(services_.clock.now()); }

  // The run whose code executes, or that of the function of virgo.parallel that does;
  // null outside of runs.
  LuaRun* current_run() const;
  // The file a binding was called from.
  static LuaFile& of(lua_State* L) { return static_cast<LuaFile&>(binding::Context::of(L)); }

 private:
  LuaFile(std::string path, const CheckServices& services);
  Result<void> open_state();
  Result<std::vector<Declaration>> run_file();

  const std::string path_;
  const std::string name_;
  const std::string identity_;  // file_identity() when it was loaded
  const CheckServices services_;
  std::string source_;  // kept, so that a new state runs what the old one ran
  std::vector<Declaration> declarations_;
  std::vector<std::string> names_;  // of the declared checks, in order

  std::unique_ptr<lua::State> state_;
  std::vector<lua::Coroutine> idle_;
  int declared_ref_ = -1;  // list of: table given to virgo.check(), where
  bool loading_ = false;
  std::uint32_t generation_ = 0;
  std::vector<LuaCheck*> checks_;
  const config::LuaPluginSpec* const settings_;
  const FileLimits limits_;
  LogLimiter log_;
  CpuMeter cpu_;
  Duration cpu_before_{};  // of the state, when the executing strand was entered
};

}  // namespace virgo::script
