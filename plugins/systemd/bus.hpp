// A connection to a D-Bus daemon: made when it is needed, kept, and never waited for
// longer than the run may take. Nothing here starts a service.
#pragma once

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <shared/proc_file.hpp>

#include "dbus.hpp"

namespace plugin::dbus {

// A thousand units are a quarter of a megabyte.
constexpr uint64_t kMostMessage = 8u << 20;

class Bus {
 public:
  Bus() = default;
  ~Bus() {
    shut();
    free(message_);
  }
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;

  // "/run/dbus/system_bus_socket", "unix:path=/run/..." (below `root`), "@name" or
  // "unix:abstract=name". False: it is none of these, or too long.
  bool set_address(std::string_view root, std::string_view address) {
    shut();
    bool abstract = false;
    if (starts_with(address, "unix:path=")) {
      address.remove_prefix(10);
    } else if (starts_with(address, "unix:abstract=")) {
      address.remove_prefix(14);
      abstract = true;
    } else if (starts_with(address, "@")) {
      address.remove_prefix(1);
      abstract = true;
    }
    address = take_until(address, ',');  // "guid=..." and the like
    const size_t prefix = abstract ? 1 : root.size();
    address_ = {};
    address_.sun_family = AF_UNIX;
    if (address.empty() || (!abstract && address.front() != '/') ||
        prefix + address.size() >= sizeof address_.sun_path)
      return false;
    if (!abstract && !root.empty()) memcpy(address_.sun_path, root.data(), root.size());
    memcpy(address_.sun_path + prefix, address.data(), address.size());
    address_size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + prefix +
                                           address.size() + (abstract ? 0 : 1));
    return true;
  }

  bool connected() const { return fd_ >= 0; }
  // The run has its explanation when this or anything below is not VIRGO_OK; the
  // connection is then shut.
  virgo_status connect(virgo::sdk::Run run) {
    shut();
    fd_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd_ < 0) return failed(run, VIRGO_ERR_FAILED, strerror(errno));
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address_), address_size_) != 0)
      return refused(run, errno);
    if (const virgo_status s = authenticate(run); s != VIRGO_OK) return s;
    Writer hello;
    const uint32_t serial = next_serial();
    hello.add_call(
        serial, {"org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello"});
    Message answer;
    if (const virgo_status s = send(run, hello); s != VIRGO_OK) return s;
    if (const virgo_status s = receive(run, &answer); s != VIRGO_OK) return s;
    if (answer.type != kMethodReturn || answer.reply_serial != serial)
      return failed(run, VIRGO_ERR_FAILED, "did not say hello");
    return VIRGO_OK;
  }

  uint32_t next_serial() { return ++serial_ != 0 ? serial_ : ++serial_; }

  virgo_status send(virgo::sdk::Run run, const Writer& calls) {
    if (!calls.ok()) return failed(run, VIRGO_ERR_NO_MEMORY, "no memory for a call");
    return send_bytes(run, calls.bytes());
  }
  // The next answer, others' signals being passed over. It is lent until the next
  // receive() or release().
  virgo_status receive(virgo::sdk::Run run, Message* out) {
    for (;;) {
      char start[kFixedHeader];
      if (const virgo_status s = read_bytes(run, start, sizeof start); s != VIRGO_OK) return s;
      uint64_t size = 0;
      if (!message_size({start, sizeof start}, &size))
        return failed(run, VIRGO_ERR_FAILED, "sent what is no D-Bus message");
      if (size > kMostMessage)
        return failed(run, VIRGO_ERR_FAILED, "sent a message of more than 8 MiB");
      if (!reserve(size)) return failed(run, VIRGO_ERR_NO_MEMORY, "no memory for its message");
      memcpy(message_, start, sizeof start);
      const virgo_status s = read_bytes(run, message_ + sizeof start, size - sizeof start);
      if (s != VIRGO_OK) return s;
      *out = Message();
      if (!out->parse({message_, size}))
        return failed(run, VIRGO_ERR_FAILED, "sent a damaged D-Bus message");
      if (out->type == kMethodReturn || out->type == kError) return VIRGO_OK;
    }
  }
  // What the last answer lies in becomes the caller's, to be freed.
  char* take_message() {
    char* message = message_;
    message_ = nullptr;
    capacity_ = 0;
    return message;
  }
  void release() { free(take_message()); }

  virgo_status failed(virgo::sdk::Run run, virgo_status status, const char* what) {
    explain(run, "The bus at %s: %s", name(), what);
    shut();
    return status;
  }
  const char* name() const {
    return address_.sun_path[0] != '\0' ? address_.sun_path : "its abstract address";
  }

 private:
  virgo_status refused(virgo::sdk::Run run, int error) {
    if (error == ENOENT && address_.sun_path[0] != '\0') {
      explain(run,
              "%s is not there: this host runs no systemd with a D-Bus, or its /run is not "
              "visible here (see the parameters root and bus)",
              name());
      shut();
      return VIRGO_ERR_UNSUPPORTED;
    }
    return failed(run, VIRGO_ERR_UNREACHABLE, strerror(error));
  }

  // SASL's mechanism EXTERNAL: the kernel tells the bus who we are.
  virgo_status authenticate(virgo::sdk::Run run) {
    char user[16];
    const int digits = snprintf(user, sizeof user, "%u", static_cast<unsigned>(geteuid()));
    char line[96];
    size_t n = 0;
    line[n++] = '\0';
    memcpy(line + n, "AUTH EXTERNAL ", 14);
    n += 14;
    for (int i = 0; i < digits; ++i) {
      line[n++] = '3';  // of a digit in hexadecimal
      line[n++] = user[i];
    }
    line[n++] = '\r';
    line[n++] = '\n';
    if (const virgo_status s = send_bytes(run, {line, n}); s != VIRGO_OK) return s;
    char answer[512];
    n = 0;
    while (n < 2 || answer[n - 2] != '\r' || answer[n - 1] != '\n') {
      if (n == sizeof answer)
        return failed(run, VIRGO_ERR_FAILED, "does not speak the protocol of D-Bus");
      if (const virgo_status s = read_bytes(run, answer + n, 1); s != VIRGO_OK) return s;
      ++n;
    }
    const std::string_view said(answer, n - 2);
    if (starts_with(said, "REJECTED"))
      return failed(run, VIRGO_ERR_FAILED, "does not accept the authentication EXTERNAL");
    if (!starts_with(said, "OK "))
      return failed(run, VIRGO_ERR_FAILED, "does not speak the protocol of D-Bus");
    return send_bytes(run, "BEGIN\r\n");
  }

  virgo_status send_bytes(virgo::sdk::Run run, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n > 0) {
        bytes.remove_prefix(static_cast<size_t>(n));
        continue;
      }
      if (errno == EINTR) continue;
      if (errno != EAGAIN) return lost(run, errno);
      if (const virgo_status s = wait(run, POLLOUT); s != VIRGO_OK) return s;
    }
    return VIRGO_OK;
  }
  virgo_status read_bytes(virgo::sdk::Run run, char* to, size_t size) {
    while (size > 0) {
      if (run.time_left_ns() == 0) return timed_out(run);  // it may send for ever
      const ssize_t n = recv(fd_, to, size, 0);
      if (n > 0) {
        to += n;
        size -= static_cast<size_t>(n);
        continue;
      }
      if (n == 0) return lost(run, EPIPE);
      if (errno == EINTR) continue;
      if (errno != EAGAIN) return lost(run, errno);
      if (const virgo_status s = wait(run, POLLIN); s != VIRGO_OK) return s;
    }
    return VIRGO_OK;
  }
  // In slices, so that a run that was cancelled before its deadline ends too.
  virgo_status wait(virgo::sdk::Run run, short events) {
    for (;;) {
      const uint64_t left = run.time_left_ns() / 1'000'000;
      if (left == 0) return timed_out(run);
      pollfd p{fd_, events, 0};
      const int n = poll(&p, 1, left < 250 ? static_cast<int>(left) : 250);
      if (n > 0) return VIRGO_OK;
      if (n < 0 && errno != EINTR) return failed(run, VIRGO_ERR_FAILED, strerror(errno));
    }
  }
  virgo_status lost(virgo::sdk::Run run, int error) {
    const bool closed = error == EPIPE || error == ECONNRESET;
    return failed(run, VIRGO_ERR_UNREACHABLE, closed ? "closed the connection" : strerror(error));
  }
  virgo_status timed_out(virgo::sdk::Run run) {
    return failed(run, VIRGO_ERR_TIMEOUT, "has not answered in time");
  }
  bool reserve(size_t size) {
    if (size <= capacity_) return true;
    char* bigger = static_cast<char*>(realloc(message_, size));
    if (bigger == nullptr) return false;
    message_ = bigger;
    capacity_ = size;
    return true;
  }
  void shut() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

  sockaddr_un address_{};
  socklen_t address_size_ = 0;
  int fd_ = -1;
  uint32_t serial_ = 0;
  char* message_ = nullptr;
  size_t capacity_ = 0;
};

}  // namespace plugin::dbus
