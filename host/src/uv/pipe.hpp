// Unix sockets on the loop: uv/stream.hpp with paths. Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <sys/types.h>

#include "base/result.hpp"
#include "uv/stream.hpp"

namespace virgo::uv {

class PipeStream : public Stream {
 public:
  explicit PipeStream(Loop& loop, std::string name = "unix:?");

  // `done` gets ok or the reason.
  void connect(const std::string& path, std::function<void(Result<void>)> done);

  // "unix:/run/x": of the socket that was connected to, on both sides.
  std::string peer_name() const override { return name_; }
  std::string local_name() const override { return name_; }

 private:
  std::string name_;
};

class PipeServer : public StreamServer {
 public:
  PipeServer(Loop& loop, Accepted accepted);

  // A socket file that is there already is replaced if nobody answers on it; any
  // other file is left alone, which is an error. `mode`: of the file; by default
  // what the umask leaves. The file goes with the server. The error names the path.
  Result<void> listen(const std::string& path, std::optional<mode_t> mode = {}, int backlog = 511);
  std::string local_name() const override { return "unix:" + path_; }

 private:
  std::unique_ptr<Stream> make_stream() override {
    return std::make_unique<PipeStream>(loop(), local_name());
  }
  std::string path_;
};

}  // namespace virgo::uv
