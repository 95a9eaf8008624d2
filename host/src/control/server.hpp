// The control socket: programs of this machine ask the running agent. A unix socket that
// only the agent's user and root can open; one JSON object on a line is a request, one on
// a line is its answer, in order.
//
//   {"request":"checks","name":"cpu"}
//   {"result":{...}}                          or {"error":"there is no request 'x'"}
//
// A client that is slow to read is not read from meanwhile; one that sends nothing for
// kPatience is told so and let go. Loop thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "json/value.hpp"
#include "net/listener.hpp"
#include "uv/loop.hpp"

namespace virgo::control {

inline constexpr std::size_t kMaxRequest = 4096;  // bytes of a line
inline constexpr std::size_t kMaxClients = 8;     // at a time
inline constexpr Duration kPatience = std::chrono::seconds(10);

class Server {
 public:
  // The result as JSON, or an error for the client. Must not destroy the server.
  using Answer = std::function<Result<std::string>(const json::Value& request)>;
  using Answers = std::map<std::string, Answer, std::less<>>;  // by the request's name

  // Listens at `path`, where a socket whose agent is gone is replaced. The error says
  // what is in the way.
  static Result<std::unique_ptr<Server>> open(uv::Loop& loop, const std::string& path,
                                              Answers answers, Duration patience = kPatience);
  // Removes the socket; clients are cut off.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::size_t clients() const { return clients_.size(); }

 private:
  class Client;
  Server(uv::Loop& loop, Answers answers, Duration patience);
  void accepted(std::unique_ptr<net::Connection> connection);
  std::string answer(std::string_view line) const;

  uv::Loop& loop_;
  const Answers answers_;
  const Duration patience_;
  std::unique_ptr<net::Listener> listener_;
  std::map<std::uint64_t, std::unique_ptr<Client>> clients_;
  std::uint64_t next_id_ = 0;
};

}  // namespace virgo::control
