#include "uv/pipe.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/format.hpp"
#include "base/text.hpp"

namespace virgo::uv {
namespace {

// libuv cuts a path that is too long, and one at its first NUL.
Result<void> check_path(const std::string& path) {
  constexpr std::size_t kMost = sizeof(sockaddr_un::sun_path) - 1;
  if (path.empty() || path.size() > kMost || path.find('\0') != std::string::npos)
    return Error{Errc::invalid, format("'{}' cannot be the path of a unix socket (1 to {} bytes)",
                                       printable(path, kMost + 1), kMost)};
  return {};
}

// A socket file whose server is gone.
bool is_stale(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return false;
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int rc = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const bool refused = rc != 0 && errno == ECONNREFUSED;
  ::close(fd);
  return refused;
}

}  // namespace

PipeStream::PipeStream(Loop& loop, std::string name) : Stream(loop), name_(std::move(name)) {
  uv_pipe_init(loop.raw(), &handle().pipe, 0);
  initialised();
}

void PipeStream::connect(const std::string& path, std::function<void(Result<void>)> done) {
  if (const auto good = check_path(path); !good) {
    loop().post([self = self(), done = std::move(done), error = good.error()] {
      if (*self != nullptr) done(error);
    });
    return;
  }
  name_ = "unix:" + path;
  auto request = connect_request(std::move(done));
  uv_pipe_connect(&request->request, &handle().pipe, path.c_str(), on_connected);
  (void)request.release();  // libuv's until the callback
}

PipeServer::PipeServer(Loop& loop, Accepted accepted) : StreamServer(loop, std::move(accepted)) {
  uv_pipe_init(loop.raw(), &handle().pipe, 0);
  initialised();
}

Result<void> PipeServer::listen(const std::string& path, std::optional<mode_t> mode, int backlog) {
  if (auto good = check_path(path); !good) return good;
  int rc = uv_pipe_bind(&handle().pipe, path.c_str());
  if (rc == UV_EADDRINUSE && is_stale(path) && ::unlink(path.c_str()) == 0)
    rc = uv_pipe_bind(&handle().pipe, path.c_str());
  // libuv says "permission denied" also of a folder that is not there.
  const std::string folder = path.substr(0, path.rfind('/') + 1);
  if (rc == UV_EACCES && ::access(folder.empty() ? "." : folder.c_str(), F_OK) != 0)
    rc = uv_translate_sys_error(errno);
  // Nobody can connect before it listens, so the mode is set in time.
  if (rc == 0 && mode && ::chmod(path.c_str(), *mode) != 0) rc = uv_translate_sys_error(errno);
  if (rc == 0) rc = start(backlog);
  if (rc != 0)
    return uv_error(rc).context(format("cannot listen on unix:{}", printable(path, 108)));
  path_ = path;
  return {};
}

}  // namespace virgo::uv
