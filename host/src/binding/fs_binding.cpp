// virgo.fs: files, read only. The kernel's own files are read on the spot, all else is done
// on a worker, because the disk it lies on may be gone.
#include "binding/fs_binding.hpp"

#include <algorithm>
#include <array>
#include <lua.hpp>

#include "base/format.hpp"
#include "binding/bindings.hpp"
#include "binding/file_job.hpp"
#include "binding/handle.hpp"
#include "binding/options.hpp"
#include "binding/permits.hpp"
#include "binding/read_file.hpp"
#include "binding/strand.hpp"

namespace virgo::binding {
namespace {

constexpr const char* kRead = "virgo.fs.read";
constexpr const char* kStat = "virgo.fs.stat";
constexpr const char* kList = "virgo.fs.list";
constexpr double kDefaultMax = 64 * 1024;
constexpr double kMostExact = 9007199254740992;  // 2^53
constexpr std::size_t kMaxNames = 10'000;

int push(lua_State* L, const std::string& content) {
  lua_pushlstring(L, content.data(), content.size());
  return 1;
}

int push(lua_State* L, const FilePiece& piece) {
  lua_pushlstring(L, piece.bytes.data(), piece.bytes.size());
  lua_pushnumber(L, static_cast<double>(piece.next));
  return 2;
}

int push(lua_State* L, const FileFacts& facts) {
  const auto set = [L](const char* name, double value) {
    lua_pushnumber(L, value);
    lua_setfield(L, -2, name);
  };
  lua_createtable(L, 0, 6);
  set("size", static_cast<double>(facts.size));
  set("mtime", facts.mtime);
  set("inode", static_cast<double>(facts.inode));
  set("device", static_cast<double>(facts.device));
  set("mode", facts.mode);
  lua_pushstring(L, facts.type);
  lua_setfield(L, -2, "type");
  return 1;
}

int push(lua_State* L, const std::vector<std::string>& names) {
  lua_createtable(L, static_cast<int>(names.size()), 0);
  int i = 0;
  for (const std::string& name : names) {
    lua_pushlstring(L, name.data(), name.size());
    lua_rawseti(L, -2, ++i);
  }
  return 1;
}

template <class T>
int push_result(lua_State* L, const Result<T>& result) {
  if (!result) return push_failure(L, "failed", result.error());
  return push(L, *result);
}

// Begins `work`, which gives a Result of up to `bytes`. Pushes an error, or returns 0.
template <class Work>
int start(lua_State* L, Strand& strand, const char* function, const char* path, std::size_t bytes,
          Work work) {
  Context& context = strand.context();
  auto job =
      FileJob::start(context.loop(), *context.workers(), [&strand, work = std::move(work)]() {
        auto result = std::make_shared<decltype(work())>(work());
        return [&strand, result] {
          strand.complete([&](lua_State* l) { return push_result(l, *result); });
        };
      });
  if (job == nullptr)
    return push_failure(L, "failed", Error{Errc::cancelled, "the agent is stopping"});
  context.watch(job);
  auto held = std::make_shared<Reservation>(strand.scope(), bytes);
  strand.wait_for(L, format("{} of {}", function, path),
                  std::shared_ptr<void>(nullptr, [job, held](void*) { job->forget(); }));
  return 0;
}

// Pushes the result if the file can be read on the spot, else returns 0 with the
// work begun.
int start_read(lua_State* L, Strand& strand, const char* path, std::uint64_t max) {
  const lua::HostWork unrefused(L);
  Result<std::string> content{std::string()};
  std::string file = file_to_use(strand.context(), path);
  if (read_kernel_file(file, max, content)) return push_result(L, content);
  return start(L, strand, kRead, path, max,
               [file = std::move(file), max, reach = reach_of(strand.context())] {
                 return read_file(file, max, reach);
               });
}

int start_read_piece(lua_State* L, Strand& strand, const char* path, double from,
                     std::uint64_t max) {
  const lua::HostWork unrefused(L);
  return start(
      L, strand, kRead, path, max,
      [file = file_to_use(strand.context(), path), at = static_cast<std::int64_t>(from), max,
       reach = reach_of(strand.context())] { return read_file_piece(file, at, max, reach); });
}

int start_stat(lua_State* L, Strand& strand, const char* path) {
  const lua::HostWork unrefused(L);
  return start(L, strand, kStat, path, 0,
               [file = file_to_use(strand.context(), path), reach = reach_of(strand.context())] {
                 return stat_file(file, reach);
               });
}

std::size_t list_bytes(const Strand& strand) {
  return strand.context().max_read() / 2;
}

int start_list(lua_State* L, Strand& strand, const char* path) {
  const lua::HostWork unrefused(L);
  const std::size_t bytes = list_bytes(strand);
  return start(
      L, strand, kList, path, bytes,
      [file = file_to_use(strand.context(), path), bytes, reach = reach_of(strand.context())] {
        return list_names(file, kMaxNames, bytes, reach);
      });
}

// The path at 1, which may be read.
const char* check_path(lua_State* L, Strand& strand, const char* function) {
  const char* path = luaL_checkstring(L, 1);
  check_read(L, path, function);
  lua::check_can_wait(L, function);
  strand.context().opened("file", path);
  return path;
}

// virgo.fs.read(path [, max]) -> content | nil, error
// virgo.fs.read(path, {from =, max =}) -> piece, where the next begins | nil, error
int read(lua_State* L) {
  static constexpr std::array<std::string_view, 2> kOptions = {"max", "from"};
  Strand& strand = Strand::current(L, kRead);
  luaL_checkstring(L, 1);
  lua_settop(L, 2);
  const auto most = static_cast<double>(strand.context().max_read());
  const bool table = lua_istable(L, 2);
  const Options options(L, table ? 2 : 3, kRead, kOptions);
  const double max = table ? options.whole("max", 1, most, std::min(kDefaultMax, most))
                           : luaL_optnumber(L, 2, std::min(kDefaultMax, most));
  if (!(max >= 1 && max <= most))
    return luaL_error(L, "%s: at most %f bytes (a quarter of limits.lua_memory), not %f", kRead,
                      most, max);
  const bool piece = options.has("from");
  const double from = options.whole("from", -kMostExact, kMostExact, 0);
  check_bytes(L, strand, kRead, max, "lower max, or read one after the other");
  const char* path = check_path(L, strand, kRead);
  const auto limit = static_cast<std::uint64_t>(max);
  const int results =
      piece ? start_read_piece(L, strand, path, from, limit) : start_read(L, strand, path, limit);
  return results > 0 ? lua::State::pushed(L, results) : lua::wait(L);
}

// virgo.fs.stat(path) -> facts | nil, error
int stat(lua_State* L) {
  Strand& strand = Strand::current(L, kStat);
  const char* path = check_path(L, strand, kStat);
  const int results = start_stat(L, strand, path);
  return results > 0 ? results : lua::wait(L);
}

// virgo.fs.list(path) -> names | nil, error
int list(lua_State* L) {
  Strand& strand = Strand::current(L, kList);
  check_bytes(L, strand, kList, static_cast<double>(list_bytes(strand)),
              "list one folder after the other");
  const char* path = check_path(L, strand, kList);
  const int results = start_list(L, strand, path);
  return results > 0 ? results : lua::wait(L);
}

}  // namespace

int open_fs(lua_State* L) {
  static constexpr Method kFunctions[] = {
      {"read", read}, {"stat", stat}, {"list", list}, {nullptr, nullptr}};
  return open_functions(L, kFunctions);
}

}  // namespace virgo::binding
