#include "control/server.hpp"

#include <sys/stat.h>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "json/writer.hpp"
#include "net/line_splitter.hpp"
#include "uv/timer.hpp"

namespace virgo::control {
namespace {

// Requests are small and flat.
constexpr json::ParseLimits kLimits{4, 100};

std::string error_line(const std::string& message) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  writer.key("error");
  writer.text(message);
  writer.end_object();
  return out + '\n';
}

// What is at `path` that kept us from listening there.
Error in_the_way(const std::string& path, const Error& error) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return error;
  if (!S_ISSOCK(status.st_mode))
    return {error.code, format("{}: there is something else than a socket already", error.message)};
  return {error.code, format("{}: another agent answers there; give each a path of its own with "
                             "'control:'",
                             error.message)};
}

}  // namespace

class Server::Client {
 public:
  Client(Server& server, std::uint64_t id, std::unique_ptr<net::Connection> connection)
      : server_(server),
        id_(id),
        connection_(std::move(connection)),
        lines_(kMaxRequest),
        timer_(server.loop_, [this] {
          leave(format("nothing was asked for {}", format_duration(server_.patience_)));
        }) {
    timer_.start(server_.patience_);
    connection_->set_handlers({.data =
                                   [this](std::string_view bytes) {
                                     lines_.feed(bytes);
                                     proceed();
                                   },
                               .closed = [this](const Error&) { gone(); },
                               .drained =
                                   [this] {
                                     connection_->resume();
                                     proceed();
                                   },
                               .ended =
                                   [this] {
                                     ended_ = true;
                                     proceed();
                                   }});
  }

 private:
  // One answer at a time: the next request waits until the last answer has left. May end
  // this object.
  void proceed() {
    while (connection_->queued() == 0) {
      const auto line = lines_.next();
      if (!line) break;
      timer_.start(server_.patience_);
      if (!connection_->write(server_.answer(*line))) return gone();
    }
    if (connection_->queued() > 0) return connection_->pause();
    if (ended_) return gone();
    if (lines_.overlong()) leave(format("a request has at most {} bytes", kMaxRequest));
  }
  // As these two do.
  void leave(const std::string& why) {
    (void)connection_->write(error_line(why));
    net::Connection::finish(std::move(connection_));
    gone();
  }
  void gone() { server_.clients_.erase(id_); }

  Server& server_;
  const std::uint64_t id_;
  std::unique_ptr<net::Connection> connection_;
  net::LineSplitter lines_;
  uv::Timer timer_;
  bool ended_ = false;  // the client asks no more
};

Result<std::unique_ptr<Server>> Server::open(uv::Loop& loop, const std::string& path,
                                             Answers answers, Duration patience) {
  std::unique_ptr<Server> server(new Server(loop, std::move(answers), patience));
  net::ListenOptions options;
  options.path = path;
  options.mode = 0600;
  options.backlog = static_cast<int>(kMaxClients);
  Server* const self = server.get();
  auto listener =
      net::Listener::open(loop, std::move(options),
                          {[self](std::unique_ptr<net::Connection> connection) {
                             self->accepted(std::move(connection));
                           },
                           [](const std::string&, const Error& error) {
                             log_warn("control", "a client could not be taken: {}", error.message);
                           }});
  if (!listener) return in_the_way(path, listener.error());
  server->listener_ = std::move(listener).value();
  return server;
}

Server::Server(uv::Loop& loop, Answers answers, Duration patience)
    : loop_(loop), answers_(std::move(answers)), patience_(patience) {}
Server::~Server() = default;

void Server::accepted(std::unique_ptr<net::Connection> connection) {
  if (clients_.size() >= kMaxClients) {
    (void)connection->write(
        error_line(format("{} clients are connected already, which is the limit", kMaxClients)));
    net::Connection::finish(std::move(connection));
    return;
  }
  const std::uint64_t id = next_id_++;
  clients_.emplace(id, std::make_unique<Client>(*this, id, std::move(connection)));
}

std::string Server::answer(std::string_view line) const {
  const auto request = json::parse(line, kLimits);
  if (!request) return error_line("not a request: " + request.error().message);
  const json::Value* name = request->find("request");
  if (request->kind != json::Kind::object || name == nullptr || name->kind != json::Kind::string)
    return error_line(R"(not a request: write {"request":"status"})");
  const auto at = answers_.find(name->text);
  if (at == answers_.end())
    return error_line(format("there is no request '{}'", printable(name->text)));
  const auto result = at->second(*request);
  if (!result) return error_line(result.error().message);
  return format("{{\"result\":{}}}\n", *result);
}

}  // namespace virgo::control
