// virgo.fs.read: a small file as a whole. The kernel's own files are read on the spot,
// any other on a worker, because the disk it lies on may be gone.
#include "binding/fs_binding.hpp"

#include <lua.hpp>

#include "base/format.hpp"
#include "binding/bindings.hpp"
#include "binding/file_job.hpp"
#include "binding/permits.hpp"
#include "binding/read_file.hpp"
#include "binding/strand.hpp"

namespace virgo::binding {
namespace {

constexpr double kDefaultMax = 64 * 1024;

int push_content(lua_State* L, const Result<std::string>& content) {
  if (!content) return push_failure(L, "failed", content.error());
  lua_pushlstring(L, content.value().data(), content.value().size());
  return 1;
}

// Pushes the result if the file can be read on the spot, else returns 0 with the
// work begun.
int start_read(lua_State* L, Strand& strand, const char* path, double max) {
  const lua::HostWork unrefused(L);
  const auto limit = static_cast<std::uint64_t>(max);
  Result<std::string> content{std::string()};
  Context& context = strand.context();
  const std::string file = file_to_use(context, path);
  if (read_kernel_file(file, limit, content)) return push_content(L, content);
  auto job = FileJob::start(context.loop(), *context.workers(), file, limit,
                            [&strand](const Result<std::string>& read) {
                              strand.complete([&](lua_State* l) { return push_content(l, read); });
                            });
  if (job == nullptr)
    return push_failure(L, "failed", Error{Errc::cancelled, "the agent is stopping"});
  context.watch(job);
  strand.wait_for(L, format("virgo.fs.read of {}", path),
                  std::shared_ptr<void>(nullptr, [job](void*) { job->forget(); }));
  return 0;
}

// virgo.fs.read(path [, max bytes]) -> content | nil, error
int read(lua_State* L) {
  Strand& strand = Strand::current(L, "virgo.fs.read");
  const char* path = luaL_checkstring(L, 1);
  const double max = luaL_optnumber(L, 2, kDefaultMax);
  const auto most = static_cast<double>(strand.context().max_read());
  if (!(max >= 1 && max <= most))
    return luaL_error(L, "virgo.fs.read: at most %f bytes (a quarter of limits.lua_memory), not %f",
                      most, max);
  check_read(L, path, "virgo.fs.read");
  lua::check_can_wait(L, "virgo.fs.read");
  strand.context().opened("file", path);
  if (const int results = start_read(L, strand, path, max); results > 0) return results;
  return lua::wait(L);
}

}  // namespace

int open_fs(lua_State* L) {
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, read);
  lua_setfield(L, -2, "read");
  return 1;
}

}  // namespace virgo::binding
