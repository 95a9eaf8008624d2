#include "uv/inspect.hpp"

#include <netdb.h>
#include <sys/socket.h>
#include <uv.h>

#include <array>

namespace virgo::uv {
namespace {

std::string text_of(const sockaddr_storage& address, int size) {
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (getnameinfo(generic, static_cast<socklen_t>(size), host.data(), host.size(), port.data(),
                  port.size(), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
    return "";
  const std::string name = host.data();
  return (address.ss_family == AF_INET6 ? "[" + name + "]" : name) + ":" + port.data();
}

template <class Handle, class Get>
std::string address(const Handle* handle, Get get) {
  sockaddr_storage found{};
  int size = sizeof found;
  if (get(handle, reinterpret_cast<sockaddr*>(&found), &size) != 0) return "";
  return text_of(found, size);
}

template <class Get>
std::string path(const uv_pipe_t* handle, Get get) {
  std::array<char, 256> found{};
  std::size_t size = found.size();
  if (get(handle, found.data(), &size) != 0) return "";
  std::string text(found.data(), size);
  if (!text.empty() && text[0] == '\0') text[0] = '@';  // Linux's names without a file
  return text;
}

void describe(const uv_handle_t* h, HandleInfo& info) {
  switch (h->type) {
    case UV_TCP: {
      const auto* tcp = reinterpret_cast<const uv_tcp_t*>(h);
      info.local = address(tcp, uv_tcp_getsockname);
      info.peer = address(tcp, uv_tcp_getpeername);
      break;
    }
    case UV_UDP: {
      const auto* udp = reinterpret_cast<const uv_udp_t*>(h);
      info.local = address(udp, uv_udp_getsockname);
      info.peer = address(udp, uv_udp_getpeername);
      break;
    }
    case UV_NAMED_PIPE: {
      const auto* pipe = reinterpret_cast<const uv_pipe_t*>(h);
      info.local = path(pipe, uv_pipe_getsockname);
      info.peer = path(pipe, uv_pipe_getpeername);
      break;
    }
    case UV_PROCESS:
      info.pid = uv_process_get_pid(reinterpret_cast<const uv_process_t*>(h));
      break;
    case UV_SIGNAL:
      info.signal = reinterpret_cast<const uv_signal_t*>(h)->signum;
      break;
    case UV_TIMER: {
      const auto* timer = reinterpret_cast<const uv_timer_t*>(h);
      if (info.active) info.due_ms = static_cast<std::int64_t>(uv_timer_get_due_in(timer));
      info.repeat_ms = static_cast<std::int64_t>(uv_timer_get_repeat(timer));
      break;
    }
    default:
      break;
  }
}

}  // namespace

std::vector<HandleInfo> list_handles(Loop& loop) {
  struct Walk {
    Loop* loop;
    std::vector<HandleInfo> found;
  } walk{&loop, {}};
  uv_walk(
      loop.raw(),
      [](uv_handle_t* h, void* arg) {
        auto& w = *static_cast<Walk*>(arg);
        if (w.loop->owns(h)) return;
        HandleInfo info;
        info.handle = h;
        info.type = uv_handle_type_name(h->type);
        info.active = uv_is_active(h) != 0;
        info.referenced = uv_has_ref(h) != 0;
        info.closing = uv_is_closing(h) != 0;
        if (uv_fileno(h, &info.fd) != 0) info.fd = -1;
        if (!info.closing) describe(h, info);
        w.found.push_back(std::move(info));
      },
      &walk);
  return std::move(walk.found);
}

unsigned pending_requests(Loop& loop) {
  return loop.raw()->active_reqs.count;
}

}  // namespace virgo::uv
