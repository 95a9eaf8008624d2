#include "uv/resolve.hpp"

#include <cstring>
#include <mutex>
#include <utility>

#include "base/format.hpp"
#include "base/text.hpp"
#include "uv/tcp.hpp"
#include "uv/worker_pool.hpp"

namespace virgo::uv {
namespace {

constexpr unsigned kAtATime = 8;
constexpr unsigned kMaxGivenUp = 24;  // and still under way
constexpr Duration kLong = std::chrono::hours(24);

// All loops share it; it locks for itself. Threads may be in it when the process ends.
WorkerPool& look_ups() {
  static WorkerPool* const pool =
      new WorkerPool({.threads = kAtATime, .max_written_off = kMaxGivenUp});
  return *pool;
}

bool parse_address(const std::string& text, std::uint16_t port, sockaddr_storage* out) {
  return uv_ip4_addr(text.c_str(), port, reinterpret_cast<sockaddr_in*>(out)) == 0 ||
         uv_ip6_addr(text.c_str(), port, reinterpret_cast<sockaddr_in6*>(out)) == 0;
}

// Blocks. By libuv, which writes names that are not ASCII as DNS has them; it wants a loop
// for its accounts, also without a callback.
int look_up(const std::string& name, const std::string& port, Resolver::Addresses& out) {
  uv_loop_t accounts;
  if (const int rc = uv_loop_init(&accounts); rc != 0) return rc;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  uv_getaddrinfo_t request{};
  int rc = uv_getaddrinfo(&accounts, &request, nullptr, name.c_str(), port.c_str(), &hints);
  if (rc == 0) {
    for (const addrinfo* a = request.addrinfo; a != nullptr; a = a->ai_next)
      if (a->ai_addrlen <= sizeof(sockaddr_storage))
        std::memcpy(&out.emplace_back(), a->ai_addr, a->ai_addrlen);
    uv_freeaddrinfo(request.addrinfo);
    if (out.empty()) rc = UV_EAI_NONAME;
  }
  uv_loop_close(&accounts);
  return rc;
}

}  // namespace

struct Resolver::Request : std::enable_shared_from_this<Resolver::Request> {
  std::string host;  // as it was given
  std::string name;  // without brackets
  std::string port;
  Timer* waiting = nullptr;       // of the Resolver
  Done done;                      // empty once the Resolver is gone, or has the answer
  WorkerPool::Ticket ticket = 0;  // of a look-up under way
  std::mutex mutex;
  Loop* loop = nullptr;  // guarded by mutex; null once the Resolver is gone

  void run();
  void finish(int status, Addresses found);
};

// On a thread of the pool.
void Resolver::Request::run() {
  Addresses found;
  const int status = look_up(name, port, found);
  const std::lock_guard lock(mutex);
  if (loop == nullptr) return;
  loop->post([self = shared_from_this(), status, found = std::move(found)]() mutable {
    self->finish(status, std::move(found));
  });
}

void Resolver::Request::finish(int status, Addresses found) {
  ticket = 0;
  const Done call = std::exchange(done, nullptr);
  if (!call) return;
  waiting->stop();
  if (status != 0)
    call(Error{uv_error(status).code,
               format("cannot resolve '{}': {}", printable(host, 255), uv_strerror(status))});
  else
    call(std::move(found));
}

Resolver::Resolver(Loop& loop, const std::string& host, std::uint16_t port, Done done)
    : request_(std::make_shared<Request>()), waiting_(loop, [] {}) {
  request_->loop = &loop;
  request_->waiting = &waiting_;
  request_->host = request_->name = host;
  request_->port = std::to_string(port);
  request_->done = std::move(done);
  std::string& name = request_->name;
  if (name.size() > 2 && name.front() == '[' && name.back() == ']')
    name = name.substr(1, name.size() - 2);
  const bool good = name.find('\0') == std::string::npos;
  sockaddr_storage address{};
  if (!good || parse_address(name, port, &address)) {
    loop.post([request = request_, good, address] {
      request->finish(good ? 0 : UV_EAI_NONAME, {address});
    });
    return;
  }
  waiting_.start(kLong, kLong);
  request_->ticket = look_ups().submit([request = request_] { request->run(); });
}

Resolver::~Resolver() {
  request_->done = nullptr;
  {
    const std::lock_guard lock(request_->mutex);
    request_->loop = nullptr;
  }
  if (request_->ticket == 0 || look_ups().withdraw(request_->ticket)) return;
  look_ups().write_off(request_->ticket);
}

}  // namespace virgo::uv
