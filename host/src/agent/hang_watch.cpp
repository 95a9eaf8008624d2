#include "agent/hang_watch.hpp"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <vector>

#include "agent/crash_folder.hpp"
#include "agent/crash_watch.hpp"
#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "binding/strand.hpp"
#include "uv/process_spawn.hpp"

namespace virgo::agent {
namespace {

// How a process without a state folder tells the next one.
constexpr const char* kEnvironment = "VIRGO_HUNG_CHECKS";
constexpr std::uint64_t kMaxArguments = 1 << 20;
constexpr int kGiveUp = 1;

Result<std::string> of_folder(const std::string& state_folder) {
  if (state_folder.empty()) return std::string();
  const auto folder = CrashFolder::open(state_folder);
  if (!folder) return folder.error();
  return folder->hung();
}

// What the state folder knows, and what the process that was here before has left.
std::string known(const Result<std::string>& from_folder) {
  std::string lines = from_folder ? *from_folder : std::string();
  if (const char* before = std::getenv(kEnvironment); before != nullptr) lines += before;
  return lines;
}

Result<void> remember(const std::string& state_folder, const std::string& text) {
  if (state_folder.empty()) return {};
  const auto folder = CrashFolder::open(state_folder);
  if (!folder) return folder.error();
  return folder->replace_hung(text);
}

// Does not return.
[[noreturn]] void replace_process() {
  const Descriptor file = open_to_read("/proc/self/cmdline");
  const auto text = read_to_end(file.get(), kMaxArguments);
  std::vector<char*> arguments;
  std::string bytes = text ? *text : std::string();
  for (std::size_t at = 0; at < bytes.size(); at = bytes.find('\0', at) + 1)
    arguments.push_back(bytes.data() + at);
  arguments.push_back(nullptr);
  uv::end_children();
  // This thread takes no signals; the new process must.
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, nullptr);
  if (arguments.size() > 1) execv("/proc/self/exe", arguments.data());
  log_error("agent", "cannot start itself anew: {}; leaving", system_error(errno).message);
  _exit(kGiveUp);
}

// On the watchdog's thread; the loop thread is stuck inside Lua and changes nothing.
void replace_without(lua_State* L, const std::string& state_folder) {
  const binding::Context::Executing guilty = binding::Context::of(L).executing();
  if (guilty.file.empty()) {
    log_error("agent", "the conversation is in a call that cannot be interrupted; leaving");
    _exit(kGiveUp);
  }
  auto hung = script::HungChecks::parse(known(of_folder(state_folder)));
  hung.add({system_clock().wall() / 1'000'000'000, guilty.identity, guilty.check, guilty.file});
  const std::string text = hung.text();
  setenv(kEnvironment, text.c_str(), 1);
  const std::string who =
      guilty.check.empty() ? guilty.file : format("check '{}' of {}", guilty.check, guilty.file);
  if (const auto done = remember(state_folder, text); !done)
    log_warn("agent", "{}; a restart will forget it", done.error().message);
  log_error("agent",
            "{} is in a call that cannot be interrupted (limits.lua_grace): starting anew "
            "without it",
            who);
  replace_process();
}

}  // namespace

std::shared_ptr<const script::HungChecks> read_hung_checks(const config::AgentSpec& spec) {
  const auto folder = state_folder(spec);
  const auto text = folder ? of_folder(*folder) : Result<std::string>(folder.error());
  if (!text) log_warn("agent", "{}; no check is left out", text.error().message);
  return std::make_shared<const script::HungChecks>(script::HungChecks::parse(known(text)));
}

void watch_hangs(const config::AgentSpec& spec, lua::Watchdog& watchdog) {
  const auto folder = state_folder(spec);
  const std::string path = folder ? *folder : std::string();
  watchdog.set_last_resort(spec.limits.lua_grace,
                           [path](lua_State* L) { replace_without(L, path); });
}

}  // namespace virgo::agent
