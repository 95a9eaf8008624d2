#include "cli/lua_plugin.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <ctime>

#include "base/format.hpp"
#include "base/text.hpp"
#include "cli/text_table.hpp"
#include "script/lua_check.hpp"
#include "script/lua_check_type.hpp"
#include "script/lua_file.hpp"

namespace virgo::cli {
namespace {

constexpr std::size_t kMaxListed = 1000;  // of one run, for each list

Duration thread_cpu() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

std::string version_of(const std::string& path) {
  struct stat s {};
  if (stat(path.c_str(), &s) != 0) return "";
  return format("{} {} {}.{}", s.st_ino, s.st_size, s.st_mtim.tv_sec, s.st_mtim.tv_nsec);
}

// "warn"; the log's own are padded capitals.
std::string level_name(LogLevel level) {
  std::string out;
  for (const char* c = log_level_name(level); *c != '\0' && *c != ' '; ++c)
    out += static_cast<char>(std::tolower(static_cast<unsigned char>(*c)));
  return out;
}

std::string listed(const std::vector<std::pair<std::string, std::string>>& named) {
  std::string out;
  for (const auto& [list, what] : named)
    out += format("{}{} {}", out.empty() ? "" : ", ", list, one_line(what));
  return out;
}

void write_named(json::Writer& out, const char* key,
                 const std::vector<std::pair<std::string, std::string>>& named) {
  out.key(key);
  out.begin_array();
  for (const auto& [list, what] : named) out.string(to_utf8(list + " " + what));
  out.end_array();
}

}  // namespace

bool is_lua_plugin(const std::string& file) {
  return file.ends_with(".lua");
}

LuaPlugin::LuaPlugin(uv::Loop& loop, const std::string& overlay)
    : workers_({.threads = 1}), services_{loop, system_clock(), watchdog_, workers_} {
  services_.observer = this;
  services_.overlay = overlay;
}

LuaPlugin::~LuaPlugin() = default;

Result<void> LuaPlugin::load(const std::string& path) {
  path_ = path;
  types_.clear();
  file_.reset();
  check_ = nullptr;
  version_ = version_of(path_);
  auto file = script::LuaFile::load(path_, services_);
  if (!file) return file.error();
  file_ = std::move(*file);
  std::vector<script::Declaration> declared = std::move(file_->declarations());
  for (std::size_t n = 0; n < declared.size(); ++n)
    types_.push_back(std::make_unique<script::LuaCheckType>(file_, n, std::move(declared[n])));
  return {};
}

std::unique_ptr<check::Check> LuaPlugin::create(check::CheckType& type,
                                                const config::CheckSpec& spec,
                                                config::Problems& problems) {
  auto check = type.create(spec, problems);
  check_ = check.get();
  return check;
}

bool LuaPlugin::changed() {
  const std::string now = version_of(path_);
  // Editors may take it away for a moment.
  return !now.empty() && now != version_;
}

void LuaPlugin::begin() {
  opened_.clear();
  used_.clear();
  log_.clear();
  cpu_began_ = thread_cpu();
}

void LuaPlugin::opened(const char* kind, std::string_view what) {
  const Named named{kind, what};
  const auto at = std::find_if(opened_.begin(), opened_.end(),
                               [&](const auto& entry) { return entry.first == named; });
  if (at != opened_.end())
    ++at->second;
  else if (opened_.size() < kMaxListed)
    opened_.emplace_back(named, 1);
}

void LuaPlugin::used(const char* list, std::string_view what) {
  Named named{list, what};
  if (used_.size() < kMaxListed && std::find(used_.begin(), used_.end(), named) == used_.end())
    used_.push_back(std::move(named));
}

void LuaPlugin::logged(LogLevel level, std::string_view text) {
  if (log_.size() < kMaxListed) log_.emplace_back(level, text);
  std::fprintf(stderr, "%s: %s\n", level_name(level).c_str(), one_line(text).c_str());
}

LuaPlugin::Needs LuaPlugin::needs() const {
  Needs out;
  const auto* check = static_cast<const script::LuaCheck*>(check_);
  if (check == nullptr) return out;
  const binding::Grants& declared = check->permits().declared;
  const auto add = [&](const char* list, const std::string& need, bool is_used) {
    (is_used ? out.used : out.unused).emplace_back(list, need);
  };
  const auto any = [&](const char* list, const auto& fits) {
    return std::any_of(used_.begin(), used_.end(), [&](const Named& named) {
      return named.first == list && fits(named.second);
    });
  };
  for (const binding::Net kind : binding::net_kinds())
    if ((declared.net & static_cast<std::uint8_t>(kind)) != 0) {
      const std::string name = binding::net_name(kind);
      add("net", name, any("net", [&](const std::string& what) { return what == name; }));
    }
  const auto add_paths = [&](const char* list, const std::vector<std::string>& paths) {
    for (const std::string& path : paths)
      add(list, path,
          any(list, [&](const std::string& what) { return binding::matches_path(path, what); }));
  };
  add_paths("exec", declared.exec);
  add_paths("read", declared.read);
  return out;
}

LuaPlugin::Cost LuaPlugin::cost() const {
  const lua::State* state = file_ == nullptr ? nullptr : file_->live_state();
  return {thread_cpu() - cpu_began_, state == nullptr ? 0 : state->memory()};
}

std::string LuaPlugin::page() {
  const Cost now = cost();
  std::string out = format("cpu     {:.3f} ms\n", static_cast<double>(now.cpu.count()) / 1e6);
  out += format("memory  {} KiB of Lua\n", (now.memory + 1023) / 1024);
  const char* title = "opened  ";
  for (const auto& [named, times] : opened_) {
    out += format("{}{} {}{}\n", title, named.first, one_line(named.second),
                  times > 1 ? format(" ({} times)", times) : "");
    title = "        ";
  }
  const Needs all = needs();
  if (!all.used.empty()) out += format("needs   {}\n", listed(all.used));
  if (!all.unused.empty()) out += format("unused  {}\n", listed(all.unused));
  return out + "\n";
}

void LuaPlugin::members(json::Writer& out) {
  const Cost now = cost();
  out.key("cpu_us");
  out.integer(static_cast<std::int64_t>(now.cpu.count() / 1000));
  out.key("memory");
  out.integer(static_cast<std::uint64_t>(now.memory));
  out.key("opened");
  out.begin_array();
  for (const auto& [named, times] : opened_) {
    out.begin_object();
    out.key("kind");
    out.string(named.first);
    out.key("what");
    out.string(to_utf8(named.second));
    out.key("times");
    out.integer(std::uint64_t{times});
    out.end_object();
  }
  out.end_array();
  const Needs all = needs();
  write_named(out, "needs_used", all.used);
  write_named(out, "needs_unused", all.unused);
  out.key("log");
  out.begin_array();
  for (const auto& [level, text] : log_) {
    out.begin_object();
    out.key("level");
    out.string(level_name(level));
    out.key("text");
    out.string(to_utf8(text));
    out.end_object();
  }
  out.end_array();
}

}  // namespace virgo::cli
