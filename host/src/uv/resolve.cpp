#include "uv/resolve.hpp"

#include <cstring>

#include "base/format.hpp"
#include "base/text.hpp"
#include "uv/tcp.hpp"

namespace virgo::uv {

struct Resolver::Request {
  uv_getaddrinfo_t request{};
  std::string host;
  Done done;                      // empty once the Resolver is gone
  std::shared_ptr<Request> self;  // while libuv holds the request

  void finish(int status, const addrinfo* list);
};

void Resolver::Request::finish(int status, const addrinfo* list) {
  const auto keep = std::move(self);
  const Done call = std::move(done);
  if (!call) return;
  Addresses out;
  for (const addrinfo* a = list; a != nullptr; a = a->ai_next) {
    if (a->ai_addrlen > sizeof(sockaddr_storage)) continue;
    std::memcpy(&out.emplace_back(), a->ai_addr, a->ai_addrlen);
  }
  if (status == 0 && out.empty()) status = UV_EAI_NONAME;
  if (status != 0)
    call(Error{uv_error(status).code,
               format("cannot resolve '{}': {}", printable(host, 255), uv_strerror(status))});
  else
    call(std::move(out));
}

Resolver::Resolver(Loop& loop, const std::string& host, std::uint16_t port, Done done)
    : request_(std::make_shared<Request>()) {
  request_->host = host;
  request_->done = std::move(done);
  request_->request.data = request_.get();
  if (host.find('\0') != std::string::npos) {
    loop.post([request = request_] { request->finish(UV_EAI_NONAME, nullptr); });
    return;
  }

  std::string bare = host;
  if (bare.size() > 2 && bare.front() == '[' && bare.back() == ']')
    bare = bare.substr(1, bare.size() - 2);
  sockaddr_storage storage{};
  if (uv_ip4_addr(bare.c_str(), port, reinterpret_cast<sockaddr_in*>(&storage)) == 0 ||
      uv_ip6_addr(bare.c_str(), port, reinterpret_cast<sockaddr_in6*>(&storage)) == 0) {
    loop.post([request = request_, storage] {
      const Done call = std::move(request->done);
      request->done = nullptr;
      if (call) call(Addresses{storage});
    });
    return;
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  request_->self = request_;
  const int rc = uv_getaddrinfo(
      loop.raw(), &request_->request,
      [](uv_getaddrinfo_t* r, int status, addrinfo* list) noexcept {
        static_cast<Request*>(r->data)->finish(status, list);
        uv_freeaddrinfo(list);
      },
      bare.c_str(), std::to_string(port).c_str(), &hints);
  if (rc == 0) return;
  request_->self = nullptr;  // libuv did not take it
  loop.post([request = request_, rc] { request->finish(rc, nullptr); });
}

Resolver::~Resolver() {
  request_->done = nullptr;
  if (request_->self) uv_cancel(reinterpret_cast<uv_req_t*>(&request_->request));
}

}  // namespace virgo::uv
