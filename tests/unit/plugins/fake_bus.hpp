// A D-Bus daemon and a systemd in a thread, in either byte order, that answer as they
// are told, rightly or not. Its messages are put together here by other code than the
// plugin's, from the specification.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace virgo::native {

class Packer {
 public:
  explicit Packer(bool big) : big_(big) {}
  Packer& align(std::size_t n) {
    while (out.size() % n != 0) out += '\0';
    return *this;
  }
  Packer& byte(int b) {
    out += static_cast<char>(b);
    return *this;
  }
  Packer& number(std::uint64_t v, int size) {
    align(static_cast<std::size_t>(size));
    for (int i = 0; i < size; ++i) out += static_cast<char>(v >> (8 * (big_ ? size - 1 - i : i)));
    return *this;
  }
  Packer& text(const std::string& t) {
    number(t.size(), 4);
    out += t;
    return byte(0);
  }
  Packer& signature(const std::string& t) {
    byte(static_cast<int>(t.size()));
    out += t;
    return byte(0);
  }
  std::string out;

 private:
  bool big_;
};

struct FakeUnit {
  std::string name;
  std::string active;
  std::string load = "loaded";
};

class FakeBus {
 public:
  bool big = false;
  std::string auth_answer = "OK 0123456789abcdef0123456789abcdef\r\n";
  std::vector<FakeUnit> units;
  // Changes an answer to the call of `member` before it is sent; "" closes the connection.
  std::function<std::string(const std::string& member, std::string answer)> spoil;
  std::string list_error;  // instead of the units
  std::atomic<int> connections{0};
  std::atomic<int> auto_starts{0};  // calls without NO_AUTO_START
  std::atomic<int> silent{0};       // nothing is answered

  explicit FakeBus(const std::string& path) : path_(path) {
    listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) abort();
    listen(listener_, 8);
  }
  ~FakeBus() {
    stopping_ = true;
    shutdown(listener_, SHUT_RDWR);
    drop();
    if (thread_.joinable()) thread_.join();
    close(listener_);
    unlink(path_.c_str());
  }
  void start() {
    thread_ = std::thread([this] {
      int fd = -1;
      while ((fd = accept(listener_, nullptr, nullptr)) >= 0) {
        ++connections;
        client_ = fd;
        if (!stopping_) serve(fd);
        client_ = -1;
        close(fd);
      }
    });
  }
  // As when the daemon ends.
  void drop() {
    const int fd = client_;
    if (fd >= 0) shutdown(fd, SHUT_RDWR);
  }

  std::string message(int type, std::uint32_t reply_to, const std::string& signature,
                      const std::string& body, const std::string& error = "") const {
    Packer fields(big);
    fields.out.assign(16, '\0');
    fields.align(8).byte(5).signature("u").number(reply_to, 4);
    fields.align(8).byte(6).signature("s").text(":1.7");
    fields.align(8).byte(9).signature("u").number(0, 4);  // file descriptors: none
    if (!error.empty()) fields.align(8).byte(4).signature("s").text(error);
    if (!signature.empty()) fields.align(8).byte(8).signature("g").signature(signature);
    const std::size_t length = fields.out.size() - 16;
    fields.align(8);
    Packer head(big);
    head.byte(big ? 'B' : 'l').byte(type).byte(0).byte(1);
    head.number(body.size(), 4).number(77, 4).number(length, 4);
    return head.out + fields.out.substr(16) + body;
  }

 private:
  std::string list() const {
    Packer p(big);
    p.number(0, 4).align(8);
    for (const FakeUnit& u : units) {
      p.align(8).text(u.name).text("Unit " + u.name).text(u.load).text(u.active).text("sub");
      p.text("").text("/org/freedesktop/systemd1/unit/" + u.name).number(0, 4).text("").text("/");
    }
    Packer length(big);
    length.number(p.out.size() - 8, 4);
    return length.out + p.out.substr(4);
  }
  std::string variant(const std::string& call) const {
    Packer p(big);
    const auto asks = [&](const char* what) { return call.find(what) != std::string::npos; };
    if (asks("SystemState"))
      p.signature("s").text("degraded");
    else if (asks("Version"))
      p.signature("s").text("252.39-1~deb12u1");
    else if (asks("NRestarts"))
      p.signature("u").number(3000000000u, 4);
    else if (asks("LastTriggerUSec"))
      p.signature("t").number(1700000000500000u, 8);
    else if (asks("NAccepted"))
      p.signature("u").number(7, 4);
    else if (asks("NConnections"))
      p.signature("u").number(2, 4);
    else if (asks("Mount"))
      p.signature("s").text("ext4");
    else if (asks("Type"))
      p.signature("s").text("simple");
    return p.out;
  }

  static bool read_all(int fd, std::string& to, std::size_t n) {
    while (n > 0) {
      char buffer[4096];
      const ssize_t got = recv(fd, buffer, n < sizeof buffer ? n : sizeof buffer, 0);
      if (got <= 0) return false;
      to.append(buffer, static_cast<std::size_t>(got));
      n -= static_cast<std::size_t>(got);
    }
    return true;
  }
  // In pieces, so that a message never comes whole.
  static bool say(int fd, const std::string& text) {
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t piece = std::min<std::size_t>(text.size() - at, 1001);
      const ssize_t n = send(fd, text.data() + at, piece, MSG_NOSIGNAL);
      if (n <= 0) return false;
      at += static_cast<std::size_t>(n);
    }
    return true;
  }
  void serve(int fd) {
    std::string line;
    while (line.find("\r\n") == std::string::npos)
      if (!read_all(fd, line, 1)) return;
    if (line.substr(0, 15) != std::string("\0AUTH EXTERNAL ", 15)) return;
    if (auth_answer.empty() || !say(fd, auth_answer)) return;
    line.clear();
    if (!read_all(fd, line, 7) || line != "BEGIN\r\n") return;
    for (;;) {
      std::string call;
      if (!read_all(fd, call, 16)) return;
      const auto u32 = [&](std::size_t at) {
        std::uint32_t v = 0;
        std::memcpy(&v, call.data() + at, 4);
        return v;
      };
      if (!read_all(fd, call, (u32(12) + 7) / 8 * 8 + u32(4))) return;
      if ((call[2] & 2) == 0) ++auto_starts;
      if (silent != 0) continue;
      if (!answer(fd, call, u32(8))) return;
    }
  }
  bool answer(int fd, const std::string& call, std::uint32_t serial) {
    std::string out;
    std::string member = "Get";
    if (call.find("Hello") != std::string::npos) {
      member = "Hello";
      out = message(2, serial, "s", Packer(big).text(":1.7").out);
      // What a bus says next is a signal, which nobody has asked for.
      Packer name(big);
      out += message(4, 0, "s", name.text(":1.7").out);
    } else if (call.find("ListUnits") != std::string::npos) {
      member = "ListUnits";
      out = list_error.empty() ? message(2, serial, "a(ssssssouso)", list())
                               : message(3, serial, "", "", list_error);
    } else {
      const std::string value = variant(call);
      out = value.empty() ? message(3, serial, "", "", "org.freedesktop.DBus.Error.UnknownProperty")
                          : message(2, serial, "v", value);
    }
    if (spoil) out = spoil(member, out);
    return !out.empty() && say(fd, out);
  }

  std::string path_;
  int listener_ = -1;
  std::atomic<int> client_{-1};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace virgo::native
