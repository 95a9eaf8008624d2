#include "native/trust.hpp"

#include <stdlib.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>

#include "base/file.hpp"
#include "base/format.hpp"

namespace virgo::native {
namespace {

Result<void> check_one(const std::string& path, bool is_folder, uid_t agent_user) {
  struct stat st {};
  if (lstat(path.c_str(), &st) != 0) return system_error(errno).context(path);
  if (!is_folder && !S_ISREG(st.st_mode))
    return Error{Errc::invalid, format("{}: is not a regular file", path)};
  const char* what = is_folder ? "the folder" : "the file";
  const unsigned mode = st.st_mode & 07777u;
  if (st.st_uid != 0 && st.st_uid != agent_user)
    return Error{Errc::denied,
                 format("{} {} belongs to user {} (mode {:04o}), who could change what the agent "
                        "runs; it must belong to root or to the agent's user {}: chown root {}",
                        what, path, st.st_uid, mode, agent_user, path)};
  const bool others_write = (mode & 022u) != 0;
  const bool sticky = is_folder && (mode & 01000u) != 0;
  if (others_write && !sticky)
    return Error{Errc::denied,
                 format("{} {} (owner {}, group {}, mode {:04o}) can be written by others, who "
                        "could change what the agent runs: chmod go-w {}",
                        what, path, st.st_uid, st.st_gid, mode, path)};
  return {};
}

}  // namespace

Result<std::string> trusted_path(const std::string& file, uid_t agent_user) {
  const std::unique_ptr<char, decltype(&free)> real(realpath(file.c_str(), nullptr), &free);
  if (real == nullptr) return system_error(errno).context(file);
  const std::string canonical = real.get();

  auto ok = check_one(canonical, false, agent_user);
  std::string folder = canonical;
  while (ok && folder != "/") {
    folder.resize(std::max<std::size_t>(1, folder.rfind('/')));
    ok = check_one(folder, true, agent_user);
  }
  if (!ok) return ok.error();
  return canonical;
}

}  // namespace virgo::native
